"""Reading one file: what it says beside its pixels is noted or ignored, and nothing is printed."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import warnings

import numpy as np
import picture_files as make
import pytest
import tifffile
from picture_checks import same
from PIL import Image

from priorbench.pictures import (
    read_picture,
)

FLOAT = np.float32


class TestMetadata:
    def test_exif_rotation_is_not_applied_and_noted(self, file):
        pixels = make.photograph(40, 60)
        data = make.jpeg_with(pixels, 0xE1, make.exif_orientation(6))
        picture = read_picture(file("40-exif-rotated.jpg", data))
        same(picture, np.asarray(Image.open(io.BytesIO(data))), 255)
        assert picture.pixels.shape == (3, 40, 60)
        assert picture.notes == ("EXIF orientation 6 not applied",)

    @pytest.mark.parametrize("payload", [b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0garbage", b"Exif\0\0"])
    def test_broken_exif_is_used_in_silence(self, file, payload, capfd):
        path = file("41-exif-corrupt.jpg", make.jpeg_with(make.photograph(), 0xE1, payload))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert read_picture(path).pixels.shape == (3, 64, 64)
        assert capfd.readouterr() == ("", "")

    def test_a_colour_profile_is_ignored_and_noted(self, file):
        pixels = make.photograph()
        plain = read_picture(file("plain.jpg", make.encoded(pixels, "JPEG", quality=90)))
        data = make.jpeg_with(pixels, 0xE2, b"ICC_PROFILE\0\x01\x01garbage")
        picture = read_picture(file("43-icc-garbage.jpg", data))
        np.testing.assert_array_equal(picture.pixels, plain.pixels)
        assert picture.notes == ("ICC profile ignored",)

    @pytest.mark.parametrize(("gamma", "noted"), [(45455, False), (100_000, True), (0, False)])
    def test_a_gamma_that_viewers_apply_is_noted(self, file, gamma, noted):
        told = make.chunk(b"gAMA", struct.pack(">I", gamma))
        srgb = make.chunk(b"sRGB", b"\0")
        for name, chunks, expected in (("told", told, noted), ("srgb", told + srgb, False)):
            picture = read_picture(file(f"{name}.png", make.png(make.photograph(), 2, extra=chunks)))
            same(picture, make.photograph(), 255)
            assert any("gAMA 1 ignored" in note for note in picture.notes) == expected

    def test_nothing_is_printed_for_awkward_files(self, tmp_path):
        """In a program that has not set up logging, as a user's is."""
        for name, (data, _) in make.broken_files().items():
            (tmp_path / name).write_bytes(data)
        tiff = make.encoded(make.photograph(), "TIFF", compression="tiff_lzw")
        (tmp_path / "cut.tif").write_bytes(tiff[:-900])
        tifffile.imwrite(tmp_path / "float.tif", np.ones((30, 30, 3), FLOAT), photometric="rgb")
        (tmp_path / "cut-float.tif").write_bytes((tmp_path / "float.tif").read_bytes()[:-500])
        bad = bytearray((tmp_path / "float.tif").read_bytes())
        bad[10:40] = b"\xff" * 30
        (tmp_path / "bad-float.tif").write_bytes(bytes(bad))
        code = (
            "import sys, pathlib\nfrom priorbench.pictures import *\n"
            "for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):\n"
            "    try: read_picture(path); print('used', path.name)\n"
            "    except UnusableImageError as error: pass\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
        )
        assert done.stderr == ""
        assert done.stdout == "used float.tif\n"
