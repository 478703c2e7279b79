"""What a judge answers: records of the trials that it was asked for, as they can be stored."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from priorbench.contract.records import NOT_RUN, Record, from_json, to_json
from priorbench.contract.trial import Trial
from priorbench.store.documents import UnreadableError, checked


class AnswerError(Exception):
    """An answer that is none; the message is the reason."""


def message_of(line: bytes) -> dict[str, Any]:
    """Return a line that a judge wrote as a message.

    Raises
    ------
    AnswerError
        If it is none.
    """
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise AnswerError(f"the judge wrote a line that is no answer: {error}") from None
    if not isinstance(message, dict):
        raise AnswerError("the judge wrote a line that is no answer")
    return message


def records_of(message: Mapping[str, Any], trials: Sequence[Trial]) -> list[tuple[Record, ...]]:
    """Return the records of trials.

    Raises
    ------
    AnswerError
        If they are not those of the trials, or have values that no store takes: a metric or a rule of a
        plugin may have given them.
    """
    try:
        found = [tuple(map(from_json, own)) for own in message["records"]]
        if [tuple(record.key for record in own) for own in found] != [trial.keys for trial in trials]:
            raise AnswerError("the judge answered for other trials than it was asked for")
        for own in found:
            for record in own:
                _check(record)
    except (UnreadableError, TypeError, AttributeError, ValueError, KeyError) as error:
        raise AnswerError(f"the judge gave no record: {error}") from None
    return found


def _check(record: Record) -> None:
    values = to_json(record)
    values.pop("crops")
    if values["status"] == NOT_RUN:
        values["status"] = "error"
    checked(values)
