"""What a player answers, checked: a method shares its process, and could have written it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from priorbench.player.shared_memory import TYPES
from priorbench.player.work import Finished
from priorbench.protocol.exchange import Spent, Stretch, is_number
from priorbench.protocol.failure import TrialFailedError
from priorbench.words import visible

#: bytes of one answer: some hundred, or a reason with a long message
LONGEST = 2**20
#: characters of what an answer tells people
_WORDS = 600
#: how a method can fail by what it says itself
_STATUSES = ("error", "invalid-output", "out-of-memory")
#: losses that JSON has no number for
_NOT_FINITE = ("nan", "inf", "-inf")
#: more bytes than any machine has
_MOST_MEMORY = 2**53


class ReplyError(TrialFailedError):
    """An answer that is none; the message is the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__("error", f"the answer of the worker is no result: {reason}")


def message_of(line: bytes) -> Mapping[str, Any]:
    """Return what a command gave.

    Raises
    ------
    TrialFailedError
        Where the player says that the method failed.
    ReplyError
        If the line is no answer.
    """

    def no_number(name: str) -> None:
        raise ValueError(f"{name} is no number")

    try:
        message = json.loads(line, parse_constant=no_number)
    except (ValueError, RecursionError) as error:
        raise ReplyError(f"it is no JSON: {words_of(str(error))}") from None
    if not isinstance(message, dict):
        raise ReplyError("it is no JSON object")
    failed = message.get("failed")
    if isinstance(failed, dict):
        status = failed.get("status")
        raise TrialFailedError(status if status in _STATUSES else "error", words_of(failed.get("reason")))
    done = message.get("done", {} if message.get("ready") is True else None)
    if not isinstance(done, dict):
        raise ReplyError("it has neither a result nor a failure")
    return done


def words_of(text: Any) -> str:
    """Return what an answer tells people: one line, not too long, that cannot act on a terminal."""
    return visible(" ".join(str(text).split()))[:_WORDS] if isinstance(text, str) else "no reason was given"


def seconds_of(told: Mapping[str, Any], name: str = "seconds") -> float:
    """Return a time."""
    value = told.get(name)
    if not is_number(value):
        raise ReplyError(f"'{name}' is no number of seconds")
    return float(value)  # type: ignore[arg-type]


def spent_of(told: Mapping[str, Any], name: str) -> Spent:
    """Return the times of a stretch."""
    spent = told.get(name)
    if not isinstance(spent, dict):
        raise ReplyError(f"'{name}' is no time")
    return Spent(**{which: seconds_of(spent, which) for which in ("wall", "device", "cpu")})


def type_of(told: Mapping[str, Any]) -> torch.dtype:
    """Return the type of the pixels in the shared memory."""
    found = TYPES.get(told["type"]) if isinstance(told.get("type"), str) else None
    if found is None:
        raise ReplyError("it does not say what type its pixels have")
    return found


def stretch_of(told: Mapping[str, Any], before: int, until: int, images: int) -> Stretch:
    """Return a stretch.

    Parameters
    ----------
    told : mapping
        the answer.
    before, until : int
        iterations that had been made, and that were asked for.
    images : int
        of the fit.
    """
    number, ended = told.get("number"), told.get("ended")
    if type(number) is not int or not isinstance(ended, bool):
        raise ReplyError("it does not say how many iterations were made")
    if not (before <= number < until if ended else number == until):
        raise ReplyError(f"it says that {number} iterations were made, of {until}")
    there = images if number else 0
    losses = _column(told, "losses", there)
    if not all(loss is None or type(loss) in (int, float) or loss in _NOT_FINITE for loss in losses):
        raise ReplyError("a loss is no number")
    apart = _column(told, "apart", there)
    if not all(isinstance(flag, bool) for flag in apart):
        raise ReplyError("it does not say whether an output is another one than the estimate")
    if not isinstance(told.get("repeats"), bool):
        raise ReplyError("it does not say whether the next output is the estimate")
    return Stretch(
        number=number,
        ended=ended,
        spent=spent_of(told, "spent"),
        losses=tuple(None if loss is None else float(loss) for loss in losses),
        apart=tuple(apart),
        repeats=told["repeats"],
    )


def finished_of(told: Mapping[str, Any]) -> Finished:
    """Return how the player says that the trial left it."""
    memory, left, marks = told.get("memory"), told.get("left"), told.get("marks")
    if type(memory) is not int or not 0 <= memory <= _MOST_MEMORY:
        raise ReplyError("'memory' is no number of bytes")
    if not isinstance(left, str) or not isinstance(marks, list) or len(marks) > 10:
        raise ReplyError("it does not say what is left")
    return Finished(memory=memory, left=words_of(left) if left else "", marks=tuple(map(words_of, marks)))


def _column(told: Mapping[str, Any], name: str, length: int) -> Sequence[Any]:
    column = told.get(name)
    if not isinstance(column, list) or len(column) != length:
        raise ReplyError(f"'{name}' has not one entry for each image")
    return column
