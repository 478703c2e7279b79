"""1-D signals: seeded, of the structure that their names say, and images of one row for the harness."""

from __future__ import annotations

import numpy as np
import pytest

from priorbench.errors import PriorbenchError
from priorbench.loading.load import load_registry
from priorbench.protocol.metrics import ssim
from priorbench.protocol.refusal import refusal
from priorbench.suite.resolution import choose, instantiate
from priorbench_images.signals import Signals, low_frequencies


def pixels(image_id, **parameters):
    return Signals(**parameters).load(image_id).pixels[0, 0].astype(np.float64)


def test_they_are_grey_images_of_one_row_in_order():
    found = list(Signals(n=64, count=2))
    assert [image.id for image in found] == [
        "step",
        *("piecewise-0", "piecewise-1"),
        *("low-frequency-0", "low-frequency-1"),
        *("noise-0", "noise-1"),
    ]
    for image in found:
        assert image.pixels.shape == (1, 1, 64)
        assert image.pixels.dtype == np.float32
        assert image.pixels.min() >= 0 and image.pixels.max() <= 1
    assert len(Signals(n=64, count=2)) == 7
    assert [image.id for image in Signals(limit=2)] == ["step", "piecewise-0"]


def test_a_signal_does_not_depend_on_which_others_are_chosen():
    alone = Signals(kinds=("noise",)).load("noise-0")
    assert alone.sha256 == Signals(count=3, p=5).load("noise-0").sha256
    assert alone.sha256 != Signals(count=3).load("noise-1").sha256
    assert alone.sha256 != Signals(seed=1).load("noise-0").sha256


@pytest.mark.parametrize(("n", "p"), [(64, 9), (64, 2), (63, 7), (64, 64), (63, 63)])
def test_low_frequencies_are_the_lowest_of_the_fourier_transform(n, p):
    basis = low_frequencies(n, p)
    assert np.allclose(basis @ basis.T, np.eye(p), atol=1e-12)
    spectrum = np.abs(np.fft.rfft(basis, axis=1))
    assert [int(row.argmax()) for row in spectrum] == [(index + 1) // 2 for index in range(p)]
    signal = pixels("low-frequency-0", n=n, p=p)
    outside = signal - basis.T @ (basis @ signal)
    assert np.abs(outside).max() < 1e-6  # float32
    if p % 2 and p < n:
        beyond = np.fft.rfft(signal)[(p + 1) // 2 :]
        assert np.abs(beyond).max() < 1e-5
    assert (signal.min(), signal.max()) == pytest.approx((0.1, 0.9), abs=1e-6)


def test_step_and_piecewise():
    step = pixels("step", n=10)
    assert np.array_equal(step.astype(np.float32), np.float32([0.1] * 5 + [0.9] * 5))
    assert np.count_nonzero(np.diff(pixels("piecewise-0", n=100, pieces=8))) == 7
    assert np.count_nonzero(np.diff(pixels("piecewise-0", n=8, pieces=8, kinds=("piecewise",)))) == 7
    assert np.count_nonzero(np.diff(pixels("piecewise-0", n=8, pieces=1, kinds=("piecewise",)))) == 0


def test_noise_has_no_preferred_frequency():
    noise = pixels("noise-0", n=4096)
    assert (noise.mean(), noise.std()) == pytest.approx((0.5, 12**-0.5), abs=0.02)
    power = np.abs(np.fft.rfft(noise)[1:]) ** 2 / 4096
    low, high = power[:1024].mean(), power[1024:].mean()
    assert low / high == pytest.approx(1, abs=0.2)


def test_errors():
    with pytest.raises(PriorbenchError, match="p is 9: a signal of 8 values has at most 8"):
        Signals(n=8)
    with pytest.raises(PriorbenchError, match="'noise-7' is unknown"):
        Signals().load("noise-7")
    with pytest.raises(PriorbenchError, match="'n'"):
        choose(load_registry(), "image set", "signals:n=1")


def test_a_row_has_no_ssim_and_methods_that_need_more_refuse():
    registry = load_registry()
    [image] = instantiate(registry, "image set", choose(registry, "image set", "signals:limit=1"))
    assert ssim(image.pixels, image.pixels) is None
    spec = registry.find("denoiser", "nl-means").spec
    assert refusal(spec, image.pixels.shape, "cpu", None) == "needs at least 2 pixels each way, not 1 x 512"
