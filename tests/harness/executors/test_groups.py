"""Several images fitted at once: the same results, timings that say so, and failures that stay apart."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest
import torch
from conftest_support import run_here

from priorbench import Iterate, Observation
from priorbench.protocol.clock import Host
from priorbench.protocol.exchange import Problem
from priorbench.protocol.measure import measure_iterative, measure_together
from priorbench.standard.stopping_rules import BestLoss, Fixed, Oracle
from priorbench.toolkit.together import fit_stacked, fit_together
from priorbench_conv_decoder.model import ConvDecoder
from priorbench_deep_decoder.model import DeepDecoder
from priorbench_dip.model import DeepImagePrior

CPU = torch.device("cpu")
METHODS = {
    "deep decoder": lambda **how: DeepDecoder(channels=12, layers=3, **how),
    "deep decoder, plain": lambda **how: DeepDecoder(
        **{"channels": 12, "layers": 3, "engine": "plain", **how}
    ),
    "dip": lambda **how: DeepImagePrior(channels=6, input_channels=4, scales=2, **how),
    "conv-decoder": lambda **how: ConvDecoder(channels=6, layers=3, **how),
}


def observations(number: int = 3, shape: tuple[int, int, int] = (3, 24, 20)) -> list[Observation]:
    rng = np.random.default_rng(5)
    images = [torch.tensor(rng.random(shape), dtype=torch.float32) for _ in range(number)]
    masks = [torch.tensor(rng.random(shape[1:]) > 0.2) for _ in range(number)]
    return [
        Observation(image=image, noise=None, device=CPU, seed=seed, mask=mask)
        for seed, (image, mask) in enumerate(zip(images, masks, strict=True))
    ]


def unpacked(iterates):
    return [(it.output.clone(), float(it.loss), it.estimate().clone()) for it in iterates]


def taken(iterates, steps: int):
    """Return outputs, losses and estimates of the first steps."""
    return [
        (it.output.clone(), float(it.loss), it.estimate().clone()) for it in itertools.islice(iterates, steps)
    ]


@pytest.mark.parametrize("method", METHODS)
def test_networks_fitted_at_once_are_those_fitted_one_by_one(method):
    how = {"input_noise": 0.05, "averaging": 0.5}
    alone = [taken(METHODS[method](**how).iterate(one), 4) for one in observations()]
    threads = torch.get_num_threads()
    rows = itertools.islice(METHODS[method](**how).iterate_together(observations()), 4)
    for step, row in enumerate(rows):
        for image, iterate in enumerate(row):
            output, loss, estimate = alone[image][step]
            torch.testing.assert_close(iterate.output, output, rtol=1e-3, atol=1e-3)
            torch.testing.assert_close(iterate.estimate(), estimate, rtol=1e-3, atol=1e-3)
            assert float(iterate.loss) == pytest.approx(loss, rel=1e-3)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("averaging", [0.0, 0.5])
@pytest.mark.parametrize("method", ["deep decoder", "dip", "conv-decoder"])
def test_stacked_networks_are_those_fitted_one_by_one(method, averaging):
    """What accelerators do, in double precision: the same numbers for fifteen steps of Adam."""
    made = METHODS[method](input_noise=0.05, averaging=averaging, engine="plain")

    def starts():
        return [double(made.untrained.begin(one)) for one in observations()]

    rows = list(itertools.islice(map(unpacked, fit_stacked(starts(), made.untrained.settings)), 15))
    for image, start in enumerate(starts()):
        for row, expected in zip(rows, taken(start.fit(made.untrained.settings), 15), strict=True):
            for got, wanted in zip(row[image], expected, strict=True):
                torch.testing.assert_close(
                    torch.as_tensor(got), torch.as_tensor(wanted), rtol=1e-7, atol=1e-9
                )


def double(start):
    return replace(start, network=start.network.double(), net_input=start.net_input.double())


def test_an_accelerator_gets_stacked_networks(monkeypatch):
    seen = []
    monkeypatch.setattr(
        "priorbench.toolkit.together.fit_stacked", lambda starts, settings: seen.append(starts)
    )
    made = METHODS["conv-decoder"](engine="plain")
    begun = [made.untrained.begin(one) for one in observations()]
    starts = [replace(start, net_input=start.net_input.to("meta")) for start in begun]
    fit_together(starts, made.untrained.settings)
    assert seen == [starts]


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


def problems(number: int = 3) -> list[Problem]:
    rng = np.random.default_rng(1)
    made = []
    for _ in range(number):
        clean = rng.random((3, 8, 9), dtype=np.float32)
        noisy = (clean + 0.1 * rng.standard_normal(clean.shape)).astype(np.float32)
        observation = Observation(image=torch.empty(0), noise=None, device=CPU)
        made.append(Problem(noisy=noisy, observation=observation, clean=clean))
    return made


def rules():
    return [(Fixed(iterations=7), False), (Oracle(), True), (BestLoss(), False)]


def test_outcomes_are_those_of_the_fits_alone_and_times_a_share():
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
        assert 0.007 <= outcomes[0].wall_seconds < 0.5 * 3 * 0.030


def test_a_step_is_paid_for_by_those_that_still_want_it():
    """One image stops at 5 of 40 steps of three milliseconds each; the other two pay for the rest."""
    ends = [5, 40, 40]
    chosen = [[(Fixed(iterations=end), False)] for end in ends]
    outcomes = measure_together(Steps(), problems(), Host(), chosen, None, [lambda point: None] * 3)
    first, second, third = (own.wall_seconds for (own,) in outcomes)
    assert [own.iterations for (own,) in outcomes] == ends
    assert second == pytest.approx(third, rel=0.5)
    assert second - first >= 35 * 0.003 / 2


class Stacked(Steps):
    """Its estimates come all at once, at the first that is asked for."""

    def iterate_together(self, observations):
        for row in super().iterate_together(observations):

            @cache
            def estimates(row=row):
                time.sleep(0.09)
                return row

            yield [Iterate(None, loss=0.0, estimate=lambda n=n, e=estimates: e()[n]) for n in range(len(row))]


def test_an_estimate_of_all_is_paid_for_by_all():
    chosen = [[(Fixed(iterations=2), False)] for _ in range(3)]
    outcomes = measure_together(Stacked(), problems(), Host(), chosen, None, [lambda point: None] * 3)
    seconds = [own.wall_seconds for (own,) in outcomes]
    assert min(seconds) >= 0.03
    assert max(seconds) < 2 * min(seconds)


def records(command, *arguments: str) -> list[dict]:
    done = command("export", *arguments)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


RUN = ("run", "-", "--images", "ramps:count=3", "--noise", "gaussian-25", "--denoiser", "approach")
RULES = ("--stopping", "fixed", "--stopping", "oracle")


def test_a_batch_gives_the_records_of_single_runs_and_marks_their_timings(command):
    both = (*RUN, "--denoiser", "mean", *RULES)
    assert command(*both, "--executor", "serial", "--store", "single.db").returncode == 0
    single = {record["key"]: record for record in records(command, "--store", "single.db")}
    done = command(*both, "--batch", "2")
    assert done.returncode == 0, done.stderr
    batch = {record["key"]: record for record in records(command)}
    assert set(batch) == set(single)
    for key, record in batch.items():
        assert [record[name] for name in ("psnr", "iterations", "output_sha256", "noisy_sha256")] == [
            single[key][name] for name in ("psnr", "iterations", "output_sha256", "noisy_sha256")
        ]
    marks = [str(record["tainted"]) for record in batch.values() if "throughput" in str(record["tainted"])]
    assert len(marks) == 4  # two images of three, with two rules each; the one-shot method is not concerned
    assert all(mark.startswith("throughput: 2 images were fitted at once") for mark in marks)
    together = [r for r in batch.values() if "throughput" in str(r["tainted"])]
    assert all(r["peak_memory_bytes"] is None for r in together)
    assert "nothing to do" in command(*both).stderr


#: how a method may fail with several images: it raises, its process dies, it takes too long, it refuses
ILLS = ("raises", "dies", "hangs", "refuses")


@pytest.fixture(scope="module")
def ill_in_company(example_site, tmp_path_factory) -> list[dict]:
    """Give the records of a run, three images at once, of methods that fail in company."""
    command = partial(run_here, example_site, tmp_path_factory.mktemp("company"))
    methods = [word for ill in ILLS for word in ("--denoiser", f"unsociable:ill={ill}")]
    done = command(*RUN[:-2], *methods, "--stopping", "fixed", "--batch", "3", "--timeout", "2")
    assert done.returncode == 0, done.stderr
    return records(command)


@pytest.mark.parametrize("ill", ILLS)
def test_what_fails_in_company_is_run_alone(ill_in_company, ill):
    """No image loses its record for the sake of another one's."""
    found = [record for record in ill_in_company if record["parameters"]["ill"] == ill]
    assert [record["status"] for record in found] == ["ok"] * 3
    assert not any("throughput" in str(record["tainted"]) for record in found)


def test_an_executor_that_knows_no_batches_says_so(command):
    done = command(*RUN, *RULES, "--batch", "2", "--executor", "serial")
    assert done.returncode != 0
    assert "executor 'serial' runs one image at a time" in done.stderr
