"""Alpha planes of TIFF: where the file has them, whatever its layout and orientation, or refused."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import tifffile

from priorbench.pictures import (
    Kept,
    PictureRules,
    UnusableImageError,
    picture_size,
    read_picture,
    write_picture,
)

KEEP = PictureRules(keep=True)
ORIENTATION = 274


def picture(channels, dtype, seed=0):
    """Return a picture of 10 x 14 with an alpha plane that no turn leaves as it is."""
    peak = np.iinfo(dtype).max
    return np.random.default_rng(seed).integers(0, peak, (10, 14, channels + 1), dtype=dtype, endpoint=True)


def written(path, values, kind="unassalpha", orientation=1, **more):
    tifffile.imwrite(
        path,
        values,
        photometric="rgb" if values.shape[-1] > 2 or more.get("planarconfig") == "separate" else "minisblack",
        extrasamples=[kind or "unassalpha"],
        extratags=[(ORIENTATION, "H", 1, orientation, True)],
        metadata=None,
        **more,
    )
    if kind is None:
        with tifffile.TiffFile(path) as file:
            place = file.pages.first.tags["ExtraSamples"].offset
        with path.open("r+b") as file:
            file.seek(place)
            file.write((65000).to_bytes(2, "little"))  # a tag that nobody knows
    return path


@pytest.mark.parametrize(("channels", "dtype"), itertools.product((1, 3), (np.uint8, np.uint16)))
@pytest.mark.parametrize("orientation", [1, 2, 3, 5, 6, 8])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_plain_alpha_is_kept_as_stored(tmp_path, channels, dtype, orientation, compression):
    values = picture(channels, dtype)
    more = {"planarconfig": "contig", "compression": compression}
    path = written(tmp_path / "a.tif", values, orientation=orientation, **more)
    found = read_picture(path, KEEP)
    np.testing.assert_array_equal(found.kept.alpha, values[..., -1])
    expected = np.moveaxis(values[..., :-1], -1, 0) / np.iinfo(dtype).max
    np.testing.assert_allclose(found.pixels, expected, rtol=1e-6)
    assert found.orientation == orientation
    with pytest.raises(UnusableImageError, match="transparent"):
        read_picture(path)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("planes", ["contig", "separate"])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("kind", ["assocalpha", None])
def test_alpha_of_another_kind_is_never_used(tmp_path, dtype, planes, compression, kind):
    """Pillow divides colour by alpha where it takes it for associated: 24 became 30."""
    values = picture(3, dtype)
    stored = np.moveaxis(values, -1, 0) if planes == "separate" else values
    path = written(tmp_path / "a.tif", stored, kind, planarconfig=planes, compression=compression)
    for rules in (KEEP, PictureRules()):
        with pytest.raises(UnusableImageError):
            read_picture(path, rules)
    values[..., -1] = np.iinfo(dtype).max
    stored = np.moveaxis(values, -1, 0) if planes == "separate" else values
    path = written(tmp_path / "b.tif", stored, kind, planarconfig=planes, compression=compression)
    if kind is None and planes == "separate" and dtype is np.uint16:
        with pytest.raises(UnusableImageError, match="4 samples a pixel"):
            read_picture(path)
        return
    found = read_picture(path)
    expected = np.moveaxis(values[..., :3], -1, 0) / np.iinfo(dtype).max
    np.testing.assert_allclose(found.pixels, expected, rtol=1e-6)


@pytest.mark.parametrize(("channels", "dtype"), itertools.product((1, 3), (np.uint8, np.uint16)))
@pytest.mark.parametrize("suffix", [".tif", ".png"])
def test_what_is_written_can_be_read(tmp_path, channels, dtype, suffix):
    values = picture(channels, dtype)
    pixels = np.moveaxis(values[..., :-1], -1, 0) / np.iinfo(dtype).max
    depth = "8 bits" if dtype is np.uint8 else "16 bits"
    write_picture(tmp_path / f"w{suffix}", pixels, Kept(depth=depth, alpha=values[..., -1]))
    found = read_picture(tmp_path / f"w{suffix}", KEEP)
    np.testing.assert_array_equal(found.kept.alpha, values[..., -1])
    np.testing.assert_allclose(found.pixels, pixels, atol=1e-6)


def test_values_too_large_for_single_precision_are_refused(tmp_path):
    np.save(tmp_path / "big.npy", np.array([[0.5, 1e39]]))
    with pytest.raises(UnusableImageError, match="too large for single precision"):
        read_picture(tmp_path / "big.npy", KEEP)


def test_the_size_of_a_tiff_that_pillow_cannot_open(tmp_path):
    tifffile.imwrite(tmp_path / "f.tif", np.zeros((10, 14, 3), "f4"), photometric="rgb")
    assert picture_size(tmp_path / "f.tif") == (14, 10)
    assert read_picture(tmp_path / "f.tif").pixels.shape == (3, 10, 14)
