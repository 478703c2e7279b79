"""Reading one file: broken bytes, and every mode of colour, palette and alpha."""

from __future__ import annotations

import io
import pickle
import struct

import numpy as np
import picture_files as make
import pytest
from picture_checks import reason_of, same
from PIL import Image, ImageFile

from priorbench.pictures import (
    NotAnImageError,
    PictureRules,
    UnusableImageError,
    picture_size,
    read_picture,
)

FLOAT = np.float32


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
            reason = reason_of(file(f"frames.{suffix}", stream.getvalue()))
            assert text in reason and "save the one you want" in reason

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


class TestTextPPM:
    """Values written as text; those of a maximum that is not scaled are exact."""

    @pytest.mark.parametrize(
        ("head", "shape", "peak"),
        [("P2\n3 2\n255", (2, 3), 255), ("P2\n3 2\n65535", (2, 3), 65535), ("P3\n1 2\n255", (2, 1, 3), 255)],
    )
    def test_is_read_exactly(self, file, head, shape, peak):
        """Before: "a maximum other than 255", whatever it was."""
        samples = np.array([0, 1, 77, 200, peak - 1, peak])
        text = f"{head}\n# a comment\n" + "\n".join(map(str, samples))
        found = read_picture(file("text.ppm", text.encode())).pixels
        wanted = samples.reshape(shape)
        wanted = wanted[np.newaxis] if wanted.ndim == 2 else np.moveaxis(wanted, -1, 0)
        np.testing.assert_array_equal(found, wanted.astype(np.float32) / np.float32(peak))

    @pytest.mark.parametrize("head", ["P2\n3 2\n100", "P3\n1 2\n65535", "P3\n1 2\n15"])
    def test_of_another_maximum_is_refused(self, file, head):
        assert "maximum other than 255" in reason_of(file("text.ppm", f"{head}\n0 1 2 3 4 5\n".encode()))


@pytest.mark.parametrize("pixels", [150_000_000, 200_000_000])
def test_only_max_pixels_says_what_is_too_large(file, pixels):
    """Before: "too large" from 179 Mpx on, whatever max_pixels was."""
    png = make.chunk(b"IHDR", struct.pack(">IIBBBBB", pixels // 10_000, 10_000, 8, 0, 0, 0, 0))
    path = file("large.png", b"\x89PNG\r\n\x1a\n" + png + make.chunk(b"IDAT", b"") + make.chunk(b"IEND", b""))
    assert "more than max_pixels = 64 Mpx" in reason_of(path)
    assert "too large" not in reason_of(path, PictureRules(max_pixels=pixels))
    assert picture_size(path) == (pixels // 10_000, 10_000)
