"""The classic sets: made-up folders of the right shape, and the real ones where they are."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import picture_files as make
import pytest
from PIL import Image as PillowImage

from priorbench.contract.images import Image, SkippedImage
from priorbench.errors import PriorbenchError
from priorbench.pictures import Picture
from priorbench_images import classic
from priorbench_images.classic import (
    bsd68,
    cbsd68,
    kodak24,
    kodak24_256,
    kodak24_500,
    kodak24_full,
    mcmaster,
    set12,
    to_grey,
)
from priorbench_images.folder import folder
from priorbench_images.imagenet import imagenet

SHAPES = {
    "Set12": ([(256, 256)] * 7 + [(512, 512)] * 5, 1, "{:02d}.png"),
    "CBSD68": ([(321, 481)] * 53 + [(481, 321)] * 15, 3, "{}.png"),
    "Kodak24-full": ([(512, 768)] * 18 + [(768, 512)] * 6, 3, "kodim{:02d}.png"),
    "Kodak24": ([(500, 500)] * 24, 3, "kodim{:02d}.png"),
    "McMaster": ([(500, 500)] * 18, 3, "{}.tif"),
}


def made_up(root: Path, name: str, folder_name: str | None = None) -> Path:
    """Write plain pictures with a set's number, sizes and names; their value is their number."""
    shapes, channels, pattern = SHAPES[name]
    target = root / (folder_name or name)
    target.mkdir(parents=True)
    for number, (height, width) in enumerate(shapes, start=1):
        pixels = np.full((height, width, channels), number, np.uint8).squeeze()
        kind = "TIFF" if pattern.endswith("tif") else "PNG"
        (target / pattern.format(number)).write_bytes(make.encoded(pixels, kind))
    return target


class TestFinding:
    @pytest.mark.parametrize("spelling", ["Set12", "set12", "SET_12", "Set 12", "testsets/set12"])
    def test_usual_spellings_in_the_data_folder(self, tmp_path, monkeypatch, spelling):
        made_up(tmp_path, "Set12", spelling)
        monkeypatch.setenv("PRIORBENCH_DATA", str(tmp_path))
        images = list(set12())
        assert [image.id for image in images] == [f"{number:02d}.png" for number in range(1, 13)]
        assert [len(image.pixels) for image in images] == [1] * 12

    def test_a_path_comes_before_the_data_folder(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PRIORBENCH_DATA", str(tmp_path / "none"))
        assert len(cbsd68(path=str(made_up(tmp_path, "CBSD68", "anything")))) == 68

    def test_the_folder_that_fits_is_taken(self, tmp_path, monkeypatch):
        """Kodak24 is the name of full sizes and of crops."""
        made_up(tmp_path, "Kodak24", "Kodak24-full")
        made_up(tmp_path, "Kodak24-full", "Kodak24")
        monkeypatch.setenv("PRIORBENCH_DATA", str(tmp_path))
        assert next(iter(kodak24())).pixels.shape == (3, 512, 768)

    def test_nowhere(self, tmp_path, monkeypatch):
        monkeypatch.delenv("PRIORBENCH_DATA", raising=False)
        with pytest.raises(
            PriorbenchError, match=r"mcmaster: .*path=.*McMaster/.*not set.*Published at https"
        ):
            mcmaster()
        monkeypatch.setenv("PRIORBENCH_DATA", str(tmp_path / "none"))
        with pytest.raises(PriorbenchError, match="has no folder McMaster"):
            mcmaster()
        with pytest.raises(PriorbenchError, match="does not exist"):
            mcmaster(path=str(tmp_path / "none"))


class TestChecking:
    def test_a_missing_picture(self, tmp_path):
        root = made_up(tmp_path, "Set12")
        (root / "07.png").unlink()
        with pytest.raises(
            PriorbenchError, match=r"holds 11 pictures \(6 of 256x256, 5 of 512x512\); expected 12"
        ):
            set12(path=str(root))

    def test_a_picture_of_another_size(self, tmp_path):
        root = made_up(tmp_path, "McMaster")
        (root / "3.tif").write_bytes(make.encoded(make.photograph(500, 501), "TIFF"))
        with pytest.raises(PriorbenchError, match=r"1 of 501x500\); expected 18 pictures \(18 of 500x500\)"):
            mcmaster(path=str(root))

    def test_a_broken_picture(self, tmp_path):
        root = made_up(tmp_path, "Set12")
        (root / "07.png").write_bytes(b"")
        with pytest.raises(PriorbenchError, match=r"07\.png: empty file"):
            set12(path=str(root))

    def test_other_files_do_not_matter(self, tmp_path):
        root = made_up(tmp_path, "Set12")
        (root / "README.txt").write_text("x")
        (root / "._01.png").write_text("x")
        assert len(set12(path=str(root))) == 12

    def test_one_line(self, tmp_path):
        (tmp_path / "empty\n").mkdir()
        with pytest.raises(PriorbenchError, match="holds no pictures") as caught:
            set12(path=str(tmp_path / "empty\n"))
        assert "\n" not in str(caught.value)

    def test_a_colour_picture_in_a_grey_set_is_skipped(self, tmp_path):
        root = made_up(tmp_path, "Set12")
        (root / "02.png").write_bytes(make.encoded(make.photograph(256, 256)))
        items = list(set12(path=str(root)))
        assert isinstance(items[1], SkippedImage)
        assert items[1].reason.startswith("colour picture")


class TestForms:
    def test_mcmaster_is_in_the_order_of_its_numbers(self, tmp_path):
        images = list(mcmaster(path=str(made_up(tmp_path, "McMaster")), limit=11))
        assert [round(float(image.pixels.max()) * 255) for image in images] == list(range(1, 12))

    def test_cbsd68_is_in_the_order_of_its_names(self, tmp_path):
        """As BSD68 is numbered: 119082 comes before 12084."""
        ids = [image.id for image in cbsd68(path=str(made_up(tmp_path, "CBSD68")), crop=8)]
        assert ids == sorted(ids)

    @pytest.mark.parametrize("form", ["Kodak24", "Kodak24-full"])
    def test_kodak_500_from_either_form(self, tmp_path, form):
        images = list(kodak24(path=str(made_up(tmp_path, form)), size=500))
        assert {image.pixels.shape for image in images} == {(3, 500, 500)}
        assert len(images) == 24

    def test_kodak_500_cut_again_is_the_crop_of_the_crop(self, tmp_path):
        root = made_up(tmp_path, "Kodak24-full")
        whole = make.photograph(512, 768, seed=5)
        (root / "kodim01.png").write_bytes(make.encoded(whole))
        for crop in (255, 256):
            image = next(iter(kodak24(path=str(root), size=500, crop=crop)))
            middle = PillowImage.fromarray(whole).crop((134, 6, 634, 506))
            edge = 122  # (500 - 255) / 2 rounded to even, and (500 - 256) / 2
            expected = np.asarray(middle.crop((edge, edge, edge + crop, edge + crop)))
            np.testing.assert_array_equal(np.rint(image.pixels * 255), np.moveaxis(expected, -1, 0))

    @pytest.mark.parametrize("form", ["Kodak24", "Kodak24-full"])
    def test_kodak_under_the_names_of_its_protocols(self, tmp_path, form):
        root = made_up(tmp_path, form)
        whole = make.photograph(512, 768, seed=5)
        middle = PillowImage.fromarray(whole).crop((134, 6, 634, 506))
        (root / "kodim01.png").write_bytes(
            make.encoded(whole if form == "Kodak24-full" else np.array(middle))
        )
        for make_set, box in ((kodak24_500, (0, 0, 500, 500)), (kodak24_256, (122, 122, 378, 378))):
            image = next(iter(make_set(path=str(root), limit=1)))
            expected = np.moveaxis(np.asarray(middle.crop(box)), -1, 0)
            np.testing.assert_array_equal(np.rint(image.pixels * 255), expected)
        if form == "Kodak24-full":
            assert next(iter(kodak24_full(path=str(root)))).pixels.shape == (3, 512, 768)
        else:
            with pytest.raises(PriorbenchError, match="expected 24 pictures"):
                kodak24_full(path=str(root))

    def test_the_names_of_protocols_have_nothing_that_changes_them(self):
        from priorbench.loading.load import load_registry
        from priorbench.suite.resolution import choose

        found = choose(load_registry(), "image set", "kodak24-256:limit=2")
        assert (found.label, set(found.parameters)) == ("kodak24-256", {"path", "limit"})

    def test_the_crops_are_refused_as_full_size_and_the_message_says_how_to_use_them(self, tmp_path):
        with pytest.raises(PriorbenchError, match="size=500"):
            kodak24(path=str(made_up(tmp_path, "Kodak24")))

    def test_grey_from_colour(self):
        """The weights that MATLAB's ``rgb2gray`` documents, at full precision; greys stay what they are."""
        samples = np.random.default_rng(0).integers(0, 256, (3, 40, 40))
        grey = to_grey(Picture(pixels=(samples / 255).astype("f4"))).pixels
        red, green, blue = 0.298936021293775, 0.587043074451121, 0.114020904255103
        luma = np.floor(red * samples[0] + green * samples[1] + blue * samples[2] + 0.5)
        np.testing.assert_array_equal(grey, (luma[np.newaxis] / 255).astype("f4"))
        same = np.broadcast_to(np.arange(256) / 255, (3, 1, 256)).astype("f4")
        np.testing.assert_array_equal(to_grey(Picture(pixels=same)).pixels[0], same[0])

    def test_bsd68_is_grey(self, tmp_path):
        root = made_up(tmp_path, "CBSD68")
        images = list(bsd68(path=str(root), crop=100))
        assert {image.pixels.shape for image in images} == {(1, 100, 100)}
        assert images[0].pixels.max() == np.float32(1 / 255)  # equal channels stay what they are
        assert bsd68(path=str(root)).load("9.png").pixels.shape == (1, 321, 481)


@pytest.fixture
def data() -> Path:
    """The folder of real pictures, which is not part of the project."""
    root = Path(os.environ.get("PRIORBENCH_TEST_DATA", ""))
    if not os.environ.get("PRIORBENCH_TEST_DATA") or not root.is_dir():
        pytest.skip(
            "PRIORBENCH_TEST_DATA does not name a folder with Set12, CBSD68, Kodak24-full, imagenet-sample"
        )
    return root


class TestRealPictures:
    @pytest.mark.parametrize(
        ("name", "count"), [("set12", 12), ("cbsd68", 68), ("bsd68", 68), ("kodak24", 24)]
    )
    def test_every_picture_of_the_set_is_used(self, data, monkeypatch, name, count):
        make_set = getattr(classic, name)
        monkeypatch.setenv("PRIORBENCH_DATA", str(data))
        assert sum(isinstance(item, Image) for item in make_set()) == len(make_set()) == count

    def test_the_papers_rule_passes_20_of_the_imagenet_sample(self, data):
        items = list(imagenet(path=str(data / "imagenet-sample")))
        used = [item for item in items if isinstance(item, Image)]
        reasons = {item.id: item.reason for item in items if isinstance(item, SkippedImage)}
        assert (len(used), len(reasons)) == (20, 26)
        assert {item.pixels.shape for item in used} == {(3, 512, 512)}
        for boundary in ("n04118538_rugby_ball.JPEG", "n09468604_valley.JPEG"):
            assert "min_side = 513" in reasons[boundary]
        shifted = 0
        for item in used:
            with PillowImage.open(data / "imagenet-sample" / item.id) as whole:
                left, top = (whole.width - 512) / 2, (whole.height - 512) / 2
                expected = np.asarray(whole.crop((left, top, left + 512, top + 512)))
                shifted += (round(left), round(top)) != (int(left), int(top))
            np.testing.assert_array_equal(np.rint(item.pixels * 255), np.moveaxis(expected, -1, 0))
        assert shifted == 2  # where rounding to even is not rounding down

    def test_the_imagenet_sample_uncropped(self, data):
        items = list(folder(path=str(data / "imagenet-sample")))
        assert [len(item.pixels) for item in items].count(1) == 2
        assert len(items) == 46
        turned = next(item for item in items if item.id == "n02951585_can_opener.JPEG")
        assert turned.pixels.shape == (3, 294, 392)
        assert "EXIF orientation 6 not applied" in turned.notes

    def test_the_kodak_crops_are_the_centres(self, data):
        for image in kodak24(path=str(data / "Kodak24-full"), size=500, limit=4):
            with PillowImage.open(data / "Kodak24-full" / image.id) as whole:
                left, top = (134, 6) if whole.width == 768 else (6, 134)
                expected = np.asarray(whole.crop((left, top, left + 500, top + 500)))
            np.testing.assert_array_equal(np.rint(image.pixels * 255), np.moveaxis(expected, -1, 0))
