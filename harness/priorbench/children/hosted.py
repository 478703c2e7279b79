"""Asks processes in which other people's code runs, with a deadline; the user's end of a host."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from priorbench.children.host import LOST
from priorbench.children.line import Line, NoMessageError
from priorbench.machine.printed import Printed
from priorbench.machine.settings import import_path, inherited, worker_environment

#: bytes that may be printed before an answer
PRINT_LIMIT = 10_000_000
#: seconds in which a process ends that is told to
_LAST_BREATH = 30.0
#: seconds in which the guard ends everything, before it is killed itself
_END = 15.0
#: seconds for what a process printed last to arrive
_LAST_WORDS = 0.05
#: seconds between two looks at how much is printed
_STEP = 0.2


class DeadError(Exception):
    """The process died, or was ended because it gave no answer; the text says how."""


class Hosted:
    """A host (`priorbench.children.host`), started when it is first needed, and the process that it forks.

    Whatever happens to the user of this object, also SIGKILL, nothing of them lives on.

    Parameters
    ----------
    module : str
        whose ``main`` calls `priorbench.children.host.serve`.
    variables : Mapping[str, str], optional
        further variables of its environment.
    with_folder : bool, default False
        it gets a folder for files, which is removed at the end.

    Attributes
    ----------
    folder : str
        that folder; empty before the host is started, and where there is none.
    """

    def __init__(
        self, module: str, variables: Mapping[str, str] | None = None, *, with_folder: bool = False
    ) -> None:
        self._module, self._variables = module, dict(variables or {})
        self._with_folder = with_folder
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Line | None = None
        self._owner = 0
        self._printed: Printed | None = None
        self._busy = False
        self.folder = ""

    def __del__(self) -> None:
        """End everything; an interpreter that ends closes the pipe, and that does it too."""
        with contextlib.suppress(Exception):
            self.close()

    def begin(self, message: Any, seconds: float) -> Mapping[str, Any]:
        """Fork a process, in place of any other; return its first answer.

        Raises
        ------
        DeadError
            If there is none in time.
        """
        self.release()
        self.start()
        self._busy = True
        return self._exchange({"begin": message}, seconds)

    def ask(self, message: Any, seconds: float) -> Mapping[str, Any]:
        """Return the answer of the process that was begun.

        Raises
        ------
        DeadError
            If there is none in time.
        """
        return self._exchange({"ask": message}, seconds)

    def release(self) -> None:
        """End the process that was begun, with all that it started."""
        if self._busy:
            try:
                self._exchange({"end": True}, _LAST_BREATH)
            except DeadError:
                pass
            else:  # it answers what nobody asked
                self.close()

    def close(self) -> None:
        """End everything, and remove all files."""
        process, self._process, self._busy = self._process, None, False
        if process is None or os.getpid() != self._owner:
            return
        if self._line is not None:
            self._line.close()  # the guard sees that, and ends all
            self._line = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_END)
        process.kill()
        process.wait()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start the host, where none runs."""
        if self._process is not None and self._owner == os.getpid():
            if self._process.poll() is None:
                return
            self.close()
        self._owner, self._busy = os.getpid(), False
        self.folder = tempfile.mkdtemp(prefix="priorbench-child-") if self._with_folder else ""
        folder = [self.folder] if self.folder else []
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "priorbench.children.guard", self._module, *folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={
                **inherited(),
                "PYTHONPATH": import_path(),
                **worker_environment(1),
                **self._variables,
            },
            start_new_session=True,  # Ctrl-C reaches the user alone
        )
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        self._line = Line(os.dup(stdout.fileno()), os.dup(stdin.fileno()))
        stdin.close()
        stdout.close()
        assert self._process.stderr is not None
        self._printed = Printed(self._process.stderr)

    def _exchange(self, message: Any, seconds: float) -> Mapping[str, Any]:
        """Send a message and return the answer; the end of the process is an error, and of the host too."""
        assert self._line is not None
        assert self._printed is not None
        self._printed.forget()
        try:
            self._line.say(message)
            told = self._hear(self._line, self._printed, time.monotonic() + seconds)
            if told is None:
                self.close()
                raise DeadError(f"nothing came in {seconds:g} s, and it was ended with all that it started")
            if "ended" in told:
                self._busy = False
                raise DeadError(_death(told["ended"], self._printed))
            answer = Line.parsed(told["answer"])
            if not isinstance(answer, dict):
                raise NoMessageError("what came is no message")
        except NoMessageError as error:
            self.close()
            raise DeadError(f"the process that runs it is gone, or its answer is none: {error}") from None
        return answer

    def _hear(self, line: Line, printed: Printed, deadline: float) -> Mapping[str, Any] | None:
        """Return what the host says next; None where it says nothing in time."""
        while (text := line.take()) is None:
            if line.ready(min(deadline, time.monotonic() + _STEP)):
                line.more()
            elif time.monotonic() >= deadline:
                return None
            if printed.count > PRINT_LIMIT:
                count = printed.count / 1e6
                self.close()
                raise DeadError(f"it printed {count:.0f} MB; at most {PRINT_LIMIT / 1e6:.0f} MB are allowed")
        told: Mapping[str, Any] = line.parsed(text)
        return told


def _death(end: int | str, printed: Printed) -> str:
    if isinstance(end, str):
        return f"the process was ended, for its answer: {end}"
    if end == LOST:
        how = f"closed the line over which it answers (or ended with exit status {LOST})"
    elif end >= 0:
        how = f"ended with exit status {end}"
    else:
        name = signal.Signals(-end).name if -end in set(signal.Signals) else f"signal {-end}"
        hint = " (the system kills with it when memory runs out)" if name == "SIGKILL" else ""
        how = f"was killed by {name}{hint}"
    time.sleep(_LAST_WORDS)
    last = " | ".join(line.strip() for line in printed.last_lines(3))
    return f"the process {how}" + (f"; it printed last: {last}" if last else "")


def fresh_folder(within: str, name: str) -> str:
    """Return an empty folder of this name, in place of what was there."""
    folder = Path(within, name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return str(folder)
