"""A team of threads, and its barrier."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from priorbench.machine.quiet import running_threads, wait_until_quiet

team_module = pytest.importorskip("priorbench.toolkit.fused.team")
ThreadTeam = team_module.ThreadTeam
compiled = pytest.importorskip("priorbench.toolkit.fused.compiled")
barrier = pytest.importorskip("priorbench.toolkit.fused.barrier")
part, wait_for_all = barrier.part, barrier.wait_for_all


@compiled.inner
def take(place, number, word, taken):
    """Write who does what, and the word."""
    begin, end = part(place, number)
    for n in range(begin, end):
        taken[0, n] += place.thread
        taken[1, n] += place.threads
        taken[2, n] += word


@pytest.mark.parametrize(("threads", "number"), [(1, 5), (3, 8), (4, 2)])
def test_everything_is_done_once(threads, number):
    team = ThreadTeam(threads)
    for word in (7, 8):
        taken = np.zeros((3, number), np.int64)
        team.share(take, number, word, taken)
        expected = [n for n in range(threads) for _ in range(*part.py_func(place(n, threads), number))]
        assert taken.tolist() == [expected, [threads] * number, [word] * number]


def place(thread: int, threads: int):
    return barrier.places(threads)[thread]


def test_little_work_stays_with_the_caller():
    team, taken = ThreadTeam(3), np.zeros((3, 4), np.int64)
    team.share(take, 4, 1, taken, alone=True)
    assert taken.tolist() == [[0] * 4, [1] * 4, [1] * 4]


def test_work_without_arguments_and_with_tuples():
    team, out = ThreadTeam(2), np.zeros(2)
    team.share(nothing)
    team.share(write_first, (1.5, 2), out)
    assert out.tolist() == [1.5, 1.5]


@compiled.inner
def nothing(place):
    """Do nothing."""


@compiled.inner
def write_first(place, pair, out):
    """Write the first of a pair."""
    out[place.thread] = pair[0]


@compiled.inner
def relay(place, rounds, values):
    """Each round adds up what all threads have written in the round before."""
    for n in range(rounds):
        total = 0
        for thread in range(place.threads):
            total += values[n, thread]
        values[n + 1, place.thread] = total
        wait_for_all(place)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_that_wait_for_all_see_what_the_others_wrote(threads):
    rounds, team = 19, ThreadTeam(threads)
    for _ in range(20):
        check_relay(team, rounds, threads)


def check_relay(team, rounds, threads):
    values = np.zeros((rounds + 1, threads), np.int64)
    values[0] = 1
    team.share(relay, rounds, values)
    assert values.tolist() == [[threads**n] * threads for n in range(rounds + 1)]


@pytest.mark.parametrize("pause", [0.0, 0.002, 0.05])
def test_threads_that_have_fallen_asleep_are_woken(pause):
    """They look for work for some tenths of a millisecond, then they sleep."""
    team = ThreadTeam(3)
    for _ in range(10):
        time.sleep(pause)
        check_relay(team, 5, 3)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the state of threads")
def test_a_clock_waits_until_all_have_fallen_asleep():
    team = ThreadTeam(3)
    for _ in range(5):
        team.share(nothing)
        assert wait_until_quiet(20)
        assert running_threads() == 0


def test_the_caller_sleeps_until_slower_threads_have_ended():
    team, out = ThreadTeam(2), np.zeros(2)
    team.share(count_long, 20_000_000, out)
    assert out.tolist() == [0, 20_000_000]


@compiled.inner
def count_long(place, number, out):
    """The second thread counts, in steps that no compiler can leave out."""
    if place.thread == 1:
        for _ in range(number):
            out[1] += 1


def test_several_teams_work_at_once():
    def work(threads: int) -> None:
        team = ThreadTeam(threads)
        for _ in range(30):
            check_relay(team, 5, threads)

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(work, threads) for threads in (2, 3, 2)]:
            done.result(60)


@compiled.inner
def fail(place, failing, ended):
    """One thread fails; the others wait for it, which nobody may for ever."""
    if place.thread == failing:
        raise ArithmeticError("band")
    for _ in range(3):
        wait_for_all(place)
    ended[place.thread] = 1


@pytest.mark.parametrize("failing", [0, 2])
def test_a_failure_reaches_the_caller_after_all_have_ended(failing):
    team, ended = ThreadTeam(3), np.zeros(3)
    for _ in range(2):
        ended[:] = 0
        with pytest.raises(ArithmeticError, match="band"):
            team.share(fail, failing, ended)
        assert ended.tolist() == [float(n != failing) for n in range(3)]
        check_relay(team, 5, 3)


def test_a_failure_without_other_threads():
    with pytest.raises(ArithmeticError, match="band"):
        ThreadTeam(3).share(fail, 0, np.zeros(1), alone=True)


def test_the_threads_end_with_the_team():
    before = set(threading.enumerate())
    team = ThreadTeam(4)
    team.share(nothing)
    others = set(threading.enumerate()) - before
    assert len(others) == 3
    del team
    gc.collect()
    for thread in others:
        thread.join(5)
        assert not thread.is_alive()


def test_a_thread_that_does_not_start_leaves_no_other_one(monkeypatch):
    before, start = set(threading.enumerate()), threading.Thread.start

    def start_one(self: threading.Thread) -> None:
        if set(threading.enumerate()) - before:
            raise RuntimeError("can't start new thread")
        start(self)

    monkeypatch.setattr(threading.Thread, "start", start_one)
    with pytest.raises(RuntimeError, match="start new thread"):
        ThreadTeam(3)
    gc.collect()
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
        assert not thread.is_alive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no forks")
def test_a_fork_starts_threads_of_its_own():
    team = ThreadTeam(3)
    check_relay(team, 5, 3)
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # kills it, also inside compiled code
        failed = 1
        try:
            for _ in range(2):
                check_relay(team, 5, 3)
            del team
            failed = 0
        finally:
            os._exit(failed)
    assert os.waitpid(child, 0)[1] == 0
    check_relay(team, 5, 3)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda team: pickle.loads(pickle.dumps(team))])
def test_a_copy_has_threads_of_its_own(copied):
    team = ThreadTeam(3)
    check_relay(team, 5, 3)
    other = copied(team)
    thread = threading.Thread(target=check_relay, args=(other, 5, 3), daemon=True)  # may wait for ever
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert other.threads == 3
    del team
    gc.collect()
    check_relay(other, 5, 3)
