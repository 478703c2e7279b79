"""The clock beside an accelerator that is really asynchronous, and beside a harness that looks often."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from measuring import Posed, measure_iterative, measure_one_shot
from stand_in_gpu import Stream
from virtual_time import stop_the_clock

from priorbench import Observation
from priorbench.protocol.clock import Host
from priorbench.standard.stopping_rules import Fixed, Oracle

STEP = 0.01  #: seconds that the device takes for an iteration


@pytest.fixture
def problem() -> Posed:
    noisy = np.random.default_rng(1).random((1, 8, 9), dtype=np.float32)
    observation = Observation(image=torch.empty(0), noise=None, device=torch.device("cpu"))
    return Posed(noisy=noisy, observation=observation, clean=noisy)


class LeavesWork:
    """Queues all its work and returns before any of it is done."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream

    def denoise(self, observation):
        output = torch.zeros_like(observation.image)
        self.stream.launch(lambda: (time.sleep(5 * STEP), output.copy_(observation.image)))
        return output

    def iterate(self, observation):
        output = torch.zeros_like(observation.image)
        while True:
            self.stream.launch(lambda: (time.sleep(STEP), output.add_(1)))
            yield output


def test_work_that_a_method_leaves_on_the_device_is_counted_and_its_result_waited_for(problem):
    stream = Stream()
    outcome = measure_one_shot(LeavesWork(stream), problem, stream)
    assert outcome.wall_seconds >= 5 * STEP
    assert outcome.device_seconds >= 5 * STEP
    assert outcome.cpu_seconds < 2 * STEP
    assert np.array_equal(outcome.output, problem.noisy)


def test_queued_iterations_are_counted_where_the_harness_stops(problem):
    stream = Stream()
    rules = [(Fixed(iterations=12), False), (Fixed(iterations=30), False)]
    early, late = measure_iterative(LeavesWork(stream), problem, stream, rules, budget=None)
    for outcome, iterations in ((early, 12), (late, 30)):
        assert outcome.wall_seconds >= iterations * STEP
        assert outcome.device_seconds >= iterations * STEP
        assert float(outcome.output.max()) == iterations


def test_a_method_that_queues_pays_for_nothing_that_was_queued_before_it(problem):
    stream = Stream()
    stream.launch(lambda: time.sleep(1.0))
    assert measure_one_shot(LeavesWork(stream), problem, stream).wall_seconds < 1.0


class Paced:
    """Takes `STEP` for an iteration."""

    def iterate(self, observation):
        while True:
            time.sleep(STEP)
            yield observation.image.clone()


def test_wall_seconds_do_not_change_when_the_harness_looks_ten_times_as_often(problem, monkeypatch):
    """A look takes 3 ms here: 40 on the clock would add 120 ms to 400."""
    stop_the_clock(monkeypatch)

    class Slow(Oracle):
        def observe(self, look):
            time.sleep(0.003)
            return super().observe(look)

    seconds = {}
    for every in (10, 1):
        rules = [(Fixed(), False), (Slow(every=every), True)]
        fixed, _ = measure_iterative(Paced(), problem, Host(), rules, budget=40)
        seconds[every] = fixed.wall_seconds
    assert seconds == pytest.approx({10: 40 * STEP, 1: 40 * STEP})
