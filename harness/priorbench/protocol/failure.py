"""Failures of a method as a status and one line."""

from __future__ import annotations

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
