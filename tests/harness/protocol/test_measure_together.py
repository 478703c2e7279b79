"""Several images measured as one fit: the outcomes are those of the fits alone, each pays for its share."""

from __future__ import annotations

import time
from functools import cache

import numpy as np
import pytest
import torch
from measuring import Posed, measure_iterative, measure_together
from virtual_time import stop_the_clock

from priorbench import Iterate, Observation
from priorbench.protocol.clock import Host
from priorbench.standard.stopping_rules import BestLoss, Fixed, Oracle

CPU = torch.device("cpu")


class Steps:
    """Goes to the image in steps of its own and counts its company."""

    def __init__(self, *, length: int = 1000) -> None:
        self.length = length

    def iterate(self, observation):
        for step in range(1, self.length + 1):
            time.sleep(0.001)
            yield observation.image / step

    def iterate_together(self, observations):
        fits = [self.iterate(one) for one in observations]
        yield from zip(*fits, strict=True)


def problems(number: int = 3) -> list[Posed]:
    rng = np.random.default_rng(1)
    made = []
    for _ in range(number):
        clean = rng.random((3, 8, 9), dtype=np.float32)
        noisy = (clean + 0.1 * rng.standard_normal(clean.shape)).astype(np.float32)
        observation = Observation(image=torch.empty(0), noise=None, device=CPU)
        made.append(Posed(noisy=noisy, observation=observation, clean=clean))
    return made


def rules():
    return [(Fixed(iterations=7), False), (Oracle(), True), (BestLoss(), False)]


def test_outcomes_are_those_of_the_fits_alone_and_times_a_share(monkeypatch):
    stop_the_clock(monkeypatch)
    points: list[list] = [[], [], []]
    together = measure_together(
        Steps(length=30), problems(), Host(), [rules() for _ in range(3)], 30, [own.append for own in points]
    )
    for problem, outcomes, seen in zip(problems(), together, points, strict=True):
        curve: list = []
        alone = measure_iterative(Steps(length=30), problem, Host(), rules(), 30, curve.append)
        for got, wanted in zip(outcomes, alone, strict=True):
            assert type(got.error) is type(wanted.error)
            assert got.iterations == wanted.iterations
            if wanted.output is not None:
                np.testing.assert_array_equal(got.output, wanted.output)
        assert [point.iteration for point in seen] == [point.iteration for point in curve]
        # each of the three sleeps one millisecond in every step, and pays for one of them
        assert outcomes[0].wall_seconds == pytest.approx(0.007)


def test_a_step_is_paid_for_by_those_that_still_want_it(monkeypatch):
    """One image stops at 5 of 40 steps of three milliseconds each; the other two pay for the rest."""
    stop_the_clock(monkeypatch)
    ends = [5, 40, 40]
    chosen = [[(Fixed(iterations=end), False)] for end in ends]
    outcomes = measure_together(Steps(), problems(), Host(), chosen, None, [lambda point: None] * 3)
    first, second, third = (own.wall_seconds for (own,) in outcomes)
    assert [own.iterations for (own,) in outcomes] == ends
    assert first == pytest.approx(5 * 0.001)
    assert [second, third] == pytest.approx([first + 35 * 0.003 / 2] * 2)


class Stacked(Steps):
    """Its estimates come all at once, at the first that is asked for."""

    def iterate_together(self, observations):
        for row in super().iterate_together(observations):

            @cache
            def estimates(row=row):
                time.sleep(0.09)
                return row

            yield [Iterate(None, loss=0.0, estimate=lambda n=n, e=estimates: e()[n]) for n in range(len(row))]


def test_an_estimate_of_all_is_paid_for_by_all(monkeypatch):
    stop_the_clock(monkeypatch)
    chosen = [[(Fixed(iterations=2), False)] for _ in range(3)]
    outcomes = measure_together(Stacked(), problems(), Host(), chosen, None, [lambda point: None] * 3)
    seconds = [own.wall_seconds for (own,) in outcomes]
    assert seconds == pytest.approx([0.002 + 0.03] * 3)
