"""The examining process, as its parent sees it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from priorbench.environment import worker_environment
from priorbench.testing.results import CheckOptions

#: seconds that it may take to import what it needs
_START = 300.0
#: runs that one check makes at most, each of which may take the time limit
_RUNS = 12


class DeadError(Exception):
    """The process died, or was ended because it gave no answer; the text says how."""


class Process:
    """Examines one thing. It is started at the first question, and again after it died.

    Parameters
    ----------
    subject : what is examined: its ``kind``, ``name``, ``plugin`` and ``parameters``.
    options : how.
    """

    def __init__(self, subject: Mapping[str, str], options: CheckOptions) -> None:
        self._request = {**subject, "options": asdict(options)}
        self._patience = _RUNS * options.time_limit
        self._child: subprocess.Popen[str] | None = None
        self._folder = ""
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._printed: deque[str] = deque(maxlen=3)

    def ask(self, check: str) -> dict[str, Any]:
        """Make a check and return its answer.

        Raises
        ------
        DeadError
            If it died or did not answer in time; the next question gets a new process.
        """
        if self._child is None:
            self._start()
            self._tell(self._request, _START)
        return self._tell(check, self._patience)

    def close(self) -> None:
        """End it, with everything that it started, and remove its files."""
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._child = None

    def _start(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="priorbench-check-")
        work, own = (Path(self._folder, name) for name in ("work", "temporary"))
        work.mkdir()
        own.mkdir()
        variables = {"TMPDIR": str(own), "PYTHONDONTWRITEBYTECODE": "1", **worker_environment(1)}
        self._child = subprocess.Popen(
            [sys.executable, "-m", "priorbench.testing.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=work,
            env={**os.environ, **variables},
            text=True,
            encoding="utf-8",
            errors="backslashreplace",
            start_new_session=True,
        )
        self._answers = queue.SimpleQueue()
        for target in (self._pass_on, self._keep_printed):
            threading.Thread(target=target, args=(self._child, self._answers), daemon=True).start()

    def _tell(self, message: Any, seconds: float) -> dict[str, Any]:
        assert self._child is not None
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps(message) + "\n")
            self._child.stdin.flush()
            line = self._answers.get(timeout=seconds)
        except queue.Empty:
            self.close()
            raise DeadError(f"no answer after {seconds:g} s") from None
        except OSError:
            line = ""
        if not line:
            code = self._child.wait()
            self.close()
            raise DeadError(self._death(code))
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _death(self, code: int) -> str:
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"
        last = " | ".join(self._printed)
        return f"the process {how}" + (f"; it printed last: {last}" if last else "")

    def _pass_on(self, child: subprocess.Popen[str], answers: queue.SimpleQueue[str]) -> None:
        assert child.stdout is not None
        with child.stdout as pipe:
            for line in pipe:
                answers.put(line)
        answers.put("")

    def _keep_printed(self, child: subprocess.Popen[str], _: object) -> None:
        assert child.stderr is not None
        with child.stderr as pipe:
            for line in pipe:
                if line.strip():
                    self._printed.append(line.strip()[:300])
