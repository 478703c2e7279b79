"""Starts and supervises the processes that make the checks."""

from __future__ import annotations

import atexit
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
from pathlib import Path
from typing import Any

from priorbench.machine.settings import import_path, inherited, worker_environment

#: seconds that importing torch and a registry may take
_START = 300.0


class DeadError(Exception):
    """The process died, or was ended because it gave no answer; the text says how."""


class CheckHost:
    """A process that has imported torch, and forks one process after the other for what is examined.

    Attributes
    ----------
    serving : Mapping[str, Any] or None
        the subject that is examined now; None = none.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._folder = ""
        self._examiner = 0
        self.serving: Mapping[str, Any] | None = None
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._printed: deque[str] = deque(maxlen=3)

    def __enter__(self) -> CheckHost:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def examine(self, subject: Mapping[str, Any]) -> Any:
        """Fork a process for a subject, in place of any other; return the checks that it knows."""
        self.release()
        if self._process is None:
            self._start()
        work, own = (Path(self._folder, name) for name in ("work", "temporary"))
        for folder in (work, own):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        self._printed.clear()
        answer = self._tell({**subject, "folder": str(work), "temporary": str(own)}, _START)
        self._examiner, self.serving = answer["process"], subject
        return answer["checks"]

    def ask(self, check: str, seconds: float) -> dict[str, Any]:
        """Make a check and return its answer.

        Raises
        ------
        DeadError
            If the process died or did not answer in time.
        """
        return self._tell(check, seconds)

    def release(self) -> None:
        """End the process of the subject."""
        if self.serving is not None:
            self._examiner, self.serving = 0, None
            self._say(None)

    def close(self) -> None:
        """End everything, and remove all files."""
        self._kill_examiner()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._process = None
            atexit.unregister(self.close)

    def _start(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="priorbench-check-")
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "priorbench.testing.host"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={
                **inherited(),
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONPATH": import_path(),
                **worker_environment(1),
            },
            text=True,
            encoding="utf-8",
            errors="backslashreplace",
            start_new_session=True,
        )
        atexit.register(self.close)
        for target in (self._pass_on, self._keep_printed):
            threading.Thread(target=target, args=(self._process,), daemon=True).start()

    def _tell(self, message: Any, seconds: float) -> dict[str, Any]:
        try:
            self._say(message)
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            self.close()
            raise DeadError(f"no answer after {seconds:g} s") from None
        except OSError:
            answer = ""
        if not answer:
            self.close()
            raise DeadError("the process that makes the checks died")
        told: dict[str, Any] = json.loads(answer)
        if "died" in told:
            self._examiner, self.serving = 0, None
            raise DeadError(self._death(told["died"]))
        return told

    def _say(self, message: Any) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def _kill_examiner(self) -> None:
        if self._examiner:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._examiner, signal.SIGKILL)
        self._examiner, self.serving = 0, None

    def _death(self, code: int) -> str:
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"
        last = " | ".join(self._printed)
        return f"the process {how}" + (f"; it printed last: {last}" if last else "")

    def _pass_on(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as pipe:
            for line in pipe:
                self._answers.put(line)
        self._answers.put("")

    def _keep_printed(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        with process.stderr as pipe:
            for line in pipe:
                if line.strip():
                    self._printed.append(line.strip()[:300])
