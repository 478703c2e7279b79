"""PNG, WebP, AVIF, JPEG 2000, PPM, PFM and NPY in many layouts: read with the right values, or refused."""

from __future__ import annotations

import io
import itertools
import struct
import zlib

import numpy as np
import picture_files as make
import pytest
from picture_checks import reason_of, same
from PIL import Image, features

from priorbench.pictures import PictureRules, UnusableImageError, picture_size, read_picture
from priorbench.pictures.decoding import decode

HEIGHT, WIDTH = 21, 35
needs_avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF")
needs_jpeg2000 = pytest.mark.skipif(not features.check("jpg_2000"), reason="this Pillow has no JPEG 2000")


def random(shape, dtype="u1", top=None):
    rng = np.random.default_rng(4)
    if np.dtype(dtype).kind == "f":
        return rng.random(shape).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max if top is None else top, shape, dtype=dtype, endpoint=True)


def check(data: bytes, expected, peak: int) -> None:
    """Assert that a file has these values; None = that it is refused as transparent."""
    if expected is None:
        with pytest.raises(UnusableImageError, match="transparent"):
            decode(io.BytesIO(data), PictureRules(), lambda width, height: None)
        return
    found = decode(io.BytesIO(data), PictureRules(), lambda width, height: None)
    np.testing.assert_array_equal(found.values, expected)
    assert found.peak == peak


class TestPng:
    @pytest.mark.parametrize("bits", [8, 16])
    @pytest.mark.parametrize("colour_type", [0, 2])
    def test_without_alpha(self, bits, colour_type):
        shape = (HEIGHT, WIDTH) if colour_type == 0 else (HEIGHT, WIDTH, 3)
        samples = random(shape, f"u{bits // 8}", 2**bits - 2)
        gamma = make.chunk(b"gAMA", struct.pack(">I", 45455))
        count = 1 if colour_type == 0 else 3
        absent = make.chunk(b"tRNS", struct.pack(f">{count}H", *[2**bits - 1] * count))
        present = make.chunk(b"tRNS", struct.pack(f">{count}H", *np.atleast_1d(samples[3, 4]).tolist()))
        for filtered, extra in itertools.product([False, True], [b"", gamma, absent, gamma + present]):
            data = make.png(samples, colour_type, filtered=filtered, extra=extra)
            check(data, None if present in extra else samples, 2**bits - 1)
        check(make.interlaced_png(samples, colour_type), samples, 2**bits - 1)

    @pytest.mark.parametrize("bits", [8, 16])
    @pytest.mark.parametrize("colour_type", [4, 6])
    def test_with_alpha(self, bits, colour_type):
        samples = random((HEIGHT, WIDTH, 2 if colour_type == 4 else 4), f"u{bits // 8}", 2**bits - 2)
        check(make.png(samples, colour_type), None, 2**bits - 1)
        samples[..., -1] = 2**bits - 1
        colour = samples[..., 0] if colour_type == 4 else samples[..., :3]
        check(make.png(samples, colour_type, filtered=True), colour, 2**bits - 1)
        check(make.interlaced_png(samples, colour_type), colour, 2**bits - 1)

    @pytest.mark.parametrize("bits", [2, 4])
    @pytest.mark.parametrize("key", ["none", "absent", "present"])
    def test_of_few_bits_and_with_palette(self, bits, key):
        samples = random((HEIGHT, WIDTH), "u1", 2**bits - 2)
        rows = b"".join(
            b"\0" + np.packbits(np.unpackbits(row[:, None], axis=1)[:, 8 - bits :]).tobytes()
            for row in samples
        )
        palette = random((2**bits, 3))
        value = int(samples[0, 0]) if key == "present" else 2**bits - 1
        opacity = np.full(2**bits, 255, np.uint8)
        opacity[value] = 7
        for colour_type, extra, expected in (
            (0, [b"tRNS", struct.pack(">H", value)], samples * np.uint8(255 // (2**bits - 1))),
            (3, [b"tRNS", opacity.tobytes()], palette[samples]),
        ):
            chunks = make.chunk(b"PLTE", palette.tobytes()) if colour_type == 3 else b""
            chunks += make.chunk(*extra) if key != "none" else b""
            header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, colour_type, 0, 0, 0)
            data = make.assembled(header, zlib.compress(rows), chunks)
            check(data, None if key == "present" else expected, 255)

    def test_orientation_behind_the_pixels_is_told(self, file):
        data = make.encoded(make.photograph(), "PNG")
        late = make.chunk(b"eXIf", make.exif_orientation(6).removeprefix(b"Exif\0\0"))
        picture = read_picture(file("late.png", data[:-12] + late + data[-12:]))
        assert (picture.orientation, picture.notes) == (6, ("EXIF orientation 6 not applied",))


class TestAvif:
    @needs_avif
    @pytest.mark.parametrize("channels", [1, 3])
    def test_8_bits(self, file, channels):
        pixels = make.photograph(40, 50, channels)
        subsampling = "4:0:0" if channels == 1 else "4:4:4"
        data = make.encoded(pixels, "AVIF", quality=95, subsampling=subsampling)
        picture = read_picture(file("picture.avif", data))
        same(picture, np.asarray(Image.open(io.BytesIO(data))), 255)
        assert np.abs(picture.pixels * 255 - np.moveaxis(np.atleast_3d(pixels), -1, 0)).mean() < 2
        assert picture_size(file("picture.avif", data)) == (50, 40)

    @needs_avif
    def test_alpha_is_no_channel(self, file):
        opaque = np.dstack([make.photograph(), np.full((64, 64), 255, np.uint8)])
        assert read_picture(file("a.avif", make.encoded(opaque, "AVIF"))).pixels.shape == (3, 64, 64)
        opaque[3:9, 5, 3] = 0
        assert "transparent" in reason_of(file("b.avif", make.encoded(opaque, "AVIF")))

    @needs_avif
    @pytest.mark.parametrize(("flags", "bits"), [(0x40, 10), (0x60, 12)])
    def test_more_than_8_bits_are_not_cut(self, file, flags, bits):
        data = bytearray(make.encoded(make.photograph(), "AVIF"))
        data[data.index(b"av1C") + 6] |= flags
        depths = data.index(b"pixi") + 9
        data[depths : depths + 3] = bytes([bits]) * 3
        assert "AVIF of 10 or 12 bits" in reason_of(file("deep.avif", bytes(data)))

    @needs_avif
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_its_rotation_is_an_orientation(self, file, orientation):
        exif = Image.Exif()
        exif[274] = orientation
        data = make.encoded(make.photograph(40, 50), "AVIF", exif=exif)
        picture = read_picture(file("turned.avif", data))
        assert (picture.orientation, picture.pixels.shape) == (orientation, (3, 40, 50))

    @needs_avif
    def test_a_cut_one_is_refused(self, file):
        data = make.encoded(make.photograph(), "AVIF")
        for share in (0.2, 0.6, 0.95):
            assert reason_of(file("cut.avif", data[: int(len(data) * share)]))

    def test_heic_is_named(self, file):
        for brand in (b"heic", b"heix", b"mif1"):
            head = b"\0\0\0\x1cftyp" + brand + b"\0\0\0\0mif1heicmiaf" + bytes(99)
            assert "HEIC" in reason_of(file("phone.heic", head))


@needs_jpeg2000
class TestJpeg2000:
    @pytest.mark.parametrize("bare", [False, True])
    def test_without_loss(self, bare):
        for samples, peak in (
            (random((HEIGHT, WIDTH)), 255),
            (random((HEIGHT, WIDTH), "u2"), 65535),
            (random((HEIGHT, WIDTH, 3)), 255),
        ):
            check(make.encoded(samples, "JPEG2000", no_jp2=bare), samples, peak)

    @pytest.mark.parametrize("count", [2, 4])
    def test_alpha_is_no_channel(self, count):
        samples = random((HEIGHT, WIDTH, count), "u1", 254)
        check(make.encoded(samples, "JPEG2000"), None, 255)
        samples[..., -1] = 255
        check(make.encoded(samples, "JPEG2000"), samples[..., 0] if count == 2 else samples[..., :3], 255)

    def test_other_bits_and_colours_are_refused(self, file):
        data = make.encoded(random((HEIGHT, WIDTH, 3)), "JPEG2000")
        sizes = data.index(b"\xff\x4f\xff\x51") + 42
        for kind in (b"\x0b\x01\x01", b"\x87\x01\x01", b"\x07\x02\x02", b"\x0f\x01\x01"):
            other = data[:sizes] + kind * 3 + data[sizes + 9 :]
            assert "JPEG 2000 of other than 8 bits" in reason_of(file("other.jp2", other))
        mixed = data[:sizes] + b"\x0b" + data[sizes + 1 :]
        assert "JPEG 2000 of other than 8 bits" in reason_of(file("mixed.jp2", mixed))
        colour = data.index(b"colr\x01") + 10
        lab = data[:colour] + b"\x0e" + data[colour + 1 :]
        assert "colour space 14" in reason_of(file("lab.jp2", lab))

    def test_a_cut_one_is_refused(self, file):
        data = make.encoded(make.photograph(), "JPEG2000")
        for share in (0.02, 0.3, 0.9):
            assert reason_of(file("cut.jp2", data[: int(len(data) * share)]))


class TestPlain:
    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize("maximum", [255, 65535])
    def test_text_ppm(self, channels, maximum):
        shape = (HEIGHT, WIDTH) if channels == 1 else (HEIGHT, WIDTH, 3)
        samples = random(shape, "u2", maximum)
        text = " ".join(map(str, samples.ravel().tolist()))
        head = f"P{2 if channels == 1 else 3} # text\n{WIDTH} {HEIGHT}\n{maximum}\n"
        if (channels, maximum) == (3, 65535):
            with pytest.raises(UnusableImageError, match="maximum"):
                check((head + text).encode(), samples, maximum)
        else:
            check((head + text).encode(), samples, maximum)

    @pytest.mark.parametrize("order", "<>")
    @pytest.mark.parametrize("letter", "fF")
    def test_pfm(self, file, letter, order):
        samples = random((HEIGHT, WIDTH) if letter == "f" else (HEIGHT, WIDTH, 3), "f4")
        scale = "-1.0" if order == "<" else "1"
        head = f"P{letter}\n{WIDTH} {HEIGHT}\n{scale}\n".encode()
        data = head + samples[::-1].astype(order + "f4").tobytes()
        same(read_picture(file("a.pfm", data)), samples, 1)
        assert picture_size(file("a.pfm", data)) == (WIDTH, HEIGHT)
        assert "truncated" in reason_of(file("cut.pfm", data[:-1]))
        other = head.replace(scale.encode(), b"255") + data[len(head) :]
        assert "scale 255" in reason_of(file("scale.pfm", other))

    @pytest.mark.parametrize("fortran", [False, True])
    @pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", "<f2", ">f4", "<f8", ">f8"])
    def test_npy(self, dtype, fortran):
        peak = {1: 255, 2: 65535}[np.dtype(dtype).itemsize] if "u" in dtype else 1
        for shape in ((HEIGHT, WIDTH), (HEIGHT, WIDTH, 1), (1, HEIGHT, WIDTH), (HEIGHT, WIDTH, 3), (3, 9, 8)):
            samples = random(shape, dtype[-2:]).astype(dtype)
            stream = io.BytesIO()
            np.save(stream, np.asfortranarray(samples) if fortran else samples)
            expected = np.moveaxis(samples, 0, -1) if shape[0] == 3 else samples.squeeze()
            check(stream.getvalue(), expected, peak)

    def test_npy_that_is_no_picture(self, tmp_path):
        path = tmp_path / "a.npy"
        for values, reason in (
            (np.ones((HEIGHT, WIDTH), bool), "range unknown"),
            (np.ones((HEIGHT, WIDTH), "i2"), "range unknown"),
            (np.full((HEIGHT, WIDTH), 25.0), "range unknown"),
            (np.full((HEIGHT, WIDTH), np.nan), "not finite"),
            (np.ones((HEIGHT, WIDTH, 4)), "no picture"),
            (np.ones((2, HEIGHT, WIDTH)), "no picture"),
            (np.ones(HEIGHT), "no picture"),
            (np.ones((3, HEIGHT, 3)), "which axis"),
            (np.ones((0, 5)), "no pixels"),
        ):
            np.save(path, values)
            assert reason in reason_of(path)
        np.save(path, np.array([{"a": 1}] * 9, dtype=object).reshape(3, 3), allow_pickle=True)
        assert "range unknown" in reason_of(path)
        np.save(path, np.zeros((HEIGHT, WIDTH)))
        path.write_bytes(path.read_bytes()[:-8])
        assert "truncated" in reason_of(path)

    def test_npy_obeys_the_rules(self, tmp_path):
        samples = random((HEIGHT, WIDTH, 3))
        np.save(tmp_path / "a.npy", samples)
        same(read_picture(tmp_path / "a.npy", PictureRules(crop=9)), samples[6:15, 13:22], 255)
        assert "colour picture" in reason_of(tmp_path / "a.npy", PictureRules(channels="grey"))
        assert "too large" in reason_of(tmp_path / "a.npy", PictureRules(max_pixels=100))


@pytest.mark.parametrize(
    ("head", "name"),
    [(b"\xff\x0a", "JPEG XL"), (b"8BPS", "PSD"), (b"\x76\x2f\x31\x01", "OpenEXR"), (b"PK\x03\x04", "zip")],
)
def test_other_files_are_named(file, head, name):
    assert name in reason_of(file("picture", head + bytes(60)))
