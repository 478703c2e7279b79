"""Real small runs of network figures, and the same with one thing changed: the verdicts follow."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from math import log10
from typing import Any

import pytest
import torch
from sample_records import record

from priorbench import Observation
from priorbench.contract.records import Curve
from priorbench.experiments import Conclusion, Outcome, Results
from priorbench.reproduction.verdicts import Verdict, judge
from priorbench_deep_decoder.model import DeepDecoder
from priorbench_generators.computations import start_norms, weight_course
from priorbench_generators.instruments.targets import target
from priorbench_generators.model import Generator
from priorbench_heckel2020.networks.fig8 import Fig8
from priorbench_heckel2020.networks.fig9 import Fig9
from priorbench_heckel2020.networks.fig12 import Fig12

HOLDS, FAILS = Verdict.HOLDS, Verdict.FAILS


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Small networks are faster so, beside other tests; and computations have one thread, too."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def verdict(conclusion: Conclusion, words: str) -> Verdict:
    (claim,) = [claim for claim in conclusion.claims if words in claim.statement]
    return judge(claim).verdict


def fitted(method: Any, label: str, name: str, iterations: int, goal: str | None = None) -> Outcome:
    """Fit a target of 64 x 64 and return its outcome, under the label of another network or target."""
    image = target(name, size=64, seed=0)  # type: ignore[arg-type]
    observation = Observation(image=image, noise=None, device=torch.device("cpu"))
    losses = [float(one.loss) for one in itertools.islice(method.iterate(observation), iterations)]
    curve = Curve(
        iteration=tuple(range(1, iterations + 1)),
        wall_seconds=(0.0,) * iterations,
        psnr=tuple(-10 * log10(value) for value in losses),
        residual=tuple(value**0.5 for value in losses),
    )
    return Outcome(
        denoiser=label,
        image_set=goal or {"phantom": "image"}.get(name, name),
        noise="none",
        operator="identity",
        stopping="fixed",
        record=record(key=f"{label} {name}", status="ok", curve=curve),
    )


def concluded(*outcomes: Outcome) -> Conclusion:
    experiment = Fig8()
    return experiment.conclude(experiment.sizes[0], Results(outcomes={"fits": outcomes}))


@pytest.mark.slow(25)
def test_figure_8_with_the_wrong_kernel() -> None:
    """Trained kernels in the place of fixed ones: noise is not ten times slower any more."""
    fixed, trained = Generator(channels=64), Generator(architecture="trainable-3x3", channels=21)
    right = [fitted(fixed, "fixed-kernel-64", name, 350) for name in ("phantom", "noise")]
    planted = [fitted(trained, "fixed-kernel-64", name, 60) for name in ("phantom", "noise")]
    assert verdict(concluded(*right), "fixed-kernel") is HOLDS
    assert verdict(concluded(*planted), "fixed-kernel") is FAILS


@pytest.mark.slow(10)
def test_figure_8_with_another_noise() -> None:
    """The image in the place of noise; and swapped networks: a decoder that does not fit noise at all."""
    decoder = DeepDecoder(
        channels=64, layers=4, order="convolve-first", optimiser="sgd", learning_rate=0.1, engine="plain"
    )
    image = fitted(decoder, "bilinear-64", "phantom", 250)
    noise = fitted(decoder, "bilinear-64", "noise", 250)
    assert verdict(concluded(image, noise), "bilinear") is HOLDS
    smooth = fitted(decoder, "bilinear-64", "phantom", 250, goal="noise")
    assert verdict(concluded(image, smooth), "bilinear") is FAILS


@pytest.mark.slow(10)
def test_figure_9_with_swapped_targets() -> None:
    courses = {
        name: weight_course(0, name=name, size=64, channels=64, iterations=2500, points=5)
        for name in ("phantom", "noise")
    }
    swapped = {"phantom": (courses["noise"],), "noise": (courses["phantom"],)}
    experiment = Fig9()
    for values, expected in (({n: (c,) for n, c in courses.items()}, HOLDS), (swapped, FAILS)):
        conclusion = experiment.conclude(experiment.sizes[-1], Results(values=values))
        assert verdict(conclusion, "In every layer") is expected


@pytest.mark.slow(30)
def test_figure_12_with_scales_that_begin_at_one() -> None:
    """Today's default start of normalisations, and the image in the place of noise."""
    names = ("phantom", "noise-of-equal-norm", "gaussian-of-equal-norm")
    dip = {"phantom": [53e3] * 2, "noise-of-equal-norm": [15e3] * 2}
    found = {
        scale: start_norms(0, network="deep-decoder", names=names, starts=3, scale_init=scale)
        for scale in ("uniform", "one")
    }
    experiment = Fig12()
    for scale, expected in (("uniform", HOLDS), ("one", FAILS)):
        values = {"deep-decoder": (found[scale],), "dip": (dip,), "scales from 1": (found["one"],)}
        conclusion = experiment.conclude(experiment.sizes[-1], Results(values=values))
        assert verdict(conclusion, "deep-decoder: ||J^T y|| is about 8,600") is expected
    swapped = found["uniform"] | {"noise-of-equal-norm": found["uniform"]["phantom"]}
    values = {"deep-decoder": (swapped,), "dip": (dip,), "scales from 1": (swapped,)}
    conclusion = experiment.conclude(experiment.sizes[-1], Results(values=values))
    assert verdict(conclusion, "deep-decoder: ||J^T y|| is much larger") is FAILS
