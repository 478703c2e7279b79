"""Ends a run on SIGTERM, SIGHUP or when its time budget is used up, as Ctrl-C does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(kw_only=True, slots=True)
class Ending:
    """Why a run was ended before its time.

    Attributes
    ----------
    status : int, default 130
        exit status: 128 and the number of the signal, as shells have it; 1 for a time budget.
    reason : str, default 'interrupted'
        for people.
    begun : bool, default False
        a signal has come.
    """

    status: int = 128 + signal.SIGINT
    reason: str = "interrupted"
    begun: bool = False


@contextmanager
def ended_by_signals(time_budget: float | None = None) -> Iterator[Ending]:
    """Raise KeyboardInterrupt when one of the signals comes; the `Ending` says which.

    What is ignored stays ignored (``nohup``). A second signal does not disturb the ending.

    Parameters
    ----------
    time_budget : float or None, optional
        seconds after which the run ends; None = no limit.
    """
    ending = Ending()

    def end(number: int, _frame: Any) -> None:
        if ending.begun:
            return
        ending.begun = True
        if number == signal.SIGALRM:
            ending.status, ending.reason = 1, "the time budget is used up"
        else:
            ending.status, ending.reason = 128 + number, f"ended by {signal.Signals(number).name}"
        raise KeyboardInterrupt

    before: dict[int, Any] = {}
    try:
        if threading.current_thread() is threading.main_thread():  # others cannot have handlers
            wanted = [signal.SIGTERM, signal.SIGHUP, *([signal.SIGALRM] if time_budget else [])]
            for number in wanted:
                if signal.getsignal(number) is not signal.SIG_IGN or number == signal.SIGALRM:
                    before[number] = signal.signal(number, end)
            signal.setitimer(signal.ITIMER_REAL, time_budget or 0.0)
        yield ending
    finally:
        ending.begun = True
        if before:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
        for changed, handler in before.items():
            signal.signal(changed, handler)
