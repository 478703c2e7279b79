"""What is reported of a trajectory: the iterate, an exponential average, or the mean of the last ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from measuring import Posed, measure_iterative

from priorbench import Iterate, Observation
from priorbench.contract.averages import RAW, Average, read_average, reserved_parameters
from priorbench.contract.stopping import Verdict
from priorbench.errors import PriorbenchError
from priorbench.protocol.clock import Host
from priorbench.protocol.looks.averaging import averager
from priorbench.protocol.looks.watcher import Rule
from priorbench.standard.stopping_rules import Fixed, Oracle

EMA, LAST = Average(kind="ema", weight=0.9), Average(kind="last", count=4)


@pytest.fixture
def problem() -> Posed:
    clean = np.full((1, 4, 4), 0.5, dtype=np.float32)
    observation = Observation(image=torch.empty(0), noise=None, device=torch.device("cpu"))
    return Posed(noisy=clean + np.float32(0.1), observation=observation, clean=clean)


class Steps:
    """Yields the constant image x_t; its estimate is another one."""

    def __init__(self, values):
        self.values = values

    def iterate(self, observation):
        for value in self.values:
            output = torch.full_like(observation.image, value)
            yield Iterate(output, estimate=lambda output=output: output + 100)


def test_averages_are_those_of_their_formulas() -> None:
    outputs = torch.randn(50, 3, 5, 4, generator=torch.Generator().manual_seed(0))
    for average, expected in (
        (EMA, lambda t: sum(0.9 ** (t - k) * (0.1 if k else 1) * outputs[k].double() for k in range(t + 1))),
        (LAST, lambda t: outputs[max(0, t - 3) : t + 1].double().mean(0)),
    ):
        running = averager(average)
        for t, output in enumerate(outputs):
            running.add(output)
            assert running.current().dtype == torch.float32
            assert torch.allclose(running.current().double(), expected(t), atol=1e-6)


def test_an_average_is_not_written_to_again() -> None:
    for average in (EMA, LAST):
        running = averager(average)
        running.add(torch.ones(1, 2, 2))
        then = running.current()
        running.add(torch.zeros(1, 2, 2))
        assert torch.equal(then, torch.ones(1, 2, 2))


def test_the_mean_of_the_last_forgets_what_was_not_finite() -> None:
    running = averager(LAST)
    for value in (1.0, float("inf"), 2.0, 3.0, 4.0, 5.0, 6.0):
        running.add(torch.full((1, 2, 2), value))
    assert torch.equal(running.current(), torch.full((1, 2, 2), 4.5))


def test_a_rule_reports_the_average_of_the_outputs_up_to_its_choice(problem: Posed) -> None:
    values = [float(n) for n in range(1, 11)]
    rules = [
        Rule(Fixed(iterations=6)),
        Rule(Fixed(iterations=6), average=LAST),
        Rule(Fixed(iterations=6), average=EMA),
    ]
    raw, last, ema = measure_iterative(Steps(values), problem, Host(), rules, budget=10)
    assert np.all(raw.output == 106)
    assert np.allclose(last.output, (3 + 4 + 5 + 6) / 4)
    expected = 1.0
    for value in values[1:6]:
        expected = 0.9 * expected + 0.1 * value
    assert np.allclose(ema.output, expected)
    assert [one.iterations for one in (raw, last, ema)] == [6, 6, 6]


def test_rules_judge_iterates_and_the_oracle_judges_what_is_reported(problem: Posed) -> None:
    class Sees:
        def __init__(self):
            self.seen = []

        def begin(self, trajectory):
            pass

        def wants(self, iteration):
            return True

        def observe(self, look):
            self.seen.append(float(look.output.mean()))
            return Verdict(keep=True, stop=look.iteration == 8)

    # the mean of the last four is nearest to 0.5 at iteration 6, an iterate itself at iteration 2
    values = [9.0, 0.5, 9.0, 0.1, 0.2, -7.3, 5.0, 9.0]
    sees, oracle = Sees(), Oracle(iterations=8)
    _, chosen = measure_iterative(
        Steps(values), problem, Host(), [Rule(sees, average=LAST), Rule(oracle, True, LAST)], budget=8
    )
    assert np.allclose(sees.seen, values)
    means = [np.mean(values[max(0, t - 3) : t + 1]).clip(0, 1) for t in range(8)]
    assert chosen.iterations == 1 + int(np.argmin(np.square(np.array(means) - 0.5)))


@pytest.mark.parametrize(
    ("text", "average"),
    [
        ("raw", RAW),
        ("ema", Average(kind="ema", weight=0.99)),
        ("ema-0.9", EMA),
        ("ema-0", Average(kind="ema")),
        ("last", Average(kind="last", count=100)),
        ("last-4", LAST),
    ],
)
def test_averages_are_read_and_written(text: str, average: Average) -> None:
    assert read_average(text) == average
    assert read_average(str(average)) == average


@pytest.mark.parametrize(
    "text", ["", "mean", "ema-1", "ema-2", "last-0", "last-2.5", "raw-3", "last-99999", 5]
)
def test_what_is_no_average_is_refused_with_the_spellings(text: object) -> None:
    with pytest.raises(PriorbenchError, match="average is"):
        read_average(text)


def test_what_says_nothing_is_left_out_of_parameters() -> None:
    assert reserved_parameters({"average": "raw", "stop_now": False}) == {}
    assert reserved_parameters({"average": "ema", "stop_now": True}) == {
        "average": "ema-0.99",
        "stop_now": True,
    }
    with pytest.raises(PriorbenchError, match="write true or false"):
        reserved_parameters({"stop_now": "yes"})
