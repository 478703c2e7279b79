"""The judge's clock bounds what a player tells, and sees work beside it."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from virtual_time import stop_the_clock

from priorbench.protocol.exchange import Spent
from priorbench.worker import timekeeping
from priorbench.worker.timekeeping import (
    SLACK,
    SLACK_FOR_EACH,
    SLACK_SHARE,
    Timekeeper,
    for_each_message,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of other processes")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the judge's clock go on in `stretch` alone: on a busy machine, a sleep takes longer."""
    monkeypatch.setattr(timekeeping, "time", Clock)
    yield
    Clock.now = 0.0


class Clock:
    now = 0.0

    @classmethod
    def perf_counter(cls) -> float:
        return cls.now


def stretch(keeper: Timekeeper, seconds: float, told: float | None = None, cpu: float = 0.0) -> Spent:
    """Return what a stretch that takes `seconds` costs where the player tells `told`; None = the truth."""
    keeper.command()
    Clock.now += seconds
    told = seconds if told is None else told
    return keeper.timed(Spent(wall=told, device=told, cpu=cpu), *keeper.answer())


def test_what_is_told_counts_while_the_two_clocks_agree() -> None:
    keeper = Timekeeper(os.getpid(), 1)
    spent = stretch(keeper, 0.05)
    assert spent.wall == spent.device == 0.05
    assert keeper.marks() == []


def test_a_player_that_tells_too_little_pays_by_the_judges_clock(monkeypatch) -> None:
    stop_the_clock(monkeypatch)
    keeper = Timekeeper(os.getpid(), 1)
    spent = stretch(keeper, 0.2, 0.001)
    assert 0.19 <= spent.wall <= 0.2
    assert spent.device >= 0.19
    assert "the method's process told less time than passed" in keeper.marks()[0]


def test_little_by_little_no_more_is_hidden_than_in_one_piece() -> None:
    keeper = Timekeeper(os.getpid(), 1)
    told = sum(stretch(keeper, 0.004, 0.0).wall for _ in range(100))
    assert 0.4 - told <= SLACK + 100 * SLACK_FOR_EACH + SLACK_SHARE * 0.4 + 1e-9
    assert keeper.marks()


def test_who_tells_too_much_once_cannot_hide_it_later() -> None:
    keeper = Timekeeper(os.getpid(), 1)
    stretch(keeper, 0.01, 3.0)
    assert stretch(keeper, 0.2, 0.001).wall >= 0.19


@pytest.mark.parametrize(
    ("round_trips", "allowed"),
    [([1e-5, 2e-5, 3e-5], 3e-4), ([1e-4, 2e-4, 0.5], 6e-4), ([0.1, 0.2, 0.3], 1e-3)],
)
def test_each_message_may_take_what_messages_take_on_this_machine(
    round_trips: list[float], allowed: float
) -> None:
    assert for_each_message(round_trips) == pytest.approx(allowed)


def test_a_slow_machine_does_not_make_a_method_pay_for_messages(monkeypatch) -> None:
    stop_the_clock(monkeypatch)
    slow, fast = Timekeeper(os.getpid(), 1, 1e-3), Timekeeper(os.getpid(), 1)
    for _ in range(100):
        stretch(slow, 0.0006, 0.0)
        stretch(fast, 0.0006, 0.0)
    assert slow.marks() == []
    assert "told less time" in fast.marks()[0]


def test_work_between_two_stretches_is_seen() -> None:
    keeper = Timekeeper(os.getpid(), 1)
    stretch(keeper, 0.01)
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass
    stretch(keeper, 0.01)
    assert any("while the clock stood still" in mark for mark in keeper.marks())


@pytest.mark.parametrize(("threads", "marks"), [(1, 1), (16, 0)])
def test_each_thread_may_look_for_more_work_for_a_moment(threads: int, marks: int) -> None:
    keeper = Timekeeper(os.getpid(), threads)
    for _ in range(20):
        stretch(keeper, 0.01)
        busy(0.004)
    stretch(keeper, 0.01)
    assert len(keeper.marks()) == marks


def busy(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_work_after_the_last_answer_is_seen() -> None:
    """Whatever does it: a finaliser, the end of a generator, a signal."""
    keeper = Timekeeper(os.getpid(), 1)
    stretch(keeper, 0.01)
    busy(0.02)
    keeper.ended(0)
    assert keeper.marks() == []
    busy(0.2)
    keeper.ended(0)
    assert [mark.split(" for ")[0] for mark in keeper.marks()] == ["the method worked"]
    assert keeper.marks()[0].endswith("s after its last answer")
    keeper.ended(4 * 10**9)  # the system may take that long to take so much memory back
    assert keeper.marks() == []


def test_the_work_of_a_child_is_seen_before_somebody_waits_for_it() -> None:
    keeper = Timekeeper(os.getpid(), 1)
    child = os.fork()
    if child == 0:
        busy(0.2)
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    try:
        assert any("while the clock stood still" in mark for mark in keeper.marks())
    finally:
        os.waitpid(child, 0)
    assert any("while the clock stood still" in mark for mark in keeper.marks())


def test_more_processors_than_threads_are_seen() -> None:
    keeper = Timekeeper(os.getpid(), 2)
    stretch(keeper, 0.1, cpu=0.2)
    assert keeper.marks() == []
    stretch(keeper, 0.1, cpu=0.6)
    assert any("the method used" in mark for mark in keeper.marks())


def test_threads_that_outlive_a_call_are_seen() -> None:
    keeper, end = Timekeeper(os.getpid(), 1), threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    assert keeper.marks() == ["1 thread of the method outlived its call"]
    end.set()
    thread.join()
