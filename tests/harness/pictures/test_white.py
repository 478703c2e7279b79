"""Which value is white: 12 bits in a file of 16 are not 16 times too dark where somebody says so."""

from __future__ import annotations

import numpy as np
import picture_files as make
import pytest
import tifffile
from picture_checks import reason_of, same

from priorbench.errors import PriorbenchError
from priorbench.pictures import PictureRules, read_picture, write_picture

TWELVE = make.photograph(24, 20, 1).astype(np.uint16) * 16 + 3
TWELVE[0, 0] = 4095
COLOUR = make.photograph(24, 20, 3).astype(np.uint16) * 16
SAID = "white is 4095, as its tag MaxSampleValue says"
BY_USER = "white is 4095, as was asked for"
DARK = "16 bits, but no value above 4095: if white is less than 65535, say it, as white=4095"
#: 8-bit samples that tifffile, not Pillow, reads; and the other way round
LAYOUTS = {
    "grey": {},
    "big-endian": {"byteorder": ">"},
    "deflated": {"compression": "zlib"},
    "predicted tiles": {"compression": "zlib", "predictor": True, "tile": (16, 16)},
}


def tiff(path, samples, told=None, **options):
    planes = 1 if samples.ndim == 2 else samples.shape[2]
    told = (told,) * planes if isinstance(told, int) else told
    tags = [] if told is None else [(281, "H", len(told), told if len(told) > 1 else told[0], True)]
    photometric = "rgb" if planes >= 3 else "minisblack"
    if options.get("planarconfig") == "separate":
        samples = np.moveaxis(samples, -1, 0)
    tifffile.imwrite(path, samples, photometric=photometric, metadata=None, extratags=tags, **options)
    return path


class TestWhatTheFileSays:
    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_a_whole_number_of_bits_is_believed(self, tmp_path, layout):
        """Before: divided by 65535, so that noise of 25/255 was sixteen times too much."""
        picture = read_picture(tiff(tmp_path / "a.tif", TWELVE, 4095, **LAYOUTS[layout]))
        same(picture, TWELVE, 4095)
        assert (picture.white, picture.notes) == (4095, (SAID,))

    @pytest.mark.parametrize("planarconfig", ["contig", "separate"])
    def test_colour_in_all_planes(self, tmp_path, planarconfig):
        path = tiff(tmp_path / "a.tif", COLOUR, 4095, planarconfig=planarconfig)
        same(read_picture(path), COLOUR, 4095)
        unlike = tiff(tmp_path / "b.tif", COLOUR, (4095, 4095, 1023), planarconfig=planarconfig)
        same(read_picture(unlike), COLOUR, 65535)

    def test_one_value_for_all_planes_counts_and_that_of_alpha_does_not(self, tmp_path):
        same(read_picture(tiff(tmp_path / "a.tif", COLOUR, (4095,))), COLOUR, 4095)
        alpha = np.full((24, 20, 1), 65535, np.uint16)
        options = {"extrasamples": ["unassalpha"]}
        told = (4095, 4095, 4095, 65535)
        path = tiff(tmp_path / "b.tif", np.concatenate([COLOUR, alpha], axis=2), told, **options)
        same(read_picture(path), COLOUR, 4095)

    @pytest.mark.parametrize("told", [3127, 0, 4094, 65535, 1, 127])
    def test_the_largest_sample_is_no_white(self, tmp_path, told):
        """Many programs write it there."""
        samples = np.minimum(TWELVE, told) if told > 3000 else TWELVE
        picture = read_picture(tiff(tmp_path / "a.tif", samples, told))
        same(picture, samples, 65535)
        assert not any("MaxSampleValue" in note for note in picture.notes)

    @pytest.mark.parametrize("told", [255, 1023, 2047])
    def test_a_white_below_a_sample_is_not_believed_and_told(self, tmp_path, told):
        picture = read_picture(tiff(tmp_path / "a.tif", TWELVE, told))
        same(picture, TWELVE, 65535)
        assert picture.notes == (
            f"its tag MaxSampleValue says {told}, but there is the value 4095: white is 65535",
            DARK,
        )

    def test_a_sample_outside_the_crop_counts(self, tmp_path):
        path = tiff(tmp_path / "a.tif", TWELVE, 2047)
        rules = PictureRules(crop=8)
        assert TWELVE[8:16, 6:14].max() > 2047 or read_picture(path, rules).white == 65535
        assert "says 2047" in read_picture(path, rules).notes[0]

    def test_eight_bits_and_floating_point_have_their_scale(self, tmp_path):
        eight = make.photograph(24, 20, 1) // 2
        same(read_picture(tiff(tmp_path / "a.tif", eight, 127)), eight, 255)
        floats = (eight / 255).astype(np.float32)
        same(read_picture(tiff(tmp_path / "b.tif", floats, 1023)), floats, 1)


class TestWhatTheUserSays:
    @pytest.mark.parametrize("kind", ["PNG", "TIFF", "NPY"])
    def test_sixteen_bits_of_every_format(self, tmp_path, kind):
        path = tmp_path / f"a.{kind.lower()}"
        if kind == "NPY":
            np.save(path, TWELVE)
        else:
            path.write_bytes(make.encoded(TWELVE, kind))
        picture = read_picture(path, PictureRules(white=4095))
        same(picture, TWELVE, 4095)
        assert (picture.white, picture.notes) == (4095, (BY_USER,))

    def test_it_goes_before_what_the_file_says(self, tmp_path):
        path = tiff(tmp_path / "a.tif", TWELVE, 4095)
        same(read_picture(path, PictureRules(white=65535)), TWELVE, 65535)

    def test_a_larger_value_is_refused_wherever_it_is(self, tmp_path, file):
        path = file("a.png", make.encoded(TWELVE))
        for rules in (PictureRules(white=4094), PictureRules(white=4094, crop=8)):
            assert reason_of(path, rules) == (
                "white = 4094, but it has the value 4095: "
                "give a white that is not below it, or leave white out"
            )

    def test_a_file_that_cannot_have_it_is_refused(self, file):
        eight = make.photograph(24, 20, 3)
        for kind in ("JPEG", "PNG"):
            reason = reason_of(file(f"a.{kind}", make.encoded(eight, kind)), PictureRules(white=4095))
            assert reason.startswith("white = 4095, but this file has 8 bits a sample, at most 255")
        sixteen = file("b.png", make.encoded(TWELVE))
        assert "at most 65535" in reason_of(sixteen, PictureRules(white=1e6))

    def test_eight_bits_may_have_a_lower_white(self, file):
        dim = make.photograph(24, 20, 3) // 2
        same(read_picture(file("a.png", make.encoded(dim)), PictureRules(white=200)), dim, 200)

    def test_floating_point_may_have_any(self, tmp_path):
        floats = TWELVE.astype(np.float32) / 2
        path = tiff(tmp_path / "a.tif", floats)
        assert "range unknown" in reason_of(path)
        same(read_picture(path, PictureRules(white=2047.5)), floats, 2047.5)
        assert "not within 0 to 2000" in reason_of(path, PictureRules(white=2000))
        np.save(tmp_path / "b.npy", floats - 900)
        assert "not within 0 to 4095" in reason_of(tmp_path / "b.npy", PictureRules(white=4095))

    @pytest.mark.parametrize("white", [0, -1, float("inf"), float("nan")])
    def test_a_white_that_is_none(self, white):
        with pytest.raises(PriorbenchError, match=r"white is .*: it must be above 0"):
            PictureRules(white=white)


class TestDarkPictures:
    def test_sixteen_bits_below_an_eighth_are_noted_with_what_to_say(self, file):
        assert read_picture(file("a.png", make.encoded(TWELVE))).notes == (DARK,)
        thousand = np.minimum(TWELVE, 900)
        (note,) = read_picture(file("b.png", make.encoded(thousand))).notes
        assert note.endswith("no value above 900: if white is less than 65535, say it, as white=1023")

    @pytest.mark.parametrize("largest", [0, 8192, 65535])
    def test_others_are_not(self, file, largest):
        samples = np.zeros((24, 20), np.uint16)
        samples[3, 4] = largest
        assert read_picture(file("a.png", make.encoded(samples))).notes == ()


def test_a_tiff_that_is_written_again_says_what_is_white(tmp_path):
    picture = read_picture(tiff(tmp_path / "a.tif", COLOUR, 4095), PictureRules(keep=True))
    write_picture(tmp_path / "b.tif", picture.pixels, picture.kept)
    again = read_picture(tmp_path / "b.tif")
    same(again, COLOUR, 4095)
    assert tifffile.TiffFile(tmp_path / "b.tif").pages.first.tags[281].value == (4095,) * 3
