"""Several images run at once: records as of single runs, timings that say so, failures that stay apart."""

from __future__ import annotations

from functools import partial

import pytest
from conftest_support import run_here
from small_runs import records

from priorbench.executors.groups import groups
from priorbench.loading.load import load_registry
from priorbench.run.options import PlanOptions
from priorbench.run.plan import Plan
from priorbench.suite.files import load_suite
from priorbench.suite.model import SuiteOptions

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


def test_a_group_has_one_draw_of_the_noise():
    """A method that gets two noisy versions of an image could compute the clean one."""
    registry = load_registry()
    options = SuiteOptions(
        images=("phantom:size=16", "phantom:size=16,label=again"),
        noises=("gaussian-25",),
        denoisers=("deep-decoder:channels=8,iterations=3",),
        stopping=("fixed",),
        repetitions=3,
    )
    plan = Plan(load_suite("-", registry, options), registry, PlanOptions())
    found = list(groups(plan.trials(lambda *_: None), registry, 4))
    assert sum(map(len, found)) == 6
    for group in found:
        assert len({(one.image_set.label, one.repetition) for one in group}) == 1
