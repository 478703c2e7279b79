"""Which methods a board calls doubtful: careless cheats, and none of those that are shipped."""

from __future__ import annotations

import numpy as np
import pytest
from inverse_problems import problem

from priorbench.loading.load import load_registry
from priorbench.protocol.measure import measure
from priorbench.protocol.metrics import clip01, psnr
from priorbench.protocol.scoring import noise_correlation
from priorbench.ranking.suspicion import Suspect, flags
from priorbench.suite.resolution import choose, instantiate

HONEST = ("bm3d", "tv", "wavelet", "nl-means", "two-layer-linear", "identity")
NOISES = ("gaussian-15", "gaussian-50", "gaussian-25-clipped", "poisson", "salt-and-pepper")


@pytest.fixture(scope="module")
def registry():
    return load_registry()


def outputs(registry, noisy) -> dict[str, np.ndarray]:
    """Return what honest methods make of a noisy image."""
    found = {}
    for name in HONEST:
        if registry.find("denoiser", name).spec.requires and name == "bm3d":
            pytest.importorskip("bm3d")
        choice = choose(registry, "denoiser", name)
        method = instantiate(registry, "denoiser", choice)
        rules = [(instantiate(registry, "stopping rule", choose(registry, "stopping rule", "fixed")), False)]
        (outcome,) = measure(method, noisy.problem, rules, choice.parameters.get("iterations"))
        found[name] = outcome.output
    return found


def judged(given: dict[str, np.ndarray], noisy) -> dict[str, tuple[str, ...]]:
    """Return the flags of outputs, each as the one image of a row of one board."""
    clean, y = noisy.clean, noisy.problem.noisy
    rows = [
        Suspect(
            method=name,
            oracle=False,
            images=1,
            too_exact=0,
            gain=psnr(clip01(output), clean) - psnr(y, clean),
            noise_correlation=noise_correlation(clip01(output), clean, y),
        )
        for name, output in given.items()
    ]
    return dict(zip(given, flags(rows), strict=True))


@pytest.mark.parametrize("noise", NOISES)
def test_careless_cheats_are_doubtful_and_shipped_methods_are_not(registry, noise):
    [image] = instantiate(registry, "image set", choose(registry, "image set", "photos:crop=64,limit=1"))
    noisy = problem(registry, image, "identity", noise=noise)
    x, y = noisy.clean, noisy.problem.noisy
    honest = outputs(registry, noisy)
    assert not any(judged(honest, noisy).values())
    cheats = {f"y - {part} n": y - np.float32(part) * (y - x) for part in (0.6, 0.9, 1.1, 1.5)}
    cheats |= {f"0.1 {name} + 0.9 x": 0.9 * x + 0.1 * honest[name] for name in ("bm3d", "wavelet")}
    cheats |= {"bm3d - 0.6 n": honest["bm3d"] - np.float32(0.6) * (y - x)}
    for name, output in cheats.items():
        found = judged(honest | {name: output.astype(np.float32)}, noisy)
        assert found.pop(name), name
        assert not any(found.values()), name  # nor does a cheat make an honest method doubtful
