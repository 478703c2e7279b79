"""Reading one file: sizes, bombs, and the centre crop."""

from __future__ import annotations

import time
import tracemalloc
import warnings

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
        reason = reason_of(file("36-bomb-header.png", data))
        assert reason == "too large: 60000 x 60000 is 3600.0 Mpx, more than max_pixels = 64 Mpx"

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
