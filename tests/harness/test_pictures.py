"""Reading one file: the rows of "broken bytes", "modes and depths", "sizes" and "metadata", one by one."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import struct
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
from PIL import Image, ImageFile

from priorbench.errors import PriorbenchError
from priorbench.pictures import (
    NotAnImageError,
    Picture,
    PictureRules,
    UnusableImageError,
    centre_offset,
    check_output,
    picture_size,
    read_picture,
    shown,
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


def reason_of(path: Path, rules: PictureRules | None = None) -> str:
    """Return why a file is refused; it must be one line, and say which file in the message."""
    with pytest.raises(UnusableImageError) as caught:
        read_picture(path, rules)
    assert "\n" not in str(caught.value)
    assert shown(path.name) in str(caught.value)
    assert path.name not in caught.value.reason
    return caught.value.reason


def same(picture: Picture, samples: np.ndarray, peak: int) -> None:
    """Assert that a picture is exactly samples / peak in float32, channels first."""
    planes = samples[np.newaxis] if samples.ndim == 2 else np.moveaxis(samples, -1, 0)
    assert picture.pixels.dtype == FLOAT
    assert picture.pixels.flags.c_contiguous
    np.testing.assert_array_equal(picture.pixels, planes.astype(FLOAT) / FLOAT(peak))


class TestBrokenBytes:
    @pytest.mark.parametrize("name", make.broken_files())
    def test_refused_with_its_reason(self, name, file):
        data, text = make.broken_files()[name]
        assert text in reason_of(file(name, data))

    def test_png_content_under_a_jpeg_name_is_used(self, file):
        pixels = make.photograph(20, 30)
        same(read_picture(file("10-png-content.JPEG", make.encoded(pixels))), pixels, 255)

    @pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
    @pytest.mark.parametrize("suffix", ["PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF"])
    def test_a_cut_file_never_gives_a_half_grey_picture(self, file, suffix, share):
        options = {"TIFF": {"compression": "tiff_adobe_deflate"}, "WEBP": {"lossless": True}}.get(suffix, {})
        data = make.encoded(make.photograph(200, 150), suffix, **options)
        assert reason_of(file("cut", data[: int(len(data) * share)]))

    def test_the_decoder_is_not_told_to_accept_cut_files(self):
        assert ImageFile.LOAD_TRUNCATED_IMAGES is False
        assert Image.MAX_IMAGE_PIXELS is not None

    def test_every_flipped_byte_is_either_refused_or_decoded_without_another_exception(self, file):
        data = make.encoded(make.photograph(24, 24))
        for position in range(0, len(data), 7):
            flipped = bytearray(data)
            flipped[position] ^= 0x5A
            path = file("flipped.png", bytes(flipped))
            try:
                read_picture(path)
            except UnusableImageError as error:
                assert "\n" not in str(error)

    def test_not_an_image_is_told_from_a_broken_one(self, file):
        with pytest.raises(NotAnImageError):
            read_picture(file("a.png", b"no picture at all"))
        with pytest.raises(UnusableImageError) as caught:
            read_picture(file("b.png", make.encoded(make.photograph())[:100]))
        assert not isinstance(caught.value, NotAnImageError)

    def test_the_error_survives_the_way_between_processes(self, file):
        with pytest.raises(UnusableImageError) as caught:
            read_picture(file("a.png", b""))
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


class TestModes:
    def test_colour_and_grey_are_used_as_they_are(self, file):
        for channels in (1, 3):
            pixels = make.photograph(21, 33, channels)
            same(read_picture(file("p.png", make.encoded(pixels))), pixels, 255)

    def test_jpeg_equals_pillow(self, file):
        data = make.encoded(make.photograph(50, 70), "JPEG")
        same(read_picture(file("p.jpg", data)), np.asarray(Image.open(io.BytesIO(data))), 255)

    def test_cmyk_is_refused(self, file):
        data = make.encoded(make.photograph(), "JPEG", mode="CMYK")
        assert "CMYK" in reason_of(file("11-cmyk.jpg", data))

    def test_grey_and_colour_are_never_converted(self, file):
        grey = file("12-grey.jpg", make.encoded(make.photograph(channels=1), "JPEG"))
        colour = file("colour.png", make.encoded(make.photograph()))
        assert read_picture(grey, PictureRules(channels="grey")).pixels.shape == (1, 64, 64)
        assert reason_of(grey, PictureRules(channels="rgb")).startswith("grey picture")
        assert read_picture(colour, PictureRules(channels="rgb")).pixels.shape == (3, 64, 64)
        assert reason_of(colour, PictureRules(channels="grey")).startswith("colour picture")

    def test_a_palette_is_looked_up(self, file):
        indices = np.array([[0, 1, 2], [2, 1, 0]], np.uint8)
        palette = np.array([[250, 3, 7], [9, 200, 11], [40, 50, 60]], np.uint8)
        data = make.png(indices, 3, extra=make.chunk(b"PLTE", palette.tobytes()))
        picture = read_picture(file("palette.png", data))
        same(picture, palette[indices], 255)
        assert picture.notes == ("palette looked up",)

    @pytest.mark.parametrize(("alpha", "used"), [(b"\xff\xff\xff", True), (b"\xff\x00\xff", False)])
    def test_a_palette_with_alpha(self, file, alpha, used):
        indices = np.array([[0, 1, 2], [2, 1, 0]], np.uint8)
        extra = make.chunk(b"PLTE", bytes(range(9))) + make.chunk(b"tRNS", alpha)
        path = file("13-palette-alpha.png", make.png(indices, 3, extra=extra))
        if used:
            assert "opaque alpha dropped" in read_picture(path).notes
        else:
            assert "transparent" in reason_of(path)

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    @pytest.mark.parametrize(("colour_type", "channels"), [(6, 3), (4, 1)])
    def test_alpha(self, file, dtype, colour_type, channels):
        peak = np.iinfo(dtype).max
        samples = np.random.default_rng(1).integers(0, peak, (12, 15, channels + 1), dtype=dtype)
        samples[..., -1] = peak
        picture = read_picture(file("14-opaque.png", make.png(samples, colour_type)))
        same(picture, samples[..., 0] if channels == 1 else samples[..., :3], peak)
        assert picture.notes == ("opaque alpha dropped",)
        samples[3, 4, -1] = peak - 1
        assert "transparent" in reason_of(file("15-alpha.png", make.png(samples, colour_type)))

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    @pytest.mark.parametrize("channels", [1, 3])
    def test_a_transparent_colour_counts_only_where_it_occurs(self, file, dtype, channels):
        shape = (6, 5) if channels == 1 else (6, 5, 3)
        samples = np.random.default_rng(2).integers(10, 200, shape, dtype=dtype)
        key = make.chunk(b"tRNS", struct.pack(f">{channels}H", *[7] * channels))
        colour_type = 0 if channels == 1 else 2
        assert read_picture(file("unused.png", make.png(samples, colour_type, extra=key))).notes
        samples[2, 2] = 7
        assert "transparent" in reason_of(file("key.png", make.png(samples, colour_type, extra=key)))

    def test_bilevel_is_refused(self, file):
        data = make.encoded(make.photograph(channels=1), mode="1")
        assert "1-bit" in reason_of(file("18-bilevel.png", data))

    def test_several_frames_are_refused(self, file):
        frames = [Image.fromarray(make.photograph(seed=seed)) for seed in range(4)]
        for suffix, text in (
            ("TIFF", "several pages"),
            ("GIF", "animated"),
            ("PNG", "animated"),
            ("WEBP", "animated"),
        ):
            stream = io.BytesIO()
            frames[0].save(stream, suffix, save_all=True, append_images=frames[1:])
            assert text in reason_of(file(f"frames.{suffix}", stream.getvalue()))

    def test_one_frame_of_gif_and_webp_is_used(self, file):
        pixels = make.photograph(30, 40)
        for suffix, options in (
            ("GIF", {}),
            ("WEBP", {"quality": 80}),
            ("WEBP", {"lossless": True}),
            ("BMP", {}),
        ):
            data = make.encoded(pixels, suffix, **options)
            same(read_picture(file("p", data)), np.asarray(Image.open(io.BytesIO(data)).convert("RGB")), 255)

    def test_a_phone_picture_with_a_preview_gives_the_picture(self, file):
        first, second = (Image.fromarray(make.photograph(40, 60, seed=seed)) for seed in (1, 2))
        stream = io.BytesIO()
        first.save(stream, "MPO", save_all=True, append_images=[second])
        picture = read_picture(file("phone.jpg", stream.getvalue()))
        same(picture, np.asarray(Image.open(io.BytesIO(stream.getvalue()))), 255)
        assert "first picture of several (MPO)" in picture.notes


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
        assert "does not give it in full" in reason_of(path)

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
