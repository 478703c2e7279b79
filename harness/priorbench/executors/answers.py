"""What a worker answers, checked: a method shares its process, and could have written it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from priorbench.contract.records import NOT_RUN, Record, from_json, to_json
from priorbench.contract.trial import Trial
from priorbench.loading.registry import Registry
from priorbench.protocol.trial_records import trial_records
from priorbench.store.documents import UnreadableError, checked

#: bytes of one answer; records with long curves and pictures have some hundred thousand
LONGEST = 2**26
#: bytes of the pictures of one record, as text
_PICTURES = 2**23
_PNG = b"\x89PNG\r\n\x1a\n"
#: what the trial itself tells, or whoever runs it: an answer has no say in it
_NOT_ASKED = frozenset(
    {
        *("key", "denoiser", "parameters", "plugin", "plugin_version", "plugin_source", "plugin_commit"),
        *("code", "image_set", "image", "image_sha256", "height", "width", "channels"),
        *("noise", "noise_parameters", "repetition", "salt", "stopping_rule", "stopping_parameters"),
        *("operator", "operator_parameters", "oracle", "trained_on", "schema", "protocol"),
        *("device", "threads", "printed", "limits", "environment"),
    }
)
_ASKED = frozenset(item.name for item in fields(Record)) - _NOT_ASKED
#: what is known before the method runs
_FACTS: Mapping[str, type | tuple[type, ...]] = {
    "started_at": str,
    "noisy_sha256": str,
    "sigma": (int, float),
    "noisy_psnr": (int, float),
}
#: what a good result has
_NEEDED = ("mse", "output_sha256", "noisy_sha256", "wall_seconds")


class AnswerError(Exception):
    """An answer that is no result; the message is the reason."""


def message_of(line: bytes) -> dict[str, Any]:
    """Return a line that a worker wrote as a message.

    Raises
    ------
    AnswerError
        If it is none.
    """

    def no_number(name: str) -> None:
        raise ValueError(f"{name} is no number")

    try:
        message = json.loads(line, parse_constant=no_number)
    except (ValueError, RecursionError) as error:
        raise AnswerError(f"it is no JSON: {error}") from None
    if not isinstance(message, dict):
        raise AnswerError("it is no JSON object")
    return message


def facts_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a record that a worker tells before the method runs.

    Raises
    ------
    AnswerError
        If they are none.
    """
    facts = message.get("facts", {})
    if not isinstance(facts, dict):
        raise AnswerError("its facts are no JSON object")
    told = {name: value for name, value in facts.items() if name in _FACTS}
    for name, value in told.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, _FACTS[name])):
            raise AnswerError(f"its fact '{name}' is of the wrong type")
    return told


def records_of(
    message: Mapping[str, Any], trials: Sequence[Trial], registry: Registry
) -> list[tuple[Record, ...]]:
    """Return the records of trials: their identity from the trials, results from the answer.

    Raises
    ------
    AnswerError
        If the answer has not one result for each key of each trial, or one that is none.
    """
    answer = message["records"]
    counts = [max(1, len(trial.stopping)) for trial in trials]
    if not isinstance(answer, list) or [len(own) if isinstance(own, list) else 0 for own in answer] != counts:
        raise AnswerError("it has not one result for each stopping rule of each trial")
    return [_records(trial, own, registry) for trial, own in zip(trials, answer, strict=True)]


def _records(trial: Trial, results: Sequence[Any], registry: Registry) -> tuple[Record, ...]:
    if not all(isinstance(result, dict) for result in results):
        raise AnswerError("a result is no JSON object")
    try:
        plain = [from_json({**_anybody(trial), **_asked(result)}) for result in results]
        told = [{name: getattr(one, name) for name in _ASKED} for one in plain]
        records = trial_records(trial, registry, told)
        for record in records:
            _check(record)
    except (UnreadableError, TypeError, AttributeError, ValueError) as error:
        raise AnswerError(str(error)) from None
    return records


def _asked(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in _ASKED}


def _anybody(trial: Trial) -> dict[str, Any]:
    """Return values of the fields that a record must have and an answer does not tell."""
    return dict.fromkeys(_NOT_ASKED) | {"trained_on": (), "parameters": {}, "image": trial.image}


def _check(record: Record) -> None:
    values = to_json(record)
    pictures = values.pop("crops")
    if values["status"] == NOT_RUN:
        values["status"] = "error"
    checked(json.loads(json.dumps(values)))
    if record.status == "ok" and any(values[name] is None for name in _NEEDED):
        raise UnreadableError(f"a good result has {', '.join(_NEEDED)}")
    if not isinstance(pictures, dict) or sum(map(len, map(str, pictures.values()))) > _PICTURES:
        raise UnreadableError("its pictures are none, or too large")
    for picture in pictures.values():
        try:
            good = base64.b64decode(picture, validate=True).startswith(_PNG)
        except (binascii.Error, TypeError, ValueError):
            good = False
        if not good:
            raise UnreadableError("a picture is no PNG file")
