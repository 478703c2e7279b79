"""A team of threads, and its barrier."""

from __future__ import annotations

import gc
import threading
import time

import numpy as np
import pytest

team_module = pytest.importorskip("priorbench.toolkit.fused.team")
ThreadTeam = team_module.ThreadTeam
compiled = pytest.importorskip("priorbench.toolkit.fused.compiled")
barrier = pytest.importorskip("priorbench.toolkit.fused.barrier")
part, wait_for_all = barrier.part, barrier.wait_for_all


@pytest.mark.parametrize(("threads", "number"), [(1, 5), (3, 8), (4, 2)])
def test_everything_is_done_once_by_threads_of_their_own(threads, number):
    done, names = [], set()

    def work(place, word):
        begin, end = part(place, number)
        done.extend((place.thread, n, word) for n in range(begin, end))
        names.add(threading.get_ident())

    ThreadTeam(threads).share(work, "word")
    assert sorted(n for _, n, _ in done) == list(range(number))
    assert all(word == "word" for *_, word in done)
    assert len(names) == threads


def test_little_work_stays_with_the_caller():
    names = []
    ThreadTeam(3).share(lambda place: names.append((threading.get_ident(), place.threads)), alone=True)
    assert names == [(threading.get_ident(), 1)]


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
        values = np.zeros((rounds + 1, threads), np.int64)
        values[0] = 1
        team.share(relay, rounds, values)
        assert values.tolist() == [[threads**n] * threads for n in range(rounds + 1)]


@pytest.mark.parametrize("failing", [0, 2])
def test_a_failure_reaches_the_caller_after_all_have_ended(failing):
    team, ended = ThreadTeam(3), []

    def work(place):
        if place.thread == failing:
            raise ArithmeticError("band")
        time.sleep(0.05)
        ended.append(place.thread)

    with pytest.raises(ArithmeticError, match="band"):
        team.share(work)
    assert sorted(ended) == sorted({0, 1, 2} - {failing})
    team.share(lambda place: ended.append("again"))
    assert ended.count("again") == 3


@pytest.mark.parametrize("failing", [0, 2])
def test_no_thread_waits_for_one_that_failed(failing):
    def work(place):
        if place.thread == failing:
            raise ArithmeticError("band")
        for _ in range(3):
            wait_for_all(place)

    with pytest.raises(ArithmeticError, match="band"):
        ThreadTeam(3).share(work)


def test_the_threads_end_with_the_team():
    before = set(threading.enumerate())
    team = ThreadTeam(4)
    team.share(lambda place: None)
    others = set(threading.enumerate()) - before
    assert len(others) == 3
    del team
    gc.collect()
    for thread in others:
        thread.join(5)
        assert not thread.is_alive()
