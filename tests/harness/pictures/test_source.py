"""Reading one file, wherever it lies."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import numpy as np
import picture_files as make
import pytest
import tifffile
from picture_checks import reason_of, same

from priorbench.pictures import (
    UnusableImageError,
    read_picture,
    reading,
)

FLOAT = np.float32


class TestPlaces:
    def test_what_is_not_there(self, tmp_path):
        assert reason_of(tmp_path / "none.png") == "no such file"
        (tmp_path / "dangling.png").symlink_to("nothing.png")
        assert reason_of(tmp_path / "dangling.png") == "broken link"
        (tmp_path / "loop-a.png").symlink_to("loop-b.png")
        (tmp_path / "loop-b.png").symlink_to("loop-a.png")
        assert reason_of(tmp_path / "loop-a.png") == "link loop"

    def test_only_regular_files_are_opened(self, tmp_path):
        os.mkfifo(tmp_path / "pipe.png")
        assert reason_of(tmp_path / "pipe.png") == "not a regular file but a named pipe"
        (tmp_path / "directory-named.png").mkdir()
        assert reason_of(tmp_path / "directory-named.png") == "not a regular file but a folder"

    def test_what_took_the_place_of_a_file_is_not_waited_for(self, tmp_path, monkeypatch):
        """Between the question what it is and its opening, a pipe or a device is put there."""
        (tmp_path / "good.png").write_bytes(make.encoded(make.photograph()))
        os.mkfifo(tmp_path / "pipe.png")
        (tmp_path / "zero.png").symlink_to("/dev/zero")
        before = (tmp_path / "good.png").stat()
        real = os.stat
        monkeypatch.setattr(
            "os.stat", lambda path, **how: before if "png" in str(path) else real(path, **how)
        )
        assert reason_of(tmp_path / "pipe.png") == "not a regular file but a named pipe"
        assert reason_of(tmp_path / "zero.png") == "not a regular file but a device"

    def test_a_file_that_is_replaced_while_it_is_read_is_read_as_it_was(self, tmp_path, monkeypatch):
        pixels, path = make.photograph(), tmp_path / "a.png"
        path.write_bytes(make.encoded(pixels))
        (tmp_path / "b.png").write_bytes(make.encoded(255 - pixels))
        real = reading.sniff_format

        def replacing(head):
            (tmp_path / "b.png").replace(path)
            return real(head)

        monkeypatch.setattr(reading, "sniff_format", replacing)
        same(read_picture(path), pixels, 255)

    def test_a_file_that_shrinks_while_it_is_read_is_truncated(self, tmp_path, monkeypatch):
        path = tmp_path / "a.png"
        path.write_bytes(make.encoded(make.photograph(200, 300)))
        real = reading.sniff_format

        def shrinking(head):
            os.truncate(path, 3000)
            return real(head)

        monkeypatch.setattr(reading, "sniff_format", shrinking)
        assert "truncated PNG" in reason_of(path)

    def test_devices_and_files_of_holes(self, tmp_path):
        for name in ("zero", "null", "random"):
            (tmp_path / f"{name}.png").symlink_to(f"/dev/{name}")
            assert reason_of(tmp_path / f"{name}.png") == "not a regular file but a device"
        (tmp_path / "holes.png").touch()
        os.truncate(tmp_path / "holes.png", 10**12)
        assert "not an image" in reason_of(tmp_path / "holes.png")
        (tmp_path / "head.png").write_bytes(make.encoded(make.photograph())[:60])
        os.truncate(tmp_path / "head.png", 10**12)
        assert "PNG" in reason_of(tmp_path / "head.png")

    def test_a_good_link_is_followed(self, tmp_path):
        pixels = make.photograph()
        (tmp_path / "real.png").write_bytes(make.encoded(pixels))
        (tmp_path / "link.png").symlink_to("real.png")
        same(read_picture(tmp_path / "link.png"), pixels, 255)

    def test_a_file_without_rights(self, tmp_path, monkeypatch):
        """The superuser ignores modes: the system's answer is played."""
        path = tmp_path / "unreadable.png"
        path.write_bytes(make.encoded(make.photograph()))

        def refuse(*_args, **_options):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("builtins.open", refuse)
        assert reason_of(path) == "permission denied"

    @pytest.mark.parametrize("name", ["new\nline.png", "tab\there.png", "not-utf8-\udcff\udce9.png", "é.png"])
    def test_a_name_is_shown_on_one_line_in_valid_text(self, tmp_path, name):
        path = tmp_path / name
        path.write_bytes(b"")
        assert reason_of(path) == "empty file"
        with pytest.raises(UnusableImageError) as caught:
            read_picture(path)
        str(caught.value).encode("utf-8")

    def test_no_file_stays_open(self, tmp_path):
        for name, (data, _) in make.broken_files().items():
            (tmp_path / name).write_bytes(data)
        tifffile.imwrite(tmp_path / "f.tif", np.ones((30, 30, 3), FLOAT), photometric="rgb")
        (tmp_path / "16.png").write_bytes(make.png(np.zeros((9, 9, 3), np.uint16), 2))
        opened = Path("/proc/self/fd")
        before = len(list(opened.iterdir()))
        for path in sorted(tmp_path.iterdir()):
            with contextlib.suppress(UnusableImageError):
                read_picture(path)
        assert len(list(opened.iterdir())) == before
