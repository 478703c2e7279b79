"""What a method leaves running."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest

from priorbench.machine.leftovers import left_running, running


class Owner:
    """Ends its thread when it is collected, which takes the garbage collector: it holds itself."""

    def __init__(self) -> None:
        self.itself = self
        self._end = threading.Event()
        threading.Thread(target=self._end.wait, name="owned", daemon=True).start()

    def __del__(self) -> None:
        self._end.set()


def test_a_thread_that_nobody_has_any_more_is_not_left():
    before = running()
    owner = Owner()
    assert left_running(before) == "1 thread (owned)"
    del owner
    assert left_running(before) == ""


def test_threads_are_named():
    before, end = running(), threading.Event()
    threads = [threading.Thread(target=end.wait, name=f"t{n}", daemon=True) for n in range(2)]
    for thread in threads:
        thread.start()
    assert left_running(before) == "2 threads (t0, t1)"
    end.set()
    assert left_running(before) == ""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of child processes")
def test_a_child_that_works_under_the_name_of_pythons_helper_is_seen() -> None:
    before = running()
    words = [sys.executable, "-c", "while True: pass", "multiprocessing.resource_tracker"]
    with subprocess.Popen(words) as child:
        deadline = time.monotonic() + 20
        while not left_running(before) and time.monotonic() < deadline:
            pass
        assert "1 child process" in left_running(before)
        child.kill()


def test_a_timer_is_left_behind_and_one_that_was_there_is_not() -> None:
    signal.setitimer(signal.ITIMER_VIRTUAL, 900)
    try:
        before = running()
        assert left_running(before) == ""
        signal.setitimer(signal.ITIMER_PROF, 900)
        assert left_running(before) == "a timer (ITIMER_PROF)"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
