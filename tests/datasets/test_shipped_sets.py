"""The sets that need no download, and the plugin's registration."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import skimage.data

import priorbench_images
from priorbench.contract.images import Image
from priorbench.errors import PriorbenchError
from priorbench.loading.registry import import_factory
from priorbench.parameters.values import build, parameters_of, resolve
from priorbench.pictures import centre_offset
from priorbench_images import phantom
from priorbench_images.embedded import (
    COLOUR_PICTURES,
    GREY_PHOTOS,
    PHOTOS,
    colour_pictures,
    grey_photos,
    photos,
)
from priorbench_images.phantom import Phantom, level_indices

SPECS = {spec.name: spec for spec in priorbench_images.priorbench_image_sets()}


class TestPhotographs:
    @pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "rocket"])
    def test_colour_equals_what_scikit_image_gives(self, name):
        expected = np.moveaxis(getattr(skimage.data, name)(), -1, 0)
        np.testing.assert_array_equal(np.rint(photos().load(name).pixels * 255), expected)

    @pytest.mark.parametrize(
        ("name", "function"),
        [("hubble_deep_field", "hubble_deep_field"), ("retina", "retina"), ("ihc", "immunohistochemistry")],
    )
    def test_instruments_equal_what_scikit_image_gives(self, name, function):
        expected = np.moveaxis(getattr(skimage.data, function)(), -1, 0)
        np.testing.assert_array_equal(np.rint(colour_pictures().load(name).pixels * 255), expected)

    @pytest.mark.parametrize("name", [photograph.file.removesuffix(".png") for photograph in GREY_PHOTOS])
    def test_grey_equals_what_scikit_image_gives(self, name):
        expected = getattr(skimage.data, name)()
        np.testing.assert_array_equal(np.rint(grey_photos().load(name).pixels[0] * 255), expected)

    @pytest.mark.parametrize(
        ("make", "shipped", "channels"),
        [(photos, PHOTOS, 3), (colour_pictures, COLOUR_PICTURES, 3), (grey_photos, GREY_PHOTOS, 1)],
    )
    def test_all_are_usable_and_in_order(self, make, shipped, channels):
        items = list(make())
        assert [item.id for item in items] == [photograph.file.rsplit(".", 1)[0] for photograph in shipped]
        assert len(make()) == len(items)
        for item in items:
            assert isinstance(item, Image)
            assert len(item.pixels) == channels
            assert item.pixels.min() >= 0
            assert item.pixels.max() <= 1
            assert make().load(item.id).sha256 == item.sha256

    def test_every_one_states_its_licence(self):
        every = (*COLOUR_PICTURES, *GREY_PHOTOS)
        assert all(photograph.licence and photograph.credit for photograph in every)

    def test_crop_and_limit(self):
        items = list(photos(crop=256, limit=2))
        assert [item.id for item in items] == ["astronaut", "coffee"]
        assert all(item.pixels.shape == (3, 256, 256) for item in items)
        top, left = centre_offset(400, 256), centre_offset(600, 256)
        expected = np.moveaxis(skimage.data.coffee()[top : top + 256, left : left + 256], -1, 0)
        np.testing.assert_array_equal(np.rint(items[1].pixels * 255), expected)

    def test_an_unknown_id_names_the_nearest(self):
        with pytest.raises(PriorbenchError, match="did you mean 'astronaut'"):
            photos().load("astronout")


class TestPhantom:
    def test_palette_has_the_published_check_values(self):
        """Level counts, norm, mean, mean square and variance of the file in the paper's repository."""
        (image,) = Phantom(variant="palette")
        levels, counts = np.unique(image.pixels, return_counts=True)
        np.testing.assert_array_equal(levels, (np.arange(6) / 5).astype("f4"))
        assert counts.tolist() == [38127, 91, 21579, 2841, 52, 2846]
        exact = image.pixels.astype(np.float64)
        assert exact.shape == (1, 256, 256)
        assert np.linalg.norm(exact) == pytest.approx(85.7806, abs=1e-4)
        assert exact.mean() == pytest.approx(0.2021, abs=5e-5)
        assert (exact**2).mean() == pytest.approx(0.11228, abs=5e-6)
        assert exact.var() == pytest.approx(0.07145, abs=5e-6)

    def test_grey_has_the_published_norm(self):
        (image,) = Phantom(variant="grey")
        np.testing.assert_array_equal(
            np.unique(image.pixels), (np.array([0, 25, 51, 76, 102, 255]) / 255).astype("f4")
        )
        assert np.linalg.norm(image.pixels.astype(np.float64)) == pytest.approx(63.01, abs=5e-3)

    def test_the_ellipses_lie_where_scikit_image_has_them(self):
        """Its phantom is another sampling of the same ellipses: at most edges differ."""
        theirs = np.searchsorted([0.05, 0.15, 0.25, 0.35, 0.45], skimage.data.shepp_logan_phantom())
        assert (level_indices(400) != theirs).mean() < 0.01

    def test_no_pixel_hangs_on_rounding(self, monkeypatch):
        """Moving every ellipse's edge by a millionth changes nothing: all machines draw the same phantom."""
        drawn = level_indices(256)
        grown = tuple((c, a * (1 + 1e-6), b * (1 + 1e-6), *rest) for c, a, b, *rest in phantom._ELLIPSES)
        monkeypatch.setattr(phantom, "_ELLIPSES", grown)
        np.testing.assert_array_equal(level_indices(256), drawn)

    def test_size_and_crop(self):
        (image,) = Phantom(size=128, crop=64)
        (whole,) = Phantom(size=128)
        np.testing.assert_array_equal(image.pixels, whole.pixels[:, 32:96, 32:96])

    def test_errors(self):
        with pytest.raises(PriorbenchError, match="Allowed: shepp-logan-palette-256"):
            Phantom().load("other")
        for wrong in ({"variant": "colour"}, {"size": 1}, {"crop": 300}):
            with pytest.raises(PriorbenchError, match=next(iter(wrong))):
                Phantom(**wrong)


class TestRegistration:
    def test_registering_is_light(self):
        code = (
            "import sys, priorbench_images as p; list(p.priorbench_image_sets())\n"
            "print([name for name in ('numpy', 'torch', 'skimage', 'PIL') if name in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"

    @pytest.mark.parametrize("name", SPECS)
    def test_every_set_declares_documented_parameters(self, name):
        spec = SPECS[name]
        factory = import_factory(spec)
        for parameter in parameters_of(spec, factory):
            assert parameter.summary, parameter.name
        if spec.label_from:
            assert spec.label_from in resolve(spec, factory, {})

    @pytest.mark.parametrize("name", ["photos", "colour-pictures", "grey-photos", "phantom"])
    def test_offline_sets_are_made_from_their_resolved_parameters(self, name):
        factory = import_factory(SPECS[name])
        assert len(build(factory, resolve(SPECS[name], factory, {"crop": 100})))

    def test_the_half_size_of_kodak_can_be_written_as_a_number(self):
        factory = import_factory(SPECS["kodak24"])
        assert resolve(SPECS["kodak24"], factory, {"size": 500})["size"] == 500
