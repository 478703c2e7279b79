"""Threads that share out bands of work."""

from __future__ import annotations

import gc
import threading
import time

import pytest

crew_module = pytest.importorskip("priorbench.toolkit.fused.crew")
Crew = crew_module.Crew


@pytest.mark.parametrize(("threads", "bands", "used"), [(1, 5, 1), (3, 8, 3), (4, 2, 2)])
def test_every_band_is_done_once_by_threads_of_its_own(threads, bands, used):
    done, names = [], set()

    def work(thread, begin, end, total, word):
        done.extend((thread, band, total, word) for band in range(begin, end))
        names.add(threading.get_ident())

    Crew(threads).share(work, bands, "word")
    assert sorted(band for _, band, _, _ in done) == list(range(bands))
    assert {thread for thread, *_ in done} == set(range(used))
    assert all(total == bands and word == "word" for *_, total, word in done)
    assert len(names) == used


def test_little_work_stays_with_the_caller():
    names = []
    Crew(3).share(lambda *_: names.append(threading.get_ident()), 9, alone=True)
    assert names == [threading.get_ident()]


@pytest.mark.parametrize("failing", [0, 2])
def test_a_failure_reaches_the_caller_after_all_have_ended(failing):
    crew, ended = Crew(3), []

    def work(thread, begin, end, bands):
        if thread == failing:
            raise ArithmeticError("band")
        time.sleep(0.05)
        ended.append(thread)

    with pytest.raises(ArithmeticError, match="band"):
        crew.share(work, 3)
    assert sorted(ended) == sorted({0, 1, 2} - {failing})
    crew.share(lambda *_: ended.append("again"), 3)
    assert ended.count("again") == 3


def test_the_threads_end_with_the_crew():
    before = set(threading.enumerate())
    crew = Crew(4)
    crew.share(lambda *_: None, 4)
    others = set(threading.enumerate()) - before
    assert len(others) == 3
    del crew
    gc.collect()
    for thread in others:
        thread.join(5)
        assert not thread.is_alive()
