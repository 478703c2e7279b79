"""Reading one file, wherever it lies; and writing one."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import numpy as np
import picture_files as make
import pytest
import tifffile
from picture_checks import reason_of, same
from PIL import Image

from priorbench.errors import PriorbenchError
from priorbench.pictures import (
    UnusableImageError,
    check_output,
    read_picture,
    write_picture,
)

FLOAT = np.float32


@pytest.fixture
def file(tmp_path):
    """Return a function that writes bytes to a file and returns its path."""

    def write(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


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


class TestWriting:
    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize(
        ("suffix", "peak"), [(".png", 255), (".PNG", 255), (".tif", 65535), (".tiff", 65535)]
    )
    def test_what_is_written_comes_back(self, tmp_path, suffix, peak, channels):
        levels = np.random.default_rng(9).integers(0, peak + 1, (channels, 20, 30))
        path = tmp_path / f"out{suffix}"
        write_picture(path, levels / peak)
        np.testing.assert_array_equal(read_picture(path).pixels, levels.astype(FLOAT) / FLOAT(peak))
        assert [entry.name for entry in tmp_path.iterdir()] == [path.name]

    def test_values_are_clipped_and_rounded(self, tmp_path):
        write_picture(tmp_path / "o.png", np.array([[[-0.5, 0.4 / 255, 0.6 / 255, 1.7]]], FLOAT))
        np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "o.png")), [[0, 0, 1, 255]])

    @pytest.mark.parametrize("name", ["out.jpg", "out.exr", "out"])
    def test_other_suffixes_are_refused_with_the_list(self, tmp_path, name):
        for call in (
            lambda: check_output(tmp_path / name),
            lambda: write_picture(tmp_path / name, np.ones((1, 2, 2))),
        ):
            with pytest.raises(PriorbenchError, match=r"Allowed: \.png, \.tif, \.tiff"):
                call()

    @pytest.mark.parametrize("pixels", [np.ones((2, 4, 4)), np.ones((4, 4)), np.full((1, 2, 2), np.nan)])
    def test_what_is_no_image_is_refused(self, tmp_path, pixels):
        with pytest.raises(PriorbenchError):
            write_picture(tmp_path / "o.png", pixels)
        assert not list(tmp_path.iterdir())

    def test_a_missing_folder_is_told_beforehand(self, tmp_path):
        with pytest.raises(PriorbenchError, match="does not exist"):
            check_output(tmp_path / "none" / "o.png")

    def test_a_failure_leaves_the_old_file_and_no_other(self, tmp_path, monkeypatch):
        path = tmp_path / "o.png"
        path.write_bytes(b"old")

        def fail(*_args, **_options):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Image.Image, "save", fail)
        with pytest.raises(PriorbenchError, match="No space left"):
            write_picture(path, np.ones((1, 2, 2)))
        assert path.read_bytes() == b"old"
        assert [entry.name for entry in tmp_path.iterdir()] == ["o.png"]

    def test_the_longest_name_can_be_written(self, tmp_path):
        path = tmp_path / ("L" * 251 + ".png")
        write_picture(path, np.ones((1, 2, 2)))
        assert path.exists()
