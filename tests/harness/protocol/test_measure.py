"""Measuring: the harness owns the loop and the clock, checks what comes out, scores nothing on the clock."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
import torch
from measuring import Posed, measure_iterative, measure_one_shot
from virtual_time import stop_the_clock

from priorbench import Iterate, Observation
from priorbench.contract.stopping import Verdict
from priorbench.protocol.clock import Host
from priorbench.protocol.exchange import InvalidOutputError
from priorbench.protocol.measure import next_log_spaced
from priorbench.standard.stopping_rules import BestLoss, Fixed, Oracle


@pytest.fixture
def problem() -> Posed:
    rng = np.random.default_rng(1)
    clean = rng.random((3, 8, 9), dtype=np.float32)
    noisy = (clean + 0.1 * rng.standard_normal(clean.shape)).astype(np.float32)
    observation = Observation(image=torch.empty(0), noise=None, device=torch.device("cpu"))
    return Posed(noisy=noisy, observation=observation, clean=clean)


class OneShot:
    def __init__(self, function):
        self.denoise = lambda observation: function(observation.image)


class Counting:
    """Yields the constant image t at iteration t, always in the same buffer."""

    def __init__(self, end=10**9, losses=None):
        self.end, self.losses, self.steps, self.estimates = end, losses, 0, 0

    def iterate(self, observation):
        buffer = torch.zeros_like(observation.image)
        while self.steps < self.end:
            self.steps += 1
            buffer.fill_(self.steps)
            if self.losses is None:
                yield buffer
            else:
                yield Iterate(
                    torch.zeros_like(buffer), loss=self.losses[self.steps - 1], estimate=self.estimate(buffer)
                )

    def estimate(self, buffer):
        def evaluate():
            self.estimates += 1
            return buffer

        return evaluate


def test_a_one_shot_result_comes_back_unchanged(problem):
    outcome = measure_one_shot(OneShot(lambda image: image * 2), problem, Host())
    assert np.array_equal(outcome.output, problem.noisy * 2)
    assert outcome.wall_seconds > 0
    assert outcome.iterations is None


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda image: image[:, :-1], r"shape \(3, 8, 9\), got \(3, 7, 9\)"),
        (lambda image: image.numpy(), "torch.Tensor, got ndarray"),
        (lambda image: image.to(torch.uint8), "floating-point image, got torch.uint8"),
        (lambda image: image / 0, "NaN or infinite"),
        (lambda image: image.mul_(0.5), "changed its input"),
    ],
)
def test_invalid_outputs_are_refused_with_the_reason(problem, function, reason):
    with pytest.raises(InvalidOutputError, match=reason):
        measure_one_shot(OneShot(function), problem, Host())


def test_one_fit_feeds_many_rules_and_runs_no_longer_than_the_longest(problem, monkeypatch):
    method = Counting()
    monkeypatch.setattr(time, "perf_counter", lambda: float(method.steps))  # an iteration takes one second
    rules = [(Fixed(iterations=7), False), (Fixed(), False), (Fixed(iterations=3), False)]
    outcomes = measure_iterative(method, problem, Host(), rules, budget=12)
    assert method.steps == 12
    assert [outcome.iterations for outcome in outcomes] == [7, 12, 3]
    assert [float(outcome.output.max()) for outcome in outcomes] == [7, 12, 3]  # buffers were copied
    assert [outcome.wall_seconds for outcome in outcomes] == [7, 12, 3]


def test_estimates_are_asked_for_only_where_the_harness_looks(problem):
    method = Counting(losses=[1.0] * 50)
    outcome = measure_iterative(method, problem, Host(), [(Fixed(), False)], budget=50)[0]
    on_curve = [1]
    while (following := next_log_spaced(on_curve[-1])) <= 50:
        on_curve.append(following)
    assert method.estimates == len(set(on_curve) | {50})
    assert float(outcome.output.max()) == 50


def test_a_method_that_ends_early_returns_its_last_iterate(problem):
    outcome = measure_iterative(Counting(end=5), problem, Host(), [(Fixed(), False)], budget=50)[0]
    assert (outcome.iterations, float(outcome.output.max())) == (5, 5)


def test_a_method_that_yields_nothing_has_no_result(problem):
    outcome = measure_iterative(Counting(end=0), problem, Host(), [(Fixed(), False)], budget=5)[0]
    assert isinstance(outcome.error, InvalidOutputError)


def test_best_loss_keeps_what_the_published_code_keeps(problem):
    losses = [float(value) for value in np.random.default_rng(3).random(200) + np.geomspace(2, 0.01, 200)]
    best, kept = math.inf, 0
    for number, loss in enumerate(losses, 1):  # include/fit.py: if best > 1.005 * loss, copy the net
        if best > 1.005 * loss:
            best, kept = loss, number
    outcome = measure_iterative(Counting(losses=losses), problem, Host(), [(BestLoss(), False)], budget=200)[
        0
    ]
    assert outcome.iterations == kept
    assert float(outcome.output.max()) == kept  # the network after that step, not the output before it


def test_best_loss_says_that_a_method_gives_no_loss(problem):
    outcome = measure_iterative(
        Counting(), problem, Host(), [(BestLoss(), False), (Fixed(), False)], budget=4
    )
    assert "yields none" in str(outcome[0].error)
    assert outcome[1].iterations == 4


def test_only_an_oracle_sees_the_clean_image(problem):
    class Peeks:
        def begin(self, trajectory):
            self.clean = trajectory.clean

        def wants(self, iteration):
            return iteration == 1

        def observe(self, look):
            return Verdict(keep=True, stop=True)

    blind, oracle = Peeks(), Peeks()
    measure_iterative(Counting(), problem, Host(), [(blind, False), (oracle, True)], budget=2)
    assert blind.clean is None
    assert torch.equal(oracle.clean, torch.tensor(problem.clean))


def test_the_oracle_returns_the_nearest_iterate(problem):
    class Passes:
        def iterate(self, observation):
            clean = torch.tensor(problem.clean)
            for step in range(40):
                yield clean + abs(step - 26) / 100

    outcomes = measure_iterative(
        Passes(), problem, Host(), [(Oracle(), True), (Oracle(every=5), True)], budget=40
    )
    assert outcomes[0].iterations == 27
    assert outcomes[1].iterations == 25  # it saw 5, 10, ..., not the curve's points, 28 among them


def test_looking_is_off_the_clock(problem, monkeypatch):
    stop_the_clock(monkeypatch)

    class Paced(Counting):
        def iterate(self, observation):
            for item in super().iterate(observation):
                time.sleep(0.002)
                yield item

    def dawdle(point):
        time.sleep(0.02)

    outcome = measure_iterative(Paced(), problem, Host(), [(Fixed(), False)], budget=20, curve=dawdle)[0]
    assert outcome.wall_seconds == pytest.approx(0.04)  # 13 looks of 20 ms would add 0.26 s


def test_the_curve_has_about_23_points_for_each_decade():
    points = [1]
    while points[-1] < 10000:
        points.append(next_log_spaced(points[-1]))
    assert points[:10] == list(range(1, 11))
    assert 20 <= sum(1000 <= point < 10000 for point in points) <= 26


class Lazy:
    """Yields iterates that have an estimate and nothing else."""

    def __init__(self):
        self.made = []

    def iterate(self, observation):
        number = 0
        while True:
            number += 1
            yield Iterate(None, loss=1 / number, estimate=self.image(observation.image, number))

    def image(self, like, number):
        def make():
            self.made.append(number)
            return torch.full_like(like, number)

        return make


class Outputs:
    """Stops at iteration 4 and remembers what it saw as the output."""

    def __init__(self):
        self.seen = {}

    def begin(self, trajectory):
        pass

    def wants(self, iteration):
        return iteration in (3, 4)

    def observe(self, look):
        self.seen[look.iteration] = float(look.output.mean())
        return Verdict(keep=look.iteration == 4, stop=look.iteration == 4)


def test_an_iterate_without_an_output_is_made_once_and_only_where_it_is_looked_at(problem):
    method, rule = Lazy(), Outputs()
    (outcome,) = measure_iterative(method, problem, Host(), [(rule, False)], None)
    assert outcome.output.mean() == 4
    assert rule.seen[3] == 3
    assert method.made == [1, 2, 3, 4]  # each of them a point of the curve
    method = Lazy()
    (outcome,) = measure_iterative(method, problem, Host(), [(Fixed(iterations=100), False)], None)
    assert outcome.output.mean() == 100
    assert len(method.made) == len(set(method.made)) < 40


def test_an_iterate_with_neither_output_nor_estimate_is_invalid(problem):
    class Nothing:
        def iterate(self, observation):
            while True:
                yield Iterate(None)

    with pytest.raises(InvalidOutputError, match="got NoneType"):
        measure_iterative(Nothing(), problem, Host(), [(Fixed(iterations=2), False)], None)
