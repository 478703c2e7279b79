"""Writing one file, all of it or nothing."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from priorbench.errors import PriorbenchError
from priorbench.pictures import (
    check_output,
    read_picture,
    write_picture,
)

FLOAT = np.float32


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
