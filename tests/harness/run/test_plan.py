"""What a plan holds: shards, images that cannot be used, and what a dry run tells."""

from __future__ import annotations

import gc
import itertools
import tracemalloc
from dataclasses import replace

import pytest
from sample_records import record as sample_record
from small_runs import HERE, records, write_suite

from priorbench.contract.images import SkippedImage
from priorbench.contract.records import to_json
from priorbench.contract.requests import Run
from priorbench.loading.load import load_registry
from priorbench.run.options import PlanOptions
from priorbench.run.plan import Plan
from priorbench.run.progress import Progress
from priorbench.run.storing.answers import AnswerBook
from priorbench.store.database import Store
from priorbench.store.rows.earlier import request_of
from priorbench.suite.files import load_suite
from priorbench.suite.model import SuiteOptions


def test_shards_are_a_partition(command, tmp_path):
    suite = str(write_suite(tmp_path, count=3))
    for part in ("1/2", "2/2"):
        assert command("run", suite, "--shard", part, "--store", f"{part[0]}.db", *HERE).returncode == 0
    assert command("run", suite, "--store", "all.db", *HERE).returncode == 0
    parts = [{r["key"] for r in records(command, "--store", f"{n}.db")} for n in (1, 2)]
    assert all(parts)
    assert not parts[0] & parts[1]
    assert parts[0] | parts[1] == {r["key"] for r in records(command, "--store", "all.db")}


def part(shard, without=None, count=40):
    """Return what the trials of a shard are on a machine that cannot read one of the images."""
    registry = load_registry()
    options = SuiteOptions(images=(f"ramps:count={count},size=2",), noises=("gaussian-25", "gaussian-50"))
    options = replace(options, denoisers=("mean", "sleeps", "mean:label=other,log=x"), repetitions=2)
    plan = Plan(load_suite("-", registry, options), registry, PlanOptions(shard=shard))
    [(choice, members)] = plan._sets
    members = [SkippedImage(id=i.id, reason="gone") if i.id == without else i for i in members]
    plan._sets = [(choice, members)]
    found = [trial.keys for trial in plan.trials(lambda label, skipped: None)]
    assert len(set(found)) == len(found)
    return set(found)


def test_one_unreadable_picture_on_one_machine_shifts_no_other_trial(example_site, monkeypatch):
    """Before, the trial's running number decided: the other machine ran some twice and others never."""
    monkeypatch.syspath_prepend(str(example_site))
    monkeypatch.setenv("PRIORBENCH_PLUGINS", "standard,example")
    whole = part(None)
    shards = [part((number, 5)) for number in range(1, 6)]
    assert set.union(*shards) == whole
    assert sum(map(len, shards)) == len(whole) == 480
    # 96 each, give or take five standard deviations of drawing lots
    assert all(52 <= len(shard) <= 140 for shard in shards), list(map(len, shards))
    here = part((1, 5), without="ramp-0")
    assert here < shards[0]
    lost = whole - set.union(here, *shards[1:])
    assert lost == shards[0] - part(None, without="ramp-0")


def test_an_unusable_image_is_skipped_with_its_name_or_an_error_when_strict(command):
    images = ("--images", "ramps:count=1,bad=true")
    options = ("run", "-", *images, "--noise", "gaussian-25", "--denoiser", "mean", *HERE)
    done = command(*options)
    assert done.returncode == 0
    assert "skipped ramps:count=1,bad=true/bad.png: truncated" in done.stderr
    strict = command(*options, "--strict", "--store", "strict.db")
    assert strict.returncode == 2
    assert "bad.png cannot be used: truncated" in strict.stderr


WITH_BAD = (
    *("run", "-", "--images", "ramps:count=3,bad=true", "--denoiser", "mean", "--denoiser", "sleeps"),
    *("--noise", "gaussian-25", "--noise", "gaussian-50", "--repetitions", "2"),
)  # 2 methods, 2 noises, 2 draws: 8 trials of each picture


def test_the_total_of_a_run_falls_when_a_picture_turns_out_to_be_unusable(command):
    done = command(*WITH_BAD, *HERE)
    assert done.returncode == 0, done.stderr
    assert "24 trials run, 1 image skipped" in done.stderr
    told = [line.partition("]")[0] for line in done.stderr.splitlines() if line.startswith("[")]
    assert told == [f"[{number}/24" for number in range(1, 25)]
    again = command(*WITH_BAD, *HERE)
    assert "nothing to do: all 24 trials are in the store already" in again.stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "# 24 trials on cpu"),
        (("--limit", "3"), "# 24 trials on cpu"),
        (("--limit", "1"), "# 8 trials"),
    ],
)
def test_a_dry_run_counts_usable_pictures(command, given, said):
    """A limit is of usable pictures, so that one that is not takes none of them away."""
    assert said in command(*WITH_BAD, *given, "--dry-run").stdout


def test_a_dry_run_that_did_not_read_all_says_at_most(command):
    many = [part.replace("count=3", "count=30") for part in WITH_BAD]
    assert "# at most 240 trials on cpu" in command(*many, "--dry-run").stdout  # 30 of 31 files, one is bad


def test_a_total_is_never_less_than_what_has_ended():
    progress = Progress(planned=9, finished=4, resumed=3)
    progress.skip("set/bad.png", "truncated", 8)
    assert (progress.planned, progress.skipped) == (8, [("set/bad.png", "truncated")])
    progress.skip("set/worse.png", "truncated", 6)
    assert progress.planned == 7


def test_a_set_without_a_usable_image_is_an_error(command):
    images = ("--images", "ramps:count=0,bad=true")
    done = command("run", "-", *images, "--noise", "gaussian-25", "--denoiser", "mean")
    assert done.returncode == 2
    assert "none of its files can be used" in done.stderr


def test_a_dry_run_writes_nothing(command, tmp_path):
    done = command("run", str(write_suite(tmp_path)), "--dry-run")
    assert done.returncode == 0
    assert "# 6 trials on cpu" in done.stdout
    assert not list(tmp_path.glob("*.db"))


def test_a_plan_keeps_nothing_of_its_trials(example_site, monkeypatch):
    """Of a million trials, too: what a plan holds grows with the images of a set alone."""
    monkeypatch.syspath_prepend(str(example_site))
    monkeypatch.setenv("PRIORBENCH_PLUGINS", "standard,example")
    registry = load_registry()
    options = SuiteOptions(images=("ramps:count=4,size=2",), noises=("gaussian-25", "gaussian-50"))
    options = replace(options, denoisers=("mean", "sleeps"), repetitions=10**6)
    plan = Plan(load_suite("-", registry, options), registry, PlanOptions())
    assert len(plan) == 16 * 10**6
    trials = plan.trials(lambda label, skipped: None)
    sizes = []
    tracemalloc.start()
    for _ in range(3):
        for trial in itertools.islice(trials, 3000):
            plan.requests(trial)
        gc.collect()
        sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert sizes[2] - sizes[0] < 100_000  # 6000 keys alone would be 500 KB


def test_the_book_of_a_run_forgets_what_went_well(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/a.db")
    book = AnswerBook(store, Run(id="r", asked_at="2026-01-01T00:00:00.000000+00:00"))
    done, failed = sample_record("a", psnr=30.0), sample_record("b", status="error", error="no")
    request = request_of(to_json(done))
    for record in (done, failed):
        assert book.ask([record.key], [request], [True]) == [True]
        assert book.ask([record.key], [request], [True]) == [False], "it is on its way"
        store.add([record], answers=book.answered([record]))
    # what went well is found in the store; what failed is not tried twice, also where failures are retried
    assert book.ask(["b"], [request], [True]) == [False]
    assert book._settled == {"b"}
    book.close()
    store.check_kept()
    store.close()
