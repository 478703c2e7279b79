"""The ratio of blurriness to sharpness against its definition, written with convolutions and sorted lists."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from denoising_support import photograph
from rule_driving import Followed, by_formula, follow
from scipy.ndimage import gaussian_filter
from scipy.signal import convolve2d
from skimage.measure import blur_effect

from priorbench.errors import PriorbenchError
from priorbench_stopping.blur_sharpness import BlurSharpness
from priorbench_stopping.sharpness import blurriness, grey, sharpness


def blur_by_convolution(x: np.ndarray) -> float:
    """Follow Crete et al. with first differences and a mean over 9 pixels, where it is defined."""
    values = []
    for plane in (x, x.T):
        mean = convolve2d(plane, np.ones((1, 9)) / 9, mode="same")
        rows, columns = plane.shape
        sharp, blurred = (
            np.abs(np.diff(one[:, 5 : columns - 4], axis=1))[6 : rows - 5, :-1] for one in (plane, mean)
        )
        varied = np.maximum(0, sharp - blurred)
        values.append((sharp.sum() - varied.sum()) / sharp.sum())
    return max(values)


def sharpness_by_lists(x: np.ndarray) -> float:
    """Follow Bahrami and Kot, pixel by pixel."""
    inner = x[2:-1, 2:-1]
    padded = np.pad(inner, 1)
    found = []
    for row in range(inner.shape[0]):
        for column in range(inner.shape[1]):
            around = padded[row : row + 3, column : column + 3].copy().ravel()
            centre = around[4]
            found.append(max(np.delete(around, 4)) - centre)
    ranked = sorted(found, reverse=True)
    weighted = [ranked[k] * np.exp(-0.01 * k) for k in range(2, min(1001, len(ranked)))]
    return float(np.sqrt(np.mean(np.square(weighted))))


@pytest.mark.parametrize(
    ("channels", "height", "width"), [(3, 64, 90), (1, 33, 32), (3, 12, 12), (1, 200, 17)]
)
def test_both_measures_follow_their_definitions(channels, height, width):
    plane = grey(photograph(channels, height, width))
    if min(height, width) > 12:
        assert blurriness(plane) == pytest.approx(blur_by_convolution(plane.astype(float)), rel=1e-5)
    assert sharpness(plane) == pytest.approx(sharpness_by_lists(plane.astype(float)), rel=1e-5)


def test_both_measures_follow_a_blur_and_blurriness_does_as_scikit_image_has_it():
    image = photograph(1, 128, 128)
    planes = [grey(gaussian_filter(image, (0, s, s))) for s in (0.5, 1, 2, 4)]
    assert np.all(np.diff([blurriness(one) for one in planes]) > 0)
    assert np.all(np.diff([sharpness(one) for one in planes]) < 0)
    same = [(blurriness(one), blur_effect(one.astype(float), h_size=9)) for one in planes]
    assert all(abs(own - other) < 0.12 for own, other in same), same


def test_the_measures_of_outputs_are_the_published_code_s():
    # PerceptualBlurMetric and MLVSharpnessMeasure of code/utils/measure_utils.py on these outputs
    plane = [grey(output.numpy()) for output in by_formula(101, side=32)][100]
    assert blurriness(plane) == pytest.approx(0.6982787239, rel=1e-5)
    assert sharpness(plane) == pytest.approx(0.0773306135, rel=1e-5)


def test_it_fires_where_two_means_of_ratios_agree():
    outputs = list(by_formula(300, side=20))
    ratios = [blurriness(p) / sharpness(p) for p in (grey(one.numpy()) for one in outputs)]
    n, tolerance = 30, 0.2
    expected = next(
        i + 1
        for i in range(2 * n + 1, 300)
        if abs(np.mean(ratios[i - 2 * n : i - n]) - np.mean(ratios[i - n + 1 : i])) < tolerance
    )
    assert expected > 2 * n + 10
    found = follow(BlurSharpness(window=n, tolerance=tolerance), outputs)
    assert found == Followed(kept=expected, stopped=expected, fired=True)
    later = follow(BlurSharpness(window=n, tolerance=1e9, min_iterations=200), outputs)
    assert later == Followed(kept=200, stopped=200, fired=True)
    first = follow(BlurSharpness(window=n, tolerance=1e9), outputs)
    assert first.kept == 2 * n + 2


def test_flat_outputs_have_no_ratio_and_do_not_fire():
    outputs = [torch.full((3, 16, 16), 0.5)] * 30
    assert follow(BlurSharpness(window=5), outputs) == Followed(kept=30, stopped=30, fired=False)


def test_images_too_small_for_the_measures_are_refused():
    with pytest.raises(PriorbenchError, match="11 x 40 is too small"):
        follow(BlurSharpness(), [torch.zeros(1, 11, 40)])


@pytest.mark.parametrize("parameters", [{"window": 1}, {"tolerance": 0.0}, {"min_iterations": -1}])
def test_parameters_that_mean_nothing_are_refused_by_name(parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        BlurSharpness(**parameters)
