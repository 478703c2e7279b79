"""Failures of a method as a status and one line."""

from __future__ import annotations

import torch

from priorbench.errors import PriorbenchError
from priorbench.protocol.exchange import InvalidOutputError

#: how torch's CPU allocator words it, in a plain RuntimeError
_NO_MEMORY = "can't allocate memory"


def classify(error: BaseException) -> tuple[str, str]:
    """Return the status and the one-line reason of a failure."""
    if isinstance(error, InvalidOutputError):
        return "invalid-output", str(error)
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)) or _NO_MEMORY in str(error):
        return "out-of-memory", told_in_one_line(error)
    if isinstance(error, PriorbenchError):
        return "refused", str(error).replace("\n", "; ")
    if isinstance(error, SystemExit):
        return "error", f"the method called sys.exit({error.code!r})"
    return "error", told_in_one_line(error)


def told_in_one_line(error: BaseException) -> str:
    """Return type, message and place of an exception on one line."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        place = f" ({trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno})"
        trace = trace.tb_next
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message}"[:500] + place
