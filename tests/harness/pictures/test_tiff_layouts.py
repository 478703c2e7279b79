"""Layouts of TIFF, written by tifffile: each is read with the values that were written, or refused."""

from __future__ import annotations

import io
import itertools
import json
import sys

import numpy as np
import picture_files as make
import pytest
import tifffile
from picture_checks import reason_of
from PIL import Image, ImageOps

from priorbench.pictures import PictureRules, UnusableImageError, picture_size, read_picture, upright
from priorbench.pictures.decoding import decode
from priorbench.pictures.values import Samples

try:
    import imagecodecs
except ImportError:
    imagecodecs = None

HEIGHT, WIDTH = 19, 23
#: number of samples, and the kinds of those beside the colour
KINDS = {
    "grey": (1, ()),
    "rgb": (3, ()),
    "grey, alpha": (2, ("unassalpha",)),
    "grey, unspecified": (2, ("unspecified",)),
    "rgb, alpha": (4, ("unassalpha",)),
    "rgb, associated alpha": (4, ("assocalpha",)),
    "rgb, unspecified": (4, ("unspecified",)),
    "rgb, two unspecified": (5, ("unspecified", "unspecified")),
}
COMPRESSIONS = [None, "zlib", "lzma", *(["lzw", "zstd", "packbits"] if imagecodecs else [])]


def decoded(data: bytes) -> Samples:
    return decode(io.BytesIO(data), PictureRules(), lambda width, height: None)


def written(samples, byteorder="<", tags=(), **options) -> bytes:
    """Return a TIFF of (height, width) or (height, width, samples)."""
    count = 1 if samples.ndim == 2 else samples.shape[2]
    if options.get("planarconfig") == "separate":
        samples = np.moveaxis(samples, -1, 0)
    stream = io.BytesIO()
    tifffile.imwrite(
        stream,
        samples.astype(samples.dtype.newbyteorder(byteorder)),
        byteorder=byteorder,
        photometric="rgb" if count >= 3 else "minisblack",
        metadata=None,
        extratags=tags,
        **options,
    )
    return stream.getvalue()


def opaque(dtype: str, kind: str):
    """Return samples of all values, with opaque alpha; and the colour alone."""
    count, extra = KINDS[kind]
    rng, shape = np.random.default_rng(1), (HEIGHT, WIDTH, count)
    if np.dtype(dtype).kind == "f":
        peak, samples = 1, rng.random(shape).astype(dtype)
    else:
        peak = np.iinfo(dtype).max
        samples = rng.integers(np.iinfo(dtype).min, peak, shape, dtype=dtype, endpoint=True)
    colour = count - len(extra)
    samples[..., colour:] = peak
    plain = samples[..., 0] if colour == 1 else samples[..., :colour]
    return (plain if count == 1 else samples), plain


def layouts(kind: str):
    """Yield byte order, compression, predictor, tile and planes."""
    count = KINDS[kind][0]
    for order, compression, predictor, tile, planes in itertools.product(
        "<>", COMPRESSIONS, [None, 2, 3], [None, (16, 16)], ["contig", "separate"]
    ):
        if predictor and (compression in (None, "packbits") or (predictor == 3 and not imagecodecs)):
            continue
        if count == 1 and planes == "separate":
            continue
        options = {"byteorder": order, "compression": compression, "tile": tile}
        yield (
            options
            | ({"predictor": predictor} if predictor else {})
            | ({"planarconfig": planes} if count > 1 else {})
            | ({"extrasamples": KINDS[kind][1]} if KINDS[kind][1] else {})
            | ({} if tile else {"rowsperstrip": 7})
        )


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("dtype", ["u1", "u2", "f2", "f4", "f8"])
def test_every_layout_is_read_as_it_was_written(dtype, kind):
    samples, colour = opaque(dtype, kind)
    is_float = np.dtype(dtype).kind == "f"
    for options in layouts(kind):
        if options.get("predictor") == (2 if is_float else 3):
            continue  # tifffile does not write it
        found = decoded(written(samples, **options))
        np.testing.assert_array_equal(found.values, colour, err_msg=str(options))
        assert found.peak == (1 if is_float else np.iinfo(dtype).max)


@pytest.mark.parametrize("order", "<>")
def test_floating_point_with_the_predictor_of_integers(order):
    values = np.random.default_rng(2).random((HEIGHT, WIDTH)).astype("f4")
    data = io.BytesIO(written(values.view("i4"), order, compression="zlib", predictor=2))
    with tifffile.TiffFile(data, mode="r+") as file:
        file.pages.first.tags["SampleFormat"].overwrite(3)
        np.testing.assert_array_equal(decoded(data.getvalue()).values, values)


@pytest.mark.parametrize("kind", ["grey, unspecified", "rgb, unspecified", "rgb, two unspecified"])
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_a_sample_that_is_neither_colour_nor_opaque_is_not_dropped(dtype, kind):
    samples, _ = opaque(dtype, kind)
    samples[3, 5, -1] = 0
    for options in layouts(kind):
        if options.get("predictor") is None:
            with pytest.raises(UnusableImageError, match="neither opaque nor plain alpha"):
                decoded(written(samples, **options))


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("dtype", ["i1", "i2", "i4"])
def test_signed_integers_do_not_wrap(dtype, kind):
    samples, _ = opaque(dtype, kind)
    extra = {"extrasamples": KINDS[kind][1]} if KINDS[kind][1] else {}
    with pytest.raises(UnusableImageError, match="range unknown"):
        decoded(written(samples, **extra))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_told_and_never_applied(orientation):
    for dtype, kind in itertools.product(["u1", "u2", "f4"], ["grey", "rgb", "rgb, alpha"]):
        samples, colour = opaque(dtype, kind)
        for options in layouts(kind):
            if options.get("predictor") or options["compression"] not in (None, "zlib"):
                continue
            found = decoded(written(samples, tags=[(274, 3, 1, orientation, True)], **options))
            np.testing.assert_array_equal(found.values, colour, err_msg=str(options))
            assert found.orientation == orientation
            said = f"EXIF orientation {orientation} not applied" in found.notes
            assert said == (orientation != 1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["PNG", "WEBP", "TIFF"])
def test_upright_is_what_viewers_show(tmp_path, suffix, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    pixels, path = make.photograph(30, 40), tmp_path / "picture"
    options = {"lossless": True} if suffix == "WEBP" else {}
    Image.fromarray(pixels).save(path, suffix, exif=exif, **options)
    picture = read_picture(path)
    assert (picture.pixels.shape, picture.orientation) == ((3, 30, 40), orientation)
    assert picture_size(path) == (40, 30)
    expected = Image.fromarray(pixels)
    expected.getexif()[274] = orientation
    shown = np.asarray(ImageOps.exif_transpose(expected), dtype=np.float32) / np.float32(255)
    np.testing.assert_array_equal(upright(picture.pixels, picture.orientation), np.moveaxis(shown, -1, 0))


class TestStacks:
    """Planes that stand behind one directory."""

    def test_of_imagej(self, tmp_path):
        stack = np.random.default_rng(3).integers(0, 65536, (5, HEIGHT, WIDTH), dtype=np.uint16)
        tags = [(270, "s", 0, "ImageJ=1.54f\nimages=5\nslices=5\n", True)]
        data = written(stack[0], tags=tags)
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            assert (len(file.pages), file.is_imagej) == (1, True)
        (tmp_path / "stack.tif").write_bytes(data + stack[1:].tobytes())
        assert "stack of 5 planes in one page" in reason_of(tmp_path / "stack.tif")

    @pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
    def test_of_tifffile(self, tmp_path, dtype):
        samples, _ = opaque(dtype, "grey")
        stack = np.stack([samples] * 4)
        tifffile.imwrite(tmp_path / "stack.tif", stack, photometric="minisblack", truncate=True)
        assert "stack of 4 planes in one page" in reason_of(tmp_path / "stack.tif")

    def test_of_depth(self, tmp_path):
        samples = np.zeros((3, 32, 32), np.uint8)
        options = {"volumetric": True, "tile": (16, 16, 16), "photometric": "minisblack"}
        tifffile.imwrite(tmp_path / "deep.tif", samples, metadata=None, **options)
        assert "stack of 3 planes in one page" in reason_of(tmp_path / "deep.tif")

    def test_of_metamorph(self, tmp_path):
        tags = [(33629, 5, 7, (1, 1) * 7, True)]
        (tmp_path / "picture.stk").write_bytes(written(opaque("u2", "grey")[0], tags=tags))
        assert "stack of 7 planes in one page" in reason_of(tmp_path / "picture.stk")

    @pytest.mark.parametrize("text", ["ImageJ=1.54f\nunit=micron\n", '{"shape": [19, 23]}', '{"shape": "x"}'])
    def test_one_plane_is_no_stack(self, text):
        samples, colour = opaque("u2", "grey")
        assert text[0] == "I" or json.loads(text)
        np.testing.assert_array_equal(
            decoded(written(samples, tags=[(270, "s", 0, text, True)])).values, colour
        )


@pytest.mark.skipif(
    imagecodecs is not None or sys.version_info >= (3, 14), reason="the codecs are here, or some of them"
)
@pytest.mark.parametrize(("number", "name"), [(34887, "LERC"), (50000, "ZSTD")])
def test_a_missing_codec_is_named(tmp_path, number, name):
    """Compressed floating-point colour: Pillow does not read that layout."""
    samples, _ = opaque("f4", "rgb")
    data = bytearray(written(samples, compression="lzma"))
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        tag = file.pages.first.tags["Compression"]
        data[tag.valueoffset : tag.valueoffset + 2] = number.to_bytes(2, "little")
    (tmp_path / "rare.tif").write_bytes(data)
    assert reason_of(tmp_path / "rare.tif") == (
        f"TIFF compression {name} needs the package imagecodecs: pip install imagecodecs"
    )


def test_data_of_another_compression_are_told_in_words(tmp_path):
    """Before: "decoder error -2"."""
    data = bytearray(written(opaque("u1", "rgb")[0], compression="lzma"))
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        tag = file.pages.first.tags["Compression"]
        data[tag.valueoffset : tag.valueoffset + 2] = (5).to_bytes(2, "little")
    (tmp_path / "lzw.tif").write_bytes(data)
    assert reason_of(tmp_path / "lzw.tif") == "broken TIFF: its data cannot be decoded"
