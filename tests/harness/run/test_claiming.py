"""Several runs on one store: what another run makes is waited for, and made here only if that did not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from small_runs import HERE

from priorbench.contract.records import Record
from priorbench.run.progress import Progress
from priorbench.run.storing.claiming import Claiming
from priorbench.store.database import Store
from priorbench.store.sharing import claims as module
from priorbench.store.sharing.claims import Claims, Taken
from priorbench.store.tables import CLAIMS, RUNS

IMAGES = ("run", "-", "--images", "ramps:count=2", "--noise", "gaussian-25", "--threads", "1")


@pytest.fixture
def runs(command, tmp_path):
    """Give a run of two trials, its records, and another store for it."""
    options = (*IMAGES, "--denoiser", "mean")
    assert command(*options, *HERE, "--store", "made.db").returncode == 0
    return SimpleNamespace(
        options=options,
        again=lambda *more: command(*options, *(more or HERE)),
        made=stored(tmp_path, "made.db"),
        store=Store(f"sqlite:///{tmp_path}/priorbench.db"),
    )


@contextmanager
def later(store: Store, begun, work) -> Iterator[None]:
    """Do something a while after something is so, in another thread."""

    def wait() -> None:
        while not begun(store):
            time.sleep(0.1)
        time.sleep(2.0)
        work()

    thread = threading.Thread(target=wait)
    thread.start()
    yield
    thread.join()


def has_begun(store: Store) -> bool:
    return store.read(lambda one: one.execute(RUNS.select().where(RUNS.c.data.contains("limit"))).first())


def stored(folder, name: str = "priorbench.db") -> list[Record]:
    return list(Store(f"sqlite:///{folder}/{name}", create=False).records())


def claimed(store: Store) -> list[str]:
    return [row.key for row in store.read(lambda one: one.execute(CLAIMS.select()).all())]


@pytest.mark.parametrize("executor", [HERE, ("--executor", "local")])
def test_what_another_run_makes_is_waited_for_and_found(runs, executor):
    with Claims(runs.store, "other") as other:
        other.take([[runs.made[0].key]])
        with later(runs.store, len, lambda: runs.store.add([runs.made[0]])):
            done = runs.again(*executor)
    assert done.returncode == 0, done.stderr
    assert "waits for 1 trial of another run; a run that died holds its trials for" in done.stderr
    assert "1 trial run, 1 found in the store" in done.stderr
    assert "[2/2]" not in done.stderr, "one was not run here"
    assert (len(runs.store), claimed(runs.store)) == (2, [])
    asked = runs.store.asked()
    mine = [run.id for run in asked.runs if run.suite]
    assert {asked.key[row] for row in range(len(asked.key)) if asked.runs[asked.run[row]].id in mine} == {
        one.key for one in runs.made
    }, "both answer this run"


@pytest.mark.parametrize("executor", [HERE, ("--executor", "local")])
def test_what_another_run_gave_back_is_made_here(runs, executor):
    """It was interrupted, or its machine could not run the trial."""
    other = Claims(runs.store, "other")
    other.take([[one.key] for one in runs.made])
    with later(runs.store, has_begun, other.close):
        done = runs.again(*executor)
    assert done.returncode == 0, done.stderr
    assert "waits for 2 trials of another run" in done.stderr
    assert "2 trials run" in done.stderr
    assert (len(runs.store), claimed(runs.store)) == (2, [])


def test_what_a_dead_run_held_is_made_here_at_once(runs, monkeypatch):
    monkeypatch.setattr(module, "own_name", lambda: "")
    other = Claims(runs.store, "other")
    other.take([[one.key] for one in runs.made])
    monkeypatch.setattr(module, "is_gone", lambda name: name == "")
    monkeypatch.setattr(module, "own_name", lambda: "x")
    done = runs.again()
    assert (done.returncode, "2 trials run" in done.stderr) == (0, True)
    assert "waits" not in done.stderr
    other.close()


def test_a_rule_that_another_run_makes_is_not_made_here(command, tmp_path):
    """Two suites that have a part of their keys in common."""
    options = (*IMAGES, "--limit", "1", "--denoiser", "approach:iterations=5")
    both = ("--stopping", "fixed", "--stopping", "oracle")
    assert command(*options, *both, *HERE, "--store", "made.db").returncode == 0
    made = {one.stopping_rule: one for one in stored(tmp_path, "made.db")}
    store = Store(f"sqlite:///{tmp_path}/priorbench.db")
    with Claims(store, "other") as other:
        other.take([[made["fixed"].key]])
        with later(store, has_begun, lambda: store.add([made["fixed"]])):
            done = command(*options, *both, *HERE)
    assert done.returncode == 0 and "1 trial run" in done.stderr
    found = {one.stopping_rule: one for one in stored(tmp_path)}
    assert found["fixed"].started_at == made["fixed"].started_at, "it is the other run's"
    assert found["oracle"].started_at != made["oracle"].started_at
    assert found["oracle"].psnr == made["oracle"].psnr


def test_what_failed_is_retried_by_one_of_two_runs(command, tmp_path):
    options = (*IMAGES, "--limit", "1", "--denoiser", "raises", *HERE)
    assert command(*options).returncode == 1
    [failed] = stored(tmp_path)
    store = Store(f"sqlite:///{tmp_path}/priorbench.db")
    other = Claims(store, "other")
    other.take([[failed.key]], [failed.key])

    def end() -> None:
        store.add([failed], replace=True)
        other.release([failed.key], remade=True)
        other.close()

    with later(store, lambda _: True, end):
        done = command(*options, "--retry-failed")
    assert done.returncode == 1
    assert "waits for 1 trial" in done.stderr and "0 trials run, 1 found in the store" in done.stderr
    [same] = stored(tmp_path)
    assert same.started_at == failed.started_at
    assert "1 trial run" in command(*options, "--retry-failed").stderr, "a later run does"


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "OSError('x')"])
def test_a_run_that_ends_early_gives_everything_back(runs, monkeypatch, error):
    from priorbench.executors.serial import SerialExecutor

    real = SerialExecutor.run

    def run(self, trials, started):
        for records_ in real(self, trials, started):
            yield records_
            assert claimed(runs.store)
            raise KeyboardInterrupt if error == "KeyboardInterrupt" else OSError("x")

    monkeypatch.setattr(SerialExecutor, "run", run)
    if error == "KeyboardInterrupt":
        assert runs.again().returncode == 130
    else:
        with pytest.raises(OSError, match="x"):
            runs.again()
    assert (len(runs.store), claimed(runs.store)) == (1, [])


class Held:
    """Stands in for claims: gives everything, and is unsure when it is told to be."""

    def __init__(self) -> None:
        self.sure, self.taken = True, []
        self.lost: set[str] = set()

    def are_sure(self) -> bool:
        return self.sure

    def take(self, groups, again=()):
        self.taken.append([key for group in groups for key in group])
        taken_by_others = frozenset() if self.sure else frozenset({"5"})
        self.sure = True
        return Taken(held=taken_by_others, there=frozenset(), remade=frozenset())


def handing_out(claims) -> Claiming:
    wants = SimpleNamespace(again=set())
    return Claiming(claims, wants, None, Progress(planned=1), lambda progress: None)


def trials(count: int):
    return iter([SimpleNamespace(keys=(str(number),)) for number in range(count)])


def test_trials_are_claimed_a_few_ahead_and_more_if_they_are_quick(monkeypatch):
    claims = Held()
    assert len(list(handing_out(claims).of(trials(300)))) == 300
    assert list(map(len, claims.taken)) == [1, 2, 4, 8, 16, 32, 64, 64, 64, 45]
    claims, now = Held(), [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    for _ in handing_out(claims).of(trials(10)):
        now[0] += 60.0
    assert list(map(len, claims.taken)) == [1] * 10


def test_what_was_claimed_ahead_is_claimed_anew_after_a_stop():
    claims = Held()
    claiming, got = handing_out(claims), []
    for trial in claiming.of(trials(7)):
        got.append(trial.keys[0])
        if got[-1] == "3":
            claims.sure = False
    assert claims.taken == [["0"], ["1", "2"], ["3", "4", "5", "6"], ["4", "5", "6"]]
    assert got == ["0", "1", "2", "3", "4", "6"]
