"""Failures of a method as a status and one line."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from pathlib import Path

import torch

from priorbench.contract.records import NOT_RUN
from priorbench.errors import PriorbenchError
from priorbench.protocol.exchange import InvalidOutputError
from priorbench.protocol.refusal import RefusedError


class MachineError(Exception):
    """A trial could not be run here; the method has no part in it."""


class TrialFailedError(Exception):
    """A trial ended without a result; somebody else has found out why.

    Attributes
    ----------
    status : str
        one of `priorbench.contract.records.STATUSES`.
    reason : str
        in one line.
    """

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


#: where the harness's own code is
_HARNESS = Path(__file__).parent.parent
#: frames of a traceback that are kept, and exceptions of a chain
_FRAMES, _CAUSES = 6, 2

#: how torch's CPU allocator words it, in a plain RuntimeError
_NO_MEMORY = "can't allocate memory"


def classify(error: BaseException) -> tuple[str, str]:
    """Return the status and the one-line reason of a failure."""
    if isinstance(error, TrialFailedError):
        return error.status, error.reason
    if isinstance(error, InvalidOutputError):
        return "invalid-output", str(error)
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)) or _NO_MEMORY in message_of(error):
        return "out-of-memory", told_in_one_line(error)
    if isinstance(error, MachineError):
        return NOT_RUN, str(error)
    if isinstance(error, PriorbenchError):
        # a method that is asked says no in its spec; what it raises is an error like any other
        status = "refused" if isinstance(error, RefusedError) else "error"
        return status, str(error).replace("\n", "; ")
    if isinstance(error, SystemExit):
        return "error", f"the method called sys.exit({_shown(error.code)})"
    return "error", told_in_one_line(error)


def print_traceback(error: BaseException) -> None:
    """Print the last frames of a method's exception and of its causes to standard error, a line for each.

    The judge keeps the last lines that a player printed. Files are named without their folders: records are
    published. What the method's own code has to say, refusals for example, has no traceback.
    """
    if classify(error)[0] not in ("error", "out-of-memory") or isinstance(error, PriorbenchError):
        return
    lines, seen = [], 0
    cause: BaseException | None = error
    while cause is not None and seen < _CAUSES:
        header = [f"{told_in_one_line(cause)}, which led to"] if seen else []  # the record has the first
        lines += [*header, *_frames(cause)]
        hidden = cause.__suppress_context__
        cause, seen = cause.__cause__ or (None if hidden else cause.__context__), seen + 1
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # a method may have put its own in their place
            stream.flush()  # the process is killed soon
    with contextlib.suppress(OSError):
        os.write(2, ("\n".join(["", *reversed(lines)]) + "\n").encode("utf-8", "backslashreplace"))


def _frames(error: BaseException) -> list[str]:
    """Return the last frames of an exception, the innermost first, without the harness's own."""
    try:
        every = traceback.extract_tb(error.__traceback__)
        own = [one for one in every if not Path(one.filename).is_relative_to(_HARNESS)]
        return [
            f"  {Path(one.filename).name}:{one.lineno} in {one.name}: {one.line or ''}"
            for one in reversed((own or every)[-_FRAMES:])
        ]
    except Exception as another:  # a method's module may have taken its source away
        return [f"  its frames cannot be read: {type(another).__name__}"]


def message_of(error: BaseException) -> str:
    """Return the message of an exception, which is the method's own code, too, and may raise again."""
    try:
        return str(error)
    except BaseException as another:
        return f"its message cannot be read: {type(another).__name__}"


def _shown(value: object) -> str:
    try:
        return repr(value)
    except BaseException as another:
        return f"what cannot be shown: {type(another).__name__}"


def told_in_one_line(error: BaseException) -> str:
    """Return type, message and place of an exception on one line."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        place = f" ({trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno})"
        trace = trace.tb_next
    message = " ".join(message_of(error).split())
    return f"{type(error).__name__}: {message}"[:500] + place
