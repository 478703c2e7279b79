"""Data of figures of Heckel & Soltanolkotabi 2020 that need no network, against published numbers."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from priorbench_two_layer.circulant import Circulant, gaussian, triangle
from priorbench_two_layer.dual_kernel import dual_kernel, first_column
from priorbench_two_layer.figures.checkerboard import checkerboard, curves
from priorbench_two_layer.figures.dual_kernels import coded_spectrum, dual_kernels
from priorbench_two_layer.figures.least_squares import least_squares
from priorbench_two_layer.figures.power_spectrum import power_spectrum
from priorbench_two_layer.figures.singular_vectors import singular_vectors
from priorbench_two_layer.figures.step_and_noise import step_and_noise


def test_figure_3_singular_vectors_are_basis_functions():
    """Numbers 1, 2, 6, 21 of the ramp's circulant: frequencies 0, 1, 3, 10, amplitudes .0577 and .0816."""
    found = singular_vectors()
    assert found["frequency"] == [0, 1, 3, 10]
    assert np.round(found["amplitude"], 4).tolist() == [0.0577, 0.0816, 0.0816, 0.0816]
    np.testing.assert_allclose(found["inside"], 1, atol=1e-10)
    for vector, amplitude in zip(found["vector"], found["amplitude"], strict=True):
        assert np.abs(vector).max() == pytest.approx(amplitude, rel=0.005)
        assert np.linalg.norm(vector) == pytest.approx(1)


def test_figure_5_is_gradient_descent_and_has_the_published_minimum():
    """Over 40 seeds: .264 +- .052 at 15.9 +- 2.7; .679 +- .056 and the residual .654 at step 1000."""
    draws = [least_squares(seed=seed) for seed in range(40)]
    assert max(draw["rounding"] for draw in draws) < 1e-13
    assert np.mean([draw["least"] for draw in draws]) == pytest.approx(0.264, abs=0.052 / 2)
    assert np.mean([draw["at"] for draw in draws]) == pytest.approx(15.9, abs=2.7 / 2)
    assert np.mean([draw["error"][-1] for draw in draws]) == pytest.approx(0.679, abs=0.056 / 2)
    assert np.mean([draw["residual"][-1] for draw in draws]) == pytest.approx(0.654, abs=0.03)
    one = draws[0]
    assert one["norm"] ** 2 == pytest.approx(2 + 2 * one["overlap"])
    assert one["singular_values"][0] == 1


def test_figure_5_by_the_text_has_half_the_iterations():
    at = [[least_squares(seed=s, reading=reading)["at"] for s in range(12)] for reading in ("code", "text")]
    assert np.mean(at[0]) / np.mean(at[1]) == pytest.approx(2, rel=0.25)


#: largest and smallest of the curve that the notebook prints
CODED = [
    (triangle(300, 1), 0.166666, 0.166666),
    (triangle(300, 10), 1.957451, 0.004870),
    (triangle(300, 30), 5.896219, 0.001558),
    (gaussian(300, 1.5), 0.496047, 0.021092),
    (gaussian(300, 3.0), 0.982988, 0.009149),
    (gaussian(300, 15.0), 4.900697, 0.001770),
]


@pytest.mark.parametrize(("u", "largest", "smallest"), CODED)
def test_figure_6_as_coded_is_what_the_notebook_prints(u, largest, smallest):
    values = coded_spectrum(u)
    assert values[0] == pytest.approx(largest, abs=1.1e-6)
    assert values[-1] == pytest.approx(smallest, abs=1.1e-6)


def test_figure_6_right_is_three_times_the_coded_one():
    found = dual_kernels()["kernels"]
    assert [one["name"] for one in found][:4] == [
        "triangle 1",
        "triangle 10",
        "triangle 30",
        "gaussian 0.005",
    ]
    assert [one["directions"] for one in found] == [270, 43, 15, 157, 85, 18]
    for one in found:
        np.testing.assert_allclose(np.array(one["eigenvalues"]) / one["coded"], 3, rtol=5e-4)
        np.testing.assert_allclose(np.square(one["sigma"]), one["eigenvalues"])
        assert sum(one["eigenvalues"]) == pytest.approx(150)
        assert np.linalg.norm(one["kernel"]) == pytest.approx(1)
    assert found[1]["beta"] / found[1]["alpha"] == pytest.approx(32, rel=0.02)
    with pytest.raises(ValueError, match="n must be at least 61"):
        dual_kernels(n=20)


def test_figure_11_fits_the_step_long_before_noise():
    found = step_and_noise(seed=0, n=128, k=128, p=3, steps=400)
    step, noise = found["step"]["reached"], found["noise"]["reached"]
    assert all(one is not None for one in step[:2])
    assert all(late is None or late > 20 * soon for soon, late in zip(step, noise, strict=True))
    assert np.linalg.norm(found["noise"]["target"]) == pytest.approx(np.linalg.norm(found["step"]["target"]))
    assert found["shown"] == [1, 10, 100]
    assert len(found["step"]["outputs"]) == 3


def test_figure_11_with_a_wide_network_is_its_linearisation():
    found = step_and_noise(seed=1, n=64, k=4096, p=3, steps=60, omega=1.0)
    for name in ("step", "noise"):
        late = np.array(found["at"]) >= 5
        np.testing.assert_allclose(
            np.array(found[name]["mse"])[late], np.array(found[name]["linear"])[late], rtol=0.4
        )


def test_the_checkerboard_is_the_mean_and_the_highest_frequency():
    board = checkerboard(6, 8)
    spectrum = np.abs(np.fft.fft2(board))
    assert np.flatnonzero(spectrum.ravel() > 1e-9).tolist() == [0, 3 * 8 + 4]
    assert board.var() == 0.25
    assert np.array_equal(checkerboard(6, 6, block=3), np.kron([[0, 1], [1, 0]], np.ones((3, 3))))


def test_the_checkerboard_is_fitted_like_noise():
    """Published of a decoder: the same curve as noise, and never fitted, .25 at iteration 380."""
    image = data.camera()[::8, ::8] / 255
    found = curves(image=image, seed=0, p=6, at=(0, 100, 380))
    assert found["image"][-1] < 0.2 < found["noise"][-1] < found["checkerboard"][-1]
    assert found["checkerboard"][-1] > 0.8
    assert found["checkerboard"][0] == pytest.approx(2)  # mean square .5 over variance .25


def test_the_power_spectrum_of_a_known_field():
    """A field of power f^-2 gives -2, white noise 0; photographs fall more steeply than f^-1.5."""
    rng, side = np.random.default_rng(0), 512
    radius = np.hypot.outer(*[np.fft.fftfreq(side)] * 2)
    radius[0, 0] = np.inf
    white = rng.standard_normal((side, side))
    field = np.fft.ifft2(np.fft.fft2(white) / radius).real
    assert power_spectrum(white)["slope"] == pytest.approx(0, abs=0.15)
    assert power_spectrum(field)["slope"] == pytest.approx(-2, abs=0.15)
    for picture in (data.camera(), data.astronaut().mean(2), data.coins()):
        found = power_spectrum(picture)
        assert -3.5 < found["slope"] < -1.5
        assert found["within"] > 0.9
    assert power_spectrum(white)["within"] == pytest.approx(0.1, abs=0.01)


def test_the_smallest_sigma_is_that_of_a_board():
    """J^T of the board of one dimension, +1 -1 +1 ..., is the shortest of all: sigma the least."""
    circulant = Circulant(triangle(64, 6))
    sigma = dual_kernel(circulant)
    board = (-1.0) ** np.arange(64) / 8
    energy = board @ np.fft.ifft(np.fft.fft(board) * np.fft.fft(first_column(circulant))).real
    assert energy == pytest.approx(sigma[32] ** 2)
    assert sigma[32] ** 2 <= 1.01 * sigma.min() ** 2
