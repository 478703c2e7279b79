"""The deep decoder against the published figures of Heckel & Soltanolkotabi 2020."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from priorbench import Observation
from priorbench.toolkit.sizes import Frame
from priorbench_deep_decoder.model import DeepDecoder


def published_phantom() -> torch.Tensor:
    """Return the palette phantom of the published experiments, (1, 256, 256)."""
    phantom = pytest.importorskip("priorbench_images.phantom").Phantom(variant="palette")
    image = torch.from_numpy(next(iter(phantom)).pixels)
    assert float(image.double().norm()) == pytest.approx(85.7806, abs=1e-4)
    return image


@pytest.mark.slow
def test_the_phantom_is_fitted_as_fast_as_published():
    """Heckel & Soltanolkotabi 2020, Fig. 8: SGD reaches 0.05 after 18 and 0.01 after 47 steps (+- 10 %)."""
    method = DeepDecoder(channels=128, layers=4, order="convolve-first", optimiser="sgd", learning_rate=0.1)
    observation = Observation(image=published_phantom(), noise=None, device=torch.device("cpu"))
    losses = torch.stack([it.loss for it in itertools.islice(method.iterate(observation), 58)])
    assert 0.14 < float(losses[0]) < 0.18
    assert 14 <= int((losses <= 0.05).nonzero()[0]) <= 22
    assert 39 <= int((losses <= 0.01).nonzero()[0]) <= 57


def jacobian_norm(target: torch.Tensor, *, seed: int, scale_init: str = "uniform") -> float:
    """Return ||J^T y|| over the convolutions of the [256]x4 convolve-first decoder at its initial weights."""
    method = DeepDecoder(channels=256, layers=4, order="convolve-first", scale_init=scale_init)
    network, z = method.untrained.start(1, Frame(height=256, width=256, multiple=16), seed)
    network(z.to(memory_format=torch.channels_last)).backward(target[None])
    mixings = [layer.mix.weight for layer in network.hidden] + [network.output.weight]
    return float(torch.stack([w.grad.square().sum() for w in mixings]).sum().sqrt())


def published_noise(seed: int) -> torch.Tensor:
    """Uniform noise with the norm of the published phantom."""
    noise = torch.rand(1, 256, 256, generator=torch.Generator().manual_seed(seed))
    return noise * (85.7806 / noise.norm())


@pytest.mark.slow(20)
def test_initial_sensitivity_to_noise_is_the_published_one():
    """Heckel & Soltanolkotabi 2020, Fig. 12: 597 +- 63, and 1662 +- 243 had the scales begun at 1."""
    uniform = np.mean([jacobian_norm(published_noise(s), seed=s) for s in range(3)])
    assert abs(uniform - 597) < 63 * 2
    one = np.mean([jacobian_norm(published_noise(s), seed=s, scale_init="one") for s in range(2)])
    assert abs(one - 1662) < 243 * 2


@pytest.mark.slow(12)
def test_initial_sensitivity_to_the_phantom_is_the_published_one():
    """The same figure: 8334 +- 693 for the palette phantom, an order of magnitude above noise."""
    image = published_phantom()
    mean = np.mean([jacobian_norm(image, seed=s) for s in range(3)])
    assert abs(mean - 8334) < 693 * 2
