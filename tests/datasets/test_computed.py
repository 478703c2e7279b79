"""Noise and checkerboard as pictures to be fitted: distributions, norms, and what no picture can be."""

from __future__ import annotations

import numpy as np
import pytest

from priorbench.errors import PriorbenchError
from priorbench_images.computed.checkerboard import Checkerboard
from priorbench_images.computed.noise_targets import NoiseTargets


def pixels(**how: object) -> np.ndarray:
    (image,) = NoiseTargets(**how)
    assert image.pixels.dtype == np.float32
    return image.pixels.astype(np.float64)


class TestNoiseTargets:
    def test_figures_4_and_8(self):
        """Uniform on [0, 1], variance 1/12."""
        noise = pixels()
        assert noise.shape == (1, 256, 256)
        assert 0 <= noise.min() < 0.001 < 0.999 < noise.max() <= 1
        assert noise.var() == pytest.approx(1 / 12, rel=0.01)

    def test_figure_1c_has_the_phantoms_norm(self):
        """Published check values: norm 85.7806, mean 0.290, variance 0.0282, largest value 0.58."""
        noise = pixels(norm=85.7806)
        assert np.linalg.norm(noise) == pytest.approx(85.7806, abs=1e-4)
        assert noise.mean() == pytest.approx(0.290, abs=0.002)
        assert noise.var() == pytest.approx(0.0282, rel=0.01)
        assert noise.max() == pytest.approx(0.58, abs=0.005)

    def test_figure_10_is_independent_in_the_channels(self):
        """0.9 U(0, 1), variance 0.0675."""
        noise = pixels(size=128, channels=3, scale=0.9)
        assert noise.shape == (3, 128, 128)
        assert noise.var() == pytest.approx(0.0675, rel=0.02)
        assert np.abs(np.corrcoef(noise.reshape(3, -1)) - np.eye(3)).max() < 0.03

    def test_a_picture_depends_on_seed_and_number_alone(self):
        five, two = list(NoiseTargets(size=8, count=5)), list(NoiseTargets(size=8, count=5, limit=2))
        assert [image.id for image in two] == ["uniform-0", "uniform-1"]
        assert len(NoiseTargets(count=5, limit=2)) == 2
        assert [a.sha256 for a in five[:2]] == [b.sha256 for b in two]
        assert len({image.sha256 for image in five}) == 5
        assert NoiseTargets(size=8, count=3).load("uniform-2").sha256 == five[2].sha256
        assert not np.array_equal(pixels(size=8, seed=1), pixels(size=8))

    def test_neighbours_are_independent(self):
        noise = pixels()[0] - 0.5
        for shifted in (noise[1:] * noise[:-1], noise[:, 1:] * noise[:, :-1]):
            assert abs(shifted.mean()) < 4 / 12 / 256

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            ({"channels": 2}, "channels is 2. Allowed: 1, 3"),
            ({"scale": 1.5}, r"scale is 1.5: values of pictures lie in \[0, 1\]"),
            ({"scale": 0.9, "norm": 10.0}, "scale and norm both"),
            ({"norm": 200.0}, "norm is 200: uniform-0 would have values above 1; at most 147"),
        ],
    )
    def test_what_no_picture_can_be_is_refused(self, wrong, says):
        with pytest.raises(PriorbenchError, match=f"^noise-targets: {says}"):
            list(NoiseTargets(**wrong))

    def test_an_unknown_id_names_the_nearest(self):
        with pytest.raises(PriorbenchError, match="did you mean 'uniform-0'"):
            NoiseTargets().load("uniform-9")


class TestCheckerboard:
    def test_alternates_pixel_by_pixel(self):
        (image,) = Checkerboard()
        assert image.pixels.shape == (1, 256, 256) and image.pixels.dtype == np.float32
        plane = image.pixels[0]
        assert plane[0, 0] == 0 and plane.mean() == 0.5
        assert (plane[1:] + plane[:-1] == 1).all() and (plane[:, 1:] + plane[:, :-1] == 1).all()

    def test_squares(self):
        (image,) = Checkerboard(size=6, square=2)
        expected = np.kron([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.ones((2, 2)))
        np.testing.assert_array_equal(image.pixels[0], expected)

    def test_errors(self):
        with pytest.raises(PriorbenchError, match="Allowed: checkerboard-8-1"):
            Checkerboard(size=8).load("other")
        with pytest.raises(PriorbenchError, match="square is 9"):
            Checkerboard(size=8, square=9)
