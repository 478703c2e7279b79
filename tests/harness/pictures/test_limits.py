"""Reading one file: sizes, bombs, the centre crop, and metadata."""

from __future__ import annotations

import io
import subprocess
import sys
import time
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import picture_files as make
import pytest
import tifffile
from picture_checks import reason_of, same
from PIL import Image

from priorbench.errors import PriorbenchError
from priorbench.pictures import (
    NotAnImageError,
    PictureRules,
    centre_offset,
    picture_size,
    read_picture,
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


class TestSizes:
    @pytest.mark.parametrize(("height", "width"), [(1, 1), (5000, 3), (333, 501), (512, 512)])
    def test_any_size_is_used_without_a_crop(self, file, height, width):
        pixels = make.photograph(height, width)
        same(read_picture(file("30.png", make.encoded(pixels))), pixels, 255)

    def test_smaller_than_the_crop_or_the_rule(self, file):
        small = file("31-3x5000.png", make.encoded(make.photograph(5000, 3)))
        assert "3 x 5000, smaller than crop = 64" in reason_of(small, PictureRules(crop=64))
        exact = file("32-exactly-512.png", make.encoded(make.photograph(512, 512)))
        assert "min_side = 513" in reason_of(exact, PictureRules(crop=512, min_side=513))
        assert read_picture(exact, PictureRules(crop=512)).pixels.shape == (3, 512, 512)

    @pytest.mark.parametrize("value", [0, 255])
    def test_constant_pictures_are_used(self, file, value):
        pixels = np.full((513, 513, 3), value, np.uint8)
        picture = read_picture(file("34.png", make.encoded(pixels)), PictureRules(crop=512, min_side=513))
        assert np.unique(picture.pixels).tolist() == [value / 255]

    def test_a_claimed_size_is_refused(self, file):
        data = make.bomb_header(60_000, 60_000)
        assert len(data) < 100
        assert "too large: 3600.0 Mpx" in reason_of(file("36-bomb-header.png", data))

    def test_a_real_bomb_is_refused_from_its_header(self, file):
        path = file("37-bomb-real-12000x12000.png", make.black_png(12_000, 12_000))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tracemalloc.start()
            start = time.perf_counter()
            assert "12000 x 12000 is 144.0 Mpx, more than max_pixels = 64 Mpx" in reason_of(path)
            seconds, peak = time.perf_counter() - start, tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert seconds < 1
        assert peak < 10e6

    def test_the_limit_is_a_parameter(self, file):
        path = file("p.png", make.encoded(make.photograph(64, 64)))
        assert read_picture(path, PictureRules(max_pixels=64 * 64)).pixels.shape == (3, 64, 64)
        assert "too large" in reason_of(path, PictureRules(max_pixels=64 * 64 - 1))

    def test_the_limit_holds_for_what_only_tifffile_reads(self, tmp_path):
        tifffile.imwrite(tmp_path / "f.tif", np.zeros((64, 64, 3), FLOAT), photometric="rgb")
        assert "too large" in reason_of(tmp_path / "f.tif", PictureRules(max_pixels=4000))

    def test_picture_size_reads_the_header_only(self, file):
        data = make.encoded(make.photograph(33, 44))
        assert picture_size(file("cut.png", data[: len(data) // 2])) == (44, 33)
        with pytest.raises(NotAnImageError):
            picture_size(file("no.png", b"text"))


class TestCrop:
    @pytest.mark.parametrize("extra", range(13))
    def test_equals_the_box_of_floats_that_the_paper_gives_to_pillow(self, file, extra):
        width, height, crop = 48 + extra, 48 + (extra * 5) % 13, 48
        pixels = make.photograph(height, width, seed=extra)
        left, top = (width - crop) / 2, (height - crop) / 2
        box = (left, top, left + crop, top + crop)
        expected = np.asarray(Image.fromarray(pixels).crop(box))
        same(read_picture(file("c.png", make.encoded(pixels)), PictureRules(crop=crop)), expected, 255)

    def test_halves_go_to_the_even_integer(self):
        assert [centre_offset(512 + extra, 512) for extra in range(8)] == [0, 0, 1, 2, 2, 2, 3, 4]

    @pytest.mark.parametrize(
        "rules", [{"crop": 0}, {"min_side": 0}, {"max_pixels": -1}, {"channels": "cmyk"}]
    )
    def test_impossible_rules_are_refused(self, rules):
        with pytest.raises(PriorbenchError, match=next(iter(rules))):
            PictureRules(**rules)


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
