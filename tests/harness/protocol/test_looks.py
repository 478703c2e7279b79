"""Looks: each iterate is brought once, a pass is made only where it must, and rules pay for themselves."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from measuring import Posed, measure_iterative
from virtual_time import stop_the_clock

from priorbench import Iterate, Observation
from priorbench.contract.averages import Average
from priorbench.contract.stopping import Verdict
from priorbench.protocol.clock import Host
from priorbench.protocol.fit import OwnFit
from priorbench.protocol.looks.watcher import Rule
from priorbench.protocol.measure import measure_iterative as watch
from priorbench.protocol.watching import Watched
from priorbench.standard.stopping_rules import BestLoss, Fixed, Oracle


@pytest.fixture
def problem() -> Posed:
    rng = np.random.default_rng(1)
    clean = rng.random((3, 8, 9), dtype=np.float32)
    noisy = (clean + 0.1 * rng.standard_normal(clean.shape)).astype(np.float32)
    observation = Observation(image=torch.empty(0), noise=None, device=torch.device("cpu"))
    return Posed(noisy=noisy, observation=observation, clean=clean)


class Net:
    """Gradient descent: the output is of before the step, the estimate of after it, and the next output."""

    def __init__(self, *, tells=True, length=10**9, seconds=0.0):
        self.tells, self.length, self.seconds = tells, length, seconds
        self.estimates = self.steps = 0

    def iterate(self, observation):
        x = torch.zeros_like(observation.image)
        while self.steps < self.length:
            time.sleep(self.seconds)
            self.steps += 1
            loss = float((x - observation.image).square().mean())
            output, x = x, x + 0.1 * (observation.image - x)
            yield Iterate(output, loss=loss, estimate=self.estimate(x), estimate_is_next_output=self.tells)

    def estimate(self, x):
        def made():
            self.estimates += 1
            return x.clone()

        return made


class Looks:
    """Wants every iterate, keeps the last it saw, and stops at a number."""

    def __init__(self, stop, *, kind="output", seconds=0.0, every=1):
        self.stop, self.kind, self.seconds, self.every = stop, kind, seconds, every

    def begin(self, trajectory):
        self.seen = []

    def wants(self, iteration):
        return iteration % self.every == 0

    def observe(self, look):
        self.seen.append(getattr(look, self.kind).clone())
        time.sleep(self.seconds)
        return Verdict(keep=True, stop=look.iteration >= self.stop, fired=True)


class Plain:
    """Yields images that are both output and estimate; or estimates alone, which take these seconds."""

    def __init__(self, *, estimates=0.0):
        self.estimates = estimates

    def iterate(self, observation):
        while True:
            time.sleep(0.01)
            yield (
                Iterate(None, estimate=self.made(observation.image)) if self.estimates else observation.image
            )

    def made(self, image):
        def estimate():
            time.sleep(self.estimates)
            return image.clone()

        return estimate


def rules(stop=30):
    return [
        Rule(Fixed(iterations=stop)),
        Rule(BestLoss(iterations=stop)),
        Rule(Oracle(iterations=stop), True),
        Rule(Looks(stop)),
        Rule(Fixed(iterations=stop), average=Average(kind="ema", weight=0.9)),
    ]


def test_estimates_that_the_next_output_shows_are_the_same_and_cost_no_pass(problem: Posed) -> None:
    told, untold = Net(tells=True), Net(tells=False)
    cheap = measure_iterative(told, problem, Host(), rules(), budget=30)
    dear = measure_iterative(untold, problem, Host(), rules(), budget=30)
    for one, other in zip(cheap, dear, strict=True):
        assert np.array_equal(one.output, other.output)
        assert (one.iterations, one.stopped_at, one.fired) == (
            other.iterations,
            other.stopped_at,
            other.fired,
        )
    assert untold.estimates == 30
    assert told.estimates <= 2  # the first, before the method has told it, and the last


def test_the_curve_is_the_same_whoever_watches(problem: Posed) -> None:
    def curve_of(own, tells):
        points = []
        measure_iterative(Net(tells=tells), problem, Host(), own, 30, points.append)
        return [(point.iteration, point.estimate.tobytes(), point.loss) for point in points]

    alone = curve_of([Rule(Fixed(iterations=30))], False)
    assert alone == curve_of(rules(), True) == curve_of([Rule(Fixed(iterations=30))], True)
    assert alone[0][0] == 1
    assert len(alone) > 15


def test_a_rule_sees_only_what_it_wants(problem: Posed) -> None:
    sparse = Looks(24, every=8)
    measure_iterative(Net(), problem, Host(), [Rule(sparse), Rule(Oracle(iterations=24), True)], budget=24)
    assert len(sparse.seen) == 3


def test_a_method_that_ends_is_watched_to_its_end(problem: Posed) -> None:
    outcomes = measure_iterative(Net(length=7), problem, Host(), rules(), budget=30)
    assert [one.stopped_at for one in outcomes] == [7] * 5
    assert not any(one.fired for one in outcomes)
    assert outcomes[0].iterations == 7
    same = measure_iterative(Net(length=7, tells=False), problem, Host(), rules(), budget=30)
    for one, other in zip(outcomes, same, strict=True):
        assert np.array_equal(one.output, other.output)


def test_iterations_made_ahead_are_not_counted_before_they_are_looked_at(problem: Posed, monkeypatch) -> None:
    stop_the_clock(monkeypatch)
    outcome, _ = measure_iterative(
        Net(seconds=0.01), problem, Host(), [Rule(Looks(5)), Rule(Looks(12))], budget=30
    )
    assert outcome.wall_seconds == pytest.approx(0.05)


def test_a_rule_pays_for_its_judging_and_nobody_else_does(problem: Posed, monkeypatch) -> None:
    stop_the_clock(monkeypatch)
    cheap, dear = measure_iterative(
        Net(seconds=0.002), problem, Host(), [Rule(Looks(10)), Rule(Looks(10, seconds=0.02))], budget=30
    )
    assert [cheap.wall_seconds, dear.wall_seconds] == pytest.approx([0.02, 0.22])
    assert dear.cpu_seconds - cheap.cpu_seconds == pytest.approx(0.2, abs=0.08)
    assert dear.device_seconds == pytest.approx(cheap.device_seconds)


def test_patience_is_paid_for(problem: Posed, monkeypatch) -> None:
    stop_the_clock(monkeypatch)

    class Waits:
        def begin(self, trajectory):
            pass

        def wants(self, iteration):
            return True

        def observe(self, look):
            return Verdict(keep=look.iteration == 3, stop=look.iteration == 13, fired=True)

    (outcome,) = measure_iterative(Net(seconds=0.01), problem, Host(), [Rule(Waits())], budget=30)
    assert (outcome.iterations, outcome.stopped_at) == (3, 13)
    assert outcome.wall_seconds == pytest.approx(0.13)


def test_only_a_rule_that_needs_it_is_told_the_energy_of_the_noise() -> None:
    from priorbench.protocol.exchange import Problem

    class Told(Looks):
        def begin(self, trajectory):
            self.told = trajectory.noise_energy, trajectory.denoiser, trajectory.parameters

    observation = Observation(image=torch.empty(0), noise=None, device=torch.device("cpu"))
    noisy = np.zeros((1, 4, 4), dtype=np.float32)
    needs, does_not = Told(1), Told(1)
    Watched(
        Problem(noisy=noisy, observation=observation),
        [Rule(needs, needs=("noise-energy",)), Rule(does_not)],
        noise_energy=0.25,
        denoiser="net",
        parameters={"iterations": 3},
    )
    assert needs.told == (0.25, "net", {"iterations": 3})
    assert does_not.told[0] is None


def test_an_image_that_a_rule_and_its_average_ask_for_is_brought_and_paid_once(
    problem: Posed, monkeypatch
) -> None:
    stop_the_clock(monkeypatch)
    ema = Average(kind="ema", weight=0.9)

    def seconds(method, *rules):
        fit = OwnFit(method, [problem.problem], Host(), slow)
        (outcomes,) = watch(fit, [Watched(problem.problem, rules, 30, curve=None)])
        return [one.wall_seconds for one in outcomes]

    def slow(image):
        time.sleep(0.001)
        return image.clone()

    for rules, carried in (
        ([Rule(Fixed(iterations=10))], [1]),
        ([Rule(Looks(10))], [10]),
        ([Rule(Fixed(iterations=10), average=ema)], [10]),
        ([Rule(Looks(10), average=ema)], [10]),
        ([Rule(Looks(10, kind="estimate"), average=ema), Rule(Looks(10))], [10, 10]),
    ):
        assert seconds(Plain(), *rules) == pytest.approx([0.1 + 0.001 * number for number in carried])
    # an estimate is made, too: for the average at each iteration, for a fixed number of them once
    for rules, made in (
        ([Rule(Fixed(iterations=10))], 1),
        ([Rule(Fixed(iterations=10), average=ema)], 10),
        ([Rule(Looks(10, kind="estimate"), average=ema)], 10),
        ([Rule(Looks(10, kind="estimate"))], 10),
    ):
        assert seconds(Plain(estimates=0.004), *rules) == pytest.approx([0.1 + 0.005 * made])
