"""A player in a process of its own: started, asked, held to its limits, killed with all that it started."""

from __future__ import annotations

import json
import os
import selectors
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from priorbench.machine.leftovers import is_helper
from priorbench.machine.printed import Printed
from priorbench.machine.processes import children_of, command_of, is_zombie, kill_tree
from priorbench.machine.quiet import wait_until_quiet
from priorbench.player.messages import work_to_message, write_pixels
from priorbench.player.shared_memory import MissingPixelsError, SharedMemory
from priorbench.player.work import Finished, Work
from priorbench.protocol.exchange import Kind, Problem, Shown, Spent, Stretch
from priorbench.protocol.failure import MachineError, TrialFailedError
from priorbench.worker.deaths import cause_of_death
from priorbench.worker.launching import Launched
from priorbench.worker.patience import Patience
from priorbench.worker.replies import (
    LONGEST,
    ReplyError,
    finished_of,
    message_of,
    seconds_of,
    spent_of,
    stretch_of,
    type_of,
)
from priorbench.worker.timekeeping import SLACK_FOR_EACH, Timekeeper, for_each_message

#: seconds that a player may take to import what it needs
START_TIMEOUT = 300.0
#: messages that are timed before any method is there
_ROUND_TRIPS = 15
#: bytes that a method may print in one trial
PRINT_LIMIT = 1_000_000
#: lines that are kept of what a method which failed had printed, its traceback included
_LINES = 20


class PlayerProcess:
    """A player for one method on one setting.

    Parameters
    ----------
    launched : Launched
        its process.
    timeout : float or None
        seconds that one trial may take; None = no limit.
    alive : callable
        called every second that the method takes.
    """

    def __init__(self, launched: Launched, timeout: float | None, alive: Callable[[], None]) -> None:
        self._process, self._folder = launched.process, launched.folder
        self._threads, self._timeout, self._alive = launched.threads, timeout, alive
        self._shared = SharedMemory(launched.descriptor)
        self._buffer = b""
        assert self._process.stdout is not None
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.stdout.fileno(), selectors.EVENT_READ)
        assert self._process.stderr is not None
        self._printed = Printed(self._process.stderr)
        self._ready, self._for_each = False, SLACK_FOR_EACH
        self._work: Work | None = None
        self._keeper: Timekeeper | None = None
        self._number = 0
        self._ahead: tuple[Kind, Shown] | None = None
        self._patience = Patience(None, self._process.pid)

    @property
    def process(self) -> int:
        """Id of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    @property
    def fit(self) -> PlayerProcess:
        """The method at work, after `begin`."""
        return self

    def start(self) -> None:
        """Wait until the process is ready for a trial.

        Raises
        ------
        MachineError
            Where it does not get ready.
        """
        self._printed.forget()
        if self._ready:
            return
        self._patience = Patience(START_TIMEOUT, self.process)
        try:
            self._read()
            self._for_each = for_each_message([self._round_trip() for _ in range(_ROUND_TRIPS)])
        except TrialFailedError as failure:
            said = "".join(f" ({line})" for line in self._printed.last_lines(1))
            raise MachineError(f"the worker did not start: {failure.reason}{said}") from None
        self._ready = True
        self._printed.forget()  # what plugins printed when they were loaded is not the method's

    def _round_trip(self) -> float:
        """Return how long a message takes to which the answer is nothing."""
        start = time.perf_counter()
        self._send(("answer", {}))
        self._read()
        return time.perf_counter() - start

    def make(self, work: Work) -> float:
        """Import and make the method; return the seconds."""
        timeout = None if self._timeout is None else self._timeout * len(work.problems)
        self._patience = Patience(timeout, self.process)
        self._work, self._keeper = work, None
        self._send(("make", work_to_message(work)), ("begin", {}))
        return seconds_of(self._read())

    def begin(self) -> float:
        """Warm up on other pixels, once, and get ready; return the seconds of the first call.

        Only then does the process get its own pixels.
        """
        seconds = seconds_of(self._read())
        assert self._work is not None
        self._send(("receive", {"seeds": write_pixels(self._work, self._shared)}))
        self._read()
        self._keeper, self._number = Timekeeper(self.process, self._threads, self._for_each), 0
        return seconds

    def settle(self) -> bool:
        """Wait until no thread of the process is at work; return False where one runs on."""
        return wait_until_quiet(process=self.process)

    def advance(self, until: int, *, shown_next: Kind | None = None) -> Stretch:
        """Let the method go on, on the clock, until it has made so many iterations, or ends."""
        keeper, images = self._trial()
        keeper.command()
        self._ahead = None
        show = [] if shown_next is None else [("show-next", {"kind": shown_next})]
        self._send(("advance", {"until": until}), *show)
        told = self._read()
        elapsed = keeper.answer()
        stretch = stretch_of(told, self._number, until, len(images))
        self._number = stretch.number
        stretch = replace(stretch, spent=keeper.timed(stretch.spent, *elapsed))
        if shown_next is not None:
            keeper.command(idle=False)
            told = self._read()
            self._ahead = None if stretch.ended else (shown_next, self._shown(0, told))
        return stretch

    def show(self, index: int, kind: Kind) -> Shown:
        """Bring the last iterate of one of the images to the host, off the clock."""
        if self._ahead is not None and (index, kind) == (0, self._ahead[0]):
            return self._ahead[1]
        if kind == "estimate":
            self.settle()  # another pass: what the iteration left awake would be waited for on its clock
        self._trial()[0].command()
        self._send(("show", {"index": index, "kind": kind}))
        return self._shown(index, self._read())

    def _shown(self, index: int, told: Mapping[str, Any]) -> Shown:
        """Return the image that an answer is about."""
        keeper, images = self._trial()
        elapsed = keeper.answer()
        made, carried = seconds_of(told, "made"), spent_of(told, "carried")
        both = keeper.timed(Spent(wall=made + carried.wall, cpu=carried.cpu), *elapsed)
        try:
            (image,) = self._shared.read([(images[index].shape, type_of(told))])
        except MissingPixelsError as error:
            raise ReplyError(str(error)) from None
        hidden = both.wall - made - carried.wall
        spent = replace(carried, wall=carried.wall + hidden, device=carried.device + hidden)
        return Shown(image=image, made=made, carried=spent)

    def _trial(self) -> tuple[Timekeeper, Sequence[Problem]]:
        assert self._keeper is not None
        assert self._work is not None
        return self._keeper, self._work.problems

    def finish(self) -> Finished:
        """End the trial, and say what it left behind, as far as it can be seen from here, too."""
        told = self._finished()
        marks = []
        if self._keeper is not None:
            self._keeper.ended(told.memory)
            marks = self._keeper.marks()
        self._shared.clear()
        children = [
            child for child in children_of(self.process) if not is_zombie(child) and not is_helper(child)
        ]
        seen = f"{len(children)} processes ({command_of(children[0])})" if children else ""
        return Finished(memory=told.memory, left=told.left or seen, marks=(*told.marks, *marks))

    def _finished(self) -> Finished:
        self._send(("finish", {}))
        told = finished_of(self._read())
        if self._printed.count > PRINT_LIMIT:
            raise TrialFailedError(
                "error",
                f"printed {self._printed.count / 1e6:.1f} MB; at most {PRINT_LIMIT / 1e6:.0f} MB are allowed",
            )
        return told

    def last_lines(self) -> str | None:
        """Return the last lines that were printed."""
        return "\n".join(self._printed.last_lines(_LINES)) or None

    def kill(self) -> None:
        """End the process and everything that it started, and remove its temporary files."""
        kill_tree(self.process)
        self._process.kill()
        self._process.wait()
        self._printed.finish()
        self._selector.close()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue
        self._shared.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _send(self, *commands: tuple[str, Mapping[str, Any]]) -> None:
        """Send commands, which are answered one after the other."""
        assert self._process.stdin is not None
        if self._buffer:
            raise ReplyError("it says more than was asked")
        lines = (json.dumps({"do": what, **told}) + "\n" for what, told in commands)
        waiting = memoryview("".join(lines).encode())
        try:
            while waiting:
                waiting = waiting[os.write(self._process.stdin.fileno(), waiting) :]
        except OSError:
            raise TrialFailedError("crashed", cause_of_death(self._process)) from None

    def _read(self) -> Mapping[str, Any]:
        """Return the answer to a command; raise what it says that went wrong."""
        assert self._process.stdout is not None
        descriptor, patience = self._process.stdout.fileno(), self._patience
        patience.catch_up()
        while b"\n" not in self._buffer:
            found = self._selector.select(patience.step)
            patience.look()
            if patience.over:
                raise TrialFailedError("timeout", f"no result after {patience.seconds:g} s")
            if not found:
                self._alive()
                if not self.alive:  # a child of it may hold the line open
                    raise TrialFailedError("crashed", cause_of_death(self._process))
                continue
            if len(self._buffer) > LONGEST:
                raise ReplyError(f"it has more than {LONGEST // 2**20} MiB")
            chunk = os.read(descriptor, 1 << 16)
            if not chunk:
                raise TrialFailedError("crashed", cause_of_death(self._process))
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return message_of(line)
