"""Processes of one side: started with its environment, ended when this one is interrupted."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from priorbench.errors import PriorbenchError
from priorbench.watch.sides import Side
from priorbench.words import one_line

#: seconds that a process has to end in good order
_PATIENCE = 20.0


def ask(side: Side, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what `priorbench.watch.survey` answers on a side."""
    _, said, err = start(side, ["priorbench.watch.survey"], json.dumps(request))
    try:
        answer: Mapping[str, Any] = json.loads(said)
    except ValueError:
        raise PriorbenchError(f"{side.shown}: what it has cannot be found out: {last_line(err)}") from None
    if "error" in answer:
        raise PriorbenchError(f"{side.shown}: {one_line(answer['error'])}")
    return answer


def start(side: Side, arguments: Sequence[str], given: str = "") -> tuple[int, str, str]:
    """Run ``python -m`` on a side; return its status, its output and what it said on standard error."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=side.environment,
        text=True,
        encoding="utf-8",
        errors="backslashreplace",
    )
    with process:
        try:
            out, err = process.communicate(given)
        except BaseException:
            _end(process)
            raise
    return process.returncode, out, err


def last_line(text: str) -> str:
    """Return the last line that says something, without the name of this program."""
    lines = [line for line in text.splitlines() if line.strip()]
    return one_line(lines[-1]).removeprefix("priorbench: ") if lines else "it said nothing"


def _end(process: subprocess.Popen[str]) -> None:
    """End a process, and let it end its own first."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE)
    process.kill()
