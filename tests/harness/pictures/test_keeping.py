"""A picture that is read and written again keeps what it had beside its pixels; other readers judge."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from priorbench.pictures import Kept, PictureRules, losses, read_picture, write_picture

RNG = np.random.default_rng(5)
KEEP = PictureRules(keep=True)
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif() -> Image.Exif:
    block = Image.Exif()
    block[271], block[306], block[274] = "Maker", "2024:05:06 07:08:09", 6
    block.get_ifd(0x8769)[33434] = 0.01
    return block


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_eight_bits_with_all_that_is_beside_them(tmp_path, mode, suffix):
    levels = RNG.integers(0, 256, (9, 7, len(mode)), np.uint8)
    source = Image.fromarray(levels.squeeze() if mode == "L" else levels)
    source.save(tmp_path / "in.png", exif=exif(), icc_profile=PROFILE, dpi=(300, 200))
    picture = read_picture(tmp_path / "in.png", KEEP)
    assert picture.kept is not None
    write_picture(tmp_path / f"out{suffix}", picture.pixels, picture.kept)
    with Image.open(tmp_path / f"out{suffix}") as out:
        tags = out.getexif()
        assert (tags[271], tags[306], tags[274]) == ("Maker", "2024:05:06 07:08:09", 6)
        assert out.info["icc_profile"] == PROFILE
        assert [round(float(dots)) for dots in out.info["dpi"]] == [300, 200]
        if suffix == ".png":
            assert out.mode == mode
            np.testing.assert_array_equal(np.asarray(out).reshape(levels.shape), levels)
            assert out.getexif().get_ifd(0x8769)[33434] == 0.01
        else:
            np.testing.assert_array_equal(tifffile.imread(tmp_path / "out.tif").reshape(levels.shape), levels)
    lost = losses(tmp_path / f"out{suffix}", picture.kept)
    assert lost == () if suffix == ".png" else "EXIF" in lost[0]


@pytest.mark.parametrize("planes", [1, 2, 3, 4])
def test_sixteen_bit_png_is_read_by_another_reader(tmp_path, planes):
    levels = RNG.integers(0, 65536, (11, 13, planes), np.uint16)
    alpha = levels[..., -1] if planes in (2, 4) else None
    colours = levels[..., : planes - (alpha is not None)]
    kept = Kept(
        depth="16 bits", alpha=alpha, icc=PROFILE, resolution=(300.0, 300.0), exif=exif().tobytes()[6:]
    )
    write_picture(tmp_path / "o.png", np.moveaxis(colours, -1, 0) / 65535, kept)
    with Image.open(tmp_path / "o.png") as out:
        assert out.info["icc_profile"] == PROFILE
        assert out.getexif()[274] == 6
        high = np.asarray(out)
    if planes == 1:
        np.testing.assert_array_equal(high, levels[..., 0])
    else:  # Pillow shows the high byte
        shown = np.asarray(high)[..., [0, -1]] if planes == 2 and high.shape[2] == 4 else high
        np.testing.assert_array_equal(shown, levels >> 8)
    again = read_picture(tmp_path / "o.png", KEEP)
    assert again.kept is not None
    np.testing.assert_array_equal(again.pixels, np.moveaxis(colours, -1, 0).astype("f4") / np.float32(65535))
    if alpha is not None:
        np.testing.assert_array_equal(again.kept.alpha, alpha)


@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 3)])
def test_floating_point_beyond_the_range_stays_what_it_is(tmp_path, shape):
    values = RNG.normal(0.5, 1, shape).astype("f4")
    tifffile.imwrite(
        tmp_path / "in.tif",
        values,
        photometric="rgb" if len(shape) == 3 else "minisblack",
        iccprofile=PROFILE,
        resolution=(300, 200),
        resolutionunit="INCH",
        extratags=[(274, "H", 1, 6, True), (271, "s", 0, "Maker", True)],
        metadata=None,
    )
    picture = read_picture(tmp_path / "in.tif", KEEP)
    assert picture.kept is not None
    write_picture(tmp_path / "out.tif", picture.pixels, picture.kept)
    with tifffile.TiffFile(tmp_path / "out.tif") as out:
        tags = {tag.code: tag.value for tag in out.pages.first.tags}
        # upright by its tag, or turned upright already, as viewers show it
        upright = np.rot90(out.asarray(), -1) if tags.get(274) == 6 else out.asarray()
    np.testing.assert_array_equal(upright, np.rot90(values, -1))
    assert (tags[271], tags[34675]) == ("Maker", PROFILE)
    assert [tags[code][0] / tags[code][1] for code in (282, 283)] == [300, 200]
    assert "clipped" in losses("out.png", picture.kept)[0]


def test_a_transparent_colour_is_an_alpha_plane(tmp_path):
    levels = RNG.integers(0, 3, (9, 7), np.uint8)
    Image.fromarray(levels).save(tmp_path / "in.png", transparency=1)
    kept = read_picture(tmp_path / "in.png", KEEP).kept
    assert kept is not None
    np.testing.assert_array_equal(kept.alpha, np.where(levels == 1, 0, 255))


def test_jpeg_keeps_its_exif_block_byte_by_byte(tmp_path):
    Image.fromarray(RNG.integers(0, 256, (16, 16, 3), np.uint8)).save(tmp_path / "in.jpg", exif=exif())
    with Image.open(tmp_path / "in.jpg") as source:
        block = source.info["exif"]
    picture = read_picture(tmp_path / "in.jpg", KEEP)
    assert picture.kept is not None
    assert picture.kept.exif == block.removeprefix(b"Exif\0\0")
    write_picture(tmp_path / "o.png", picture.pixels, picture.kept)
    with Image.open(tmp_path / "o.png") as out:
        assert out.getexif()[274] == 6


def test_one_ulp_above_the_range_is_told_with_all_its_digits(tmp_path):
    above = np.nextafter(np.float32(1), np.float32(2))
    tifffile.imwrite(tmp_path / "in.tif", np.array([[0.02, above]], "f4"))
    with pytest.raises(Exception, match=r"from 0\.02 to 1\.0000001, not within 0 to 1: "):
        read_picture(tmp_path / "in.tif")


class TestTagsOfTiffs:
    """Texts byte by byte, the size of a microscope's pixels, and no resolution that nobody wrote."""

    @staticmethod
    def written_again(path, tmp_path, suffix=".tif"):
        picture = read_picture(path, KEEP)
        assert picture.kept is not None
        write_picture(tmp_path / f"again{suffix}", picture.pixels, picture.kept)
        return tmp_path / f"again{suffix}"

    @staticmethod
    def tags(path):
        with tifffile.TiffFile(path) as file:
            return {tag.code: tag.value for tag in file.pages.first.tags}

    @pytest.mark.parametrize("turned", [1, 6])
    @pytest.mark.parametrize("pillow", [True, False], ids=["pillow", "tifffile"])
    @pytest.mark.parametrize("text", ["0.1 µm, Zürich".encode(), "Zürich".encode("latin-1")])
    def test_texts_stay_byte_by_byte(self, tmp_path, text, pillow, turned):
        levels = RNG.integers(0, 256, (9, 7) if pillow else (9, 7, 3), np.uint8)
        floats = levels if pillow else (levels / np.float32(255))
        orientation = [(274, "H", 1, turned, True)] if turned != 1 else []
        tifffile.imwrite(
            tmp_path / "in.tif",
            floats,
            photometric="minisblack" if pillow else "rgb",
            description=text,
            software=text,
            metadata=None,
            extratags=[(315, "s", 0, text, True), *orientation],
        )
        out = self.written_again(tmp_path / "in.tif", tmp_path)
        assert out.read_bytes().count(text + b"\0") == 3
        assert self.tags(out)[270] == self.tags(tmp_path / "in.tif")[270]
        kept = read_picture(tmp_path / "in.tif", KEEP).kept
        assert kept is not None and not losses("o.tif", kept)
        again = self.written_again(tmp_path / "in.tif", tmp_path, ".png")
        with Image.open(again) as shown:
            assert shown.getexif()[270].encode("latin-1") == text
            assert shown.getexif().get(274, 1) == turned

    @pytest.mark.parametrize("dtype", ["u2", "f8"])
    @pytest.mark.parametrize("unit", [1, 3])
    def test_the_size_of_a_pixel_stays(self, tmp_path, unit, dtype):
        """ImageJ writes pixels per micrometre, without a unit, and the unit in its description."""
        tifffile.imwrite(
            tmp_path / "in.tif",
            RNG.uniform(0, 1, (9, 7)).astype(dtype),
            resolution=((96774, 10000), (50, 7)),
            resolutionunit=unit,
            description="ImageJ=1.54f\nunit=micron\n",
            metadata=None,
        )
        found, wanted = (
            self.tags(self.written_again(tmp_path / "in.tif", tmp_path)),
            self.tags(tmp_path / "in.tif"),
        )
        for tag in (282, 283):
            assert found[tag][0] / found[tag][1] == wanted[tag][0] / wanted[tag][1]
        assert (found[296], found[270]) == (unit, wanted[270])

    @pytest.mark.parametrize("suffix", [".tif", ".png"])
    def test_no_resolution_is_made_up(self, tmp_path, suffix):
        Image.fromarray(RNG.integers(0, 256, (9, 7, 3), np.uint8)).save(tmp_path / "in.tif")
        with Image.open(self.written_again(tmp_path / "in.tif", tmp_path, suffix)) as out:
            assert "dpi" not in out.info

    @pytest.mark.parametrize("shape", [(3, 9, 7), (9, 7, 3), (9, 7)])
    def test_no_description_tells_another_layout(self, tmp_path, shape, caplog):
        """tifffile describes the shape; planes that lay apart are written together."""
        levels = RNG.integers(0, 256, shape, np.uint8)
        apart = {"planarconfig": "separate"} if shape[0] == 3 else {}
        tifffile.imwrite(tmp_path / "in.tif", levels, photometric="rgb" if len(shape) > 2 else None, **apart)
        out = self.written_again(tmp_path / "in.tif", tmp_path)
        found = tifffile.imread(out)
        assert not caplog.messages
        np.testing.assert_array_equal(found, np.moveaxis(levels, 0, -1) if shape[0] == 3 else levels)
        assert (270 in self.tags(out)) == (shape[0] != 3)

    def test_the_largest_value_stays(self, tmp_path):
        levels = RNG.integers(0, 4096, (9, 7, 3), np.uint16)
        tag = (281, "H", 3, (4095,) * 3, True)
        tifffile.imwrite(tmp_path / "in.tif", levels, photometric="rgb", extratags=[tag])
        out = self.written_again(tmp_path / "in.tif", tmp_path)
        assert self.tags(out)[281] == (4095,) * 3
        np.testing.assert_array_equal(tifffile.imread(out), levels)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_a_loss_of_digits_is_said(tmp_path, dtype):
    values = RNG.uniform(0, 1, (9, 7)).astype(dtype)
    tifffile.imwrite(tmp_path / "in.tif", values)
    np.save(tmp_path / "in.npy", values)
    for name in ("in.tif", "in.npy"):
        kept = read_picture(tmp_path / name, KEEP).kept
        assert kept is not None and kept.double == (dtype == "f8")
        assert any("64 bits" in text for text in losses("out.tif", kept)) == (dtype == "f8")
        assert all("64 bits" not in text for text in losses("out.png", kept))
