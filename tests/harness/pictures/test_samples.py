"""Reading one file: 16 bits and floating point keep their precision, unknown ranges are refused."""

from __future__ import annotations

import numpy as np
import picture_files as make
import pytest
import tifffile
from picture_checks import reason_of, same
from PIL import Image

from priorbench.pictures import (
    PictureRules,
    UnusableImageError,
    read_picture,
)
from priorbench.pictures.decoding import decode

FLOAT = np.float32


class TestDepth:
    @pytest.mark.parametrize("filtered", [False, True])
    @pytest.mark.parametrize("channels", [1, 3])
    def test_16_bit_png_keeps_every_bit(self, file, channels, filtered):
        shape = (40, 50) if channels == 1 else (40, 50, 3)
        samples = np.random.default_rng(3).integers(0, 65536, shape, dtype=np.uint16)
        data = make.png(samples, 0 if channels == 1 else 2, filtered=filtered)
        same(read_picture(file("16.png", data)), samples, 65535)

    def test_16_bit_interlaced_png_keeps_every_bit(self, file):
        samples = np.random.default_rng(4).integers(0, 65536, (21, 35, 3), dtype=np.uint16)
        same(read_picture(file("adam7.png", make.interlaced_png(samples, 2))), samples, 65535)

    def test_a_pillow_that_rounds_to_8_bits_is_noticed(self, file, monkeypatch):
        """The low bytes come from decoding with the other byte order: that must never change silently."""
        samples = np.random.default_rng(4).integers(0, 65536, (9, 9, 3), dtype=np.uint16)
        path = file("16.png", make.png(samples, 2))
        real = Image.frombytes

        def rounding(mode, size, data, *args):
            image = real(mode, size, data, *args)
            return image.point(lambda value: value + 1) if args and ";16" in args[-1] else image

        monkeypatch.setattr(Image, "frombytes", rounding)
        with path.open("rb") as stream, pytest.raises(UnusableImageError, match="does not give it in full"):
            decode(stream, PictureRules(), lambda width, height: None)

    def test_a_cut_48_bit_png_is_refused(self, file):
        samples = np.random.default_rng(3).integers(0, 65536, (40, 50, 3), dtype=np.uint16)
        data = make.png(samples, 2)
        assert "truncated" in reason_of(file("cut.png", data[: len(data) // 2]))

    @pytest.mark.parametrize("byteorder", ["<", ">"])
    @pytest.mark.parametrize("compression", [None, "zlib"])
    @pytest.mark.parametrize("channels", [1, 3])
    def test_16_bit_tiff_keeps_every_bit(self, tmp_path, channels, compression, byteorder):
        shape = (40, 50) if channels == 1 else (40, 50, 3)
        samples = np.random.default_rng(5).integers(0, 65536, shape, dtype=np.uint16)
        kind = "minisblack" if channels == 1 else "rgb"
        path = tmp_path / "16.tif"
        tifffile.imwrite(path, samples, photometric=kind, compression=compression, byteorder=byteorder)
        same(read_picture(path), samples, 65535)

    @pytest.mark.parametrize("compression", ["tiff_lzw", "packbits"])
    def test_16_bit_grey_tiff_of_other_compressions(self, tmp_path, compression):
        samples = np.random.default_rng(5).integers(0, 65536, (40, 50), dtype=np.uint16)
        Image.fromarray(samples).save(tmp_path / "16.tif", compression=compression)
        same(read_picture(tmp_path / "16.tif"), samples, 65535)

    def test_16_bit_tiff_in_separate_planes(self, tmp_path):
        samples = np.random.default_rng(6).integers(0, 65536, (3, 40, 50), dtype=np.uint16)
        tifffile.imwrite(tmp_path / "p.tif", samples, photometric="rgb", planarconfig="separate")
        same(read_picture(tmp_path / "p.tif"), np.moveaxis(samples, 0, -1), 65535)

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    @pytest.mark.parametrize("channels", [1, 3])
    def test_floating_point_from_0_to_1_is_used_as_it_is(self, tmp_path, channels, dtype):
        shape = (40, 50) if channels == 1 else (40, 50, 3)
        samples = np.random.default_rng(7).random(shape).astype(dtype)
        kind = "minisblack" if channels == 1 else "rgb"
        tifffile.imwrite(tmp_path / "19-float01.tif", samples, photometric=kind)
        same(read_picture(tmp_path / "19-float01.tif"), samples, 1)

    @pytest.mark.parametrize("channels", [1, 3])
    def test_other_floating_point_is_refused(self, tmp_path, channels):
        shape = (20, 20) if channels == 1 else (20, 20, 3)
        kind = "minisblack" if channels == 1 else "rgb"
        path = tmp_path / "20-float.tif"
        for value, text in ((np.nan, "not finite"), (np.inf, "not finite"), (-np.inf, "not finite"),
                            (255.0, "range unknown"), (-0.01, "range unknown")):  # fmt: skip
            samples = np.full(shape, 0.5, FLOAT)
            samples[3, 3] = value
            tifffile.imwrite(path, samples, photometric=kind)
            assert text in reason_of(path)

    @pytest.mark.parametrize("dtype", [np.int16, np.uint32, np.int32])
    def test_integers_of_unknown_range_are_refused(self, tmp_path, dtype):
        tifffile.imwrite(tmp_path / "i.tif", np.arange(400).reshape(20, 20).astype(dtype))
        assert "range unknown" in reason_of(tmp_path / "i.tif")

    def test_white_as_zero_is_not_read_upside_down(self, tmp_path):
        deep = np.arange(400, dtype=np.uint16).reshape(20, 20)
        tifffile.imwrite(tmp_path / "deep.tif", deep, photometric="miniswhite")
        assert "white as zero" in reason_of(tmp_path / "deep.tif")
        shallow = (deep % 256).astype(np.uint8)
        tifffile.imwrite(tmp_path / "shallow.tif", shallow, photometric="miniswhite")
        same(read_picture(tmp_path / "shallow.tif"), 255 - shallow, 255)

    def test_ppm(self, file):
        colour, grey = make.photograph(8, 9), make.photograph(8, 9, 1)
        deep = np.random.default_rng(8).integers(0, 65536, (8, 9), dtype=np.uint16)
        same(read_picture(file("a.ppm", b"P6 9 8 255\n" + colour.tobytes())), colour, 255)
        same(read_picture(file("b.pgm", b"P5 9 8 255\n" + grey.tobytes())), grey, 255)
        same(read_picture(file("c.pgm", b"P5 9 8 65535\n" + deep.astype(">u2").tobytes())), deep, 65535)
        assert "maximum" in reason_of(file("d.pgm", b"P5 9 8 100\n" + grey.tobytes()))
        assert "maximum" in reason_of(file("e.ppm", b"P6 3 8 65535\n" + deep.tobytes()))
