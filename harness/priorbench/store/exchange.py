"""Records as text that leaves a store and comes into one: each with its environment and what it answers."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from priorbench.contract.choice import Choice
from priorbench.contract.records import SCHEMA, Record, from_json, to_json
from priorbench.contract.requests import AskedSet, Request, Run, request_from_json, request_to_json
from priorbench.machine.description import fingerprint
from priorbench.store.asked import Answer, Asked, asked_of, contradiction, own_answers
from priorbench.store.documents import Damage, UnreadableError, check_digits, checked, fact
from priorbench.store.rows.agreeing import disagreement
from priorbench.store.tags import told_tags, with_tags

#: fields of an export's line that are not a single value
NESTED = frozenset(
    item.name for item in fields(Record) if str(item.type).startswith(("Mapping", "tuple", "Curve"))
) | {"environment", "requests", "run_tags"}
#: fields of an export's line that are read apart from the record
_BESIDE = ("environment", "requests", "run_tags", "crops")
#: what a curve may have at most; the longest of priorbench have some thousand
_POINTS = 100_000
#: what a name may have at most
_LETTERS = 1000
#: the published hash of a salt; empty where there is none
_SALT = re.compile(r"(?:[0-9a-f]{16})?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A record with everything that belongs to it.

    Attributes
    ----------
    values : dict[str, Any]
        its JSON form, of today's schema.
    answers : tuple of Answer
        what it answers.
    runs : tuple of Run
        the runs that these name.
    environment : Mapping[str, Any] or None, optional
        what its fingerprint stands for, if that is known.
    """

    values: dict[str, Any]
    answers: tuple[Answer, ...]
    runs: tuple[Run, ...]
    environment: Mapping[str, Any] | None = None


def exported(
    documents: Iterable[dict[str, Any]], asked: Asked | None, environments: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield each record once, as JSON values, with its environment written out and all that it answers.

    Parameters
    ----------
    documents : Iterable[dict]
        JSON forms of records, of any schema.
    asked : Asked or None
        what they answer; a record that answers nothing is asked for by its own names.
    environments : Mapping[str, Mapping[str, Any]]
        by fingerprint.
    """
    names = {} if asked is None else _names(asked)
    tags = {} if asked is None else told_tags(asked.runs)
    for values in documents:
        mark = values.get("environment", "")
        rest = {name: value for name, value in fact(values).items() if name != "crops"}
        own = names.get(values["key"]) or _names(asked_of(*own_answers([values])))[values["key"]]
        line = {"environment": {"fingerprint": mark, **environments.get(mark, {})}, "requests": own}
        tagged = {run: tags[run] for request in own for run, _ in request["runs"] if run in tags}
        yield {"curve": None} | rest | line | ({"run_tags": tagged} if tagged else {})


def _names(asked: Asked) -> dict[str, list[dict[str, Any]]]:
    """Return the requests that each key answers, each with the runs that asked."""
    texts = [request_to_json(request) for request in asked.requests]
    runs = [[run.id, run.asked_at] for run in asked.runs]
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for key, request, run in zip(asked.key, asked.request.tolist(), asked.run.tolist(), strict=True):
        own = found.setdefault(key, {}).setdefault(request, {**texts[request], "runs": []})
        own["runs"].append(runs[run])
    return {key: list(own.values()) for key, own in found.items()}


def item_of(values: Mapping[str, Any]) -> Item:
    """Return the record that a line of an export holds, of this schema or an earlier one.

    Nothing of it is trusted: types, sizes, names, numbers and the environment's fingerprint are checked.

    Raises
    ------
    UnreadableError
        With the reason.
    """
    rest = {name: value for name, value in values.items() if name not in _BESIDE}
    mark, environment = _environment(values.get("environment"))
    written = checked(rest | {"environment": mark})
    if not 1 <= written.get("schema", 1) <= SCHEMA:
        raise UnreadableError(f"its schema {written['schema']} is not one of this priorbench (1 to {SCHEMA})")
    _check_names(written)
    _check_numbers(written)
    if found := disagreement(written):
        raise UnreadableError(found)
    try:
        written["started_at"] = _in_utc(written.get("started_at", ""))
    except ValueError:
        raise UnreadableError("the moment at which it started is none") from None
    answers, runs = _asked(values.get("requests"), written["key"])
    if not answers:
        answers, runs = own_answers([written])
    runs = with_tags(runs, values.get("run_tags"))
    for request, _, _ in answers:
        _check_labels(request)
        if part := contradiction(request, fact(written)):
            raise UnreadableError(f"what it answers has another {part}, or other parameters of it")
    values = to_json(from_json(fact(written)))  # without fields that are none of a record's
    del values["crops"]
    return Item(values=values, answers=tuple(answers), runs=tuple(runs), environment=environment)


def _environment(given: Any) -> tuple[str, Mapping[str, Any] | None]:
    """Return the fingerprint of an environment, and its facts if they are there."""
    if given is None or isinstance(given, str):  # as a store keeps it, not written out
        return given or "", None
    if not isinstance(given, dict) or not isinstance(mark := given.get("fingerprint", ""), str):
        raise UnreadableError("the field 'environment' is of the wrong type")
    facts = {name: value for name, value in given.items() if name != "fingerprint"}
    if facts and fingerprint(facts) != mark:
        raise UnreadableError("the environment is not the one that its fingerprint was made of")
    return mark, facts or None


def _asked(given: Any, key: str) -> tuple[list[Answer], list[Run]]:
    """Return what a record answers."""
    answers: list[Answer] = []
    runs: dict[str, Run] = {}
    try:
        for entry in given or ():
            request = request_from_json({name: value for name, value in entry.items() if name != "runs"})
            for run, asked_at in entry["runs"]:
                runs[run] = _run(run, asked_at, request.suite)
                answers.append((request, key, run))
    except UnreadableError:
        raise
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise UnreadableError(f"what it answers cannot be read: {error}") from None
    return answers, list(runs.values())


def _run(run: Any, asked_at: Any, suite: str) -> Run:
    if not isinstance(run, str) or not 0 < len(run) <= 32 or not run.isalnum():
        raise UnreadableError("the id of a run is not letters and digits, at most 32")
    return Run(id=run, asked_at=_in_utc(asked_at), suite=suite)


def _in_utc(moment: str) -> str:
    """Return a moment in UTC, because moments are compared as texts; ValueError if it is none.

    Python takes any character between date and time, and digits without end; a server does not.
    """
    if len(moment) > 64 or not moment.isascii() or not moment.isprintable():
        raise ValueError(f"{moment[:64]!a} is no moment")
    if moment != "" and (read := datetime.fromisoformat(moment)).utcoffset():
        return read.astimezone(UTC).isoformat(timespec="microseconds")
    return moment


def _check_names(values: Mapping[str, Any]) -> None:
    key = values["key"]
    if not 0 < len(key) <= 64 or not key.isascii() or not key.isprintable():
        raise UnreadableError("the key is not one line of at most 64 ASCII characters")
    for name in ("denoiser", "plugin", "plugin_version", "image_set", "noise", "operator", "stopping_rule"):
        _check_name(name, values.get(name))
    if not _SALT.fullmatch(values.get("salt", "")):
        raise UnreadableError("the hash of the salt is not 16 hexadecimal digits")
    if len(values["image"]) > 10 * _LETTERS:
        raise UnreadableError("the id of the image is too long")


def _check_labels(request: Request) -> None:
    choices: list[Choice | AskedSet] = [request.denoiser, request.noise, request.operator, request.image_set]
    choices += [] if request.stopping is None else [request.stopping]
    for text in (request.suite, *(text for choice in choices for text in (choice.label, choice.name))):
        _check_name("label", text)
    if not isinstance(request.device, str) or not isinstance(request.threads, int):
        raise UnreadableError("what it answers has a device or threads of the wrong type")


def _check_name(what: str, name: Any) -> None:
    if name is None:
        return
    if not isinstance(name, str) or len(name) > _LETTERS:
        raise UnreadableError(f"the {what} is no text of at most {_LETTERS} characters")
    if not _encodable(name).isprintable() or "<" in name or ">" in name:
        raise UnreadableError(f"the {what} {name!a} has control characters or markup")


def _encodable(name: str) -> str:
    """Return a name with stray bytes, which are surrogates, as text that is printable."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _check_numbers(values: Mapping[str, Any]) -> None:
    """Refuse what is no finite number, and curves that no run makes."""
    try:
        json.dumps(values, allow_nan=False)
    except ValueError as error:
        raise UnreadableError(f"a number is too large: {error}") from None
    for item in fields(Record):
        if str(item.type).startswith(("int", "float")) and isinstance(values.get(item.name), bool):
            raise UnreadableError(f"the field '{item.name}' is no number")
    curve = values.get("curve")
    if curve is None:
        return
    for column in curve.values():
        if len(column) > _POINTS:
            raise UnreadableError(f"the curve has more than {_POINTS} points")
        if not all(value is None or type(value) in (int, float) for value in column):
            raise UnreadableError("the curve has what is no number")


def read_lines(path: Path, refuse: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (place, JSON object) for each line of a file; a line that is none is told to `refuse`.

    Parameters
    ----------
    path : Path
        the file.
    refuse : callable
        told of a `Damage`.
    """
    with path.open("rb") as file:
        for number, line in enumerate(_lines(file), 1):
            where = f"{path.name}:{number}"
            if line is None:
                refuse(Damage(where=where, reason=f"the line has more than {_LINE_BYTES // 2**20} MiB"))
            elif line.strip():
                try:
                    yield where, _object(line)
                except UnreadableError as error:
                    refuse(Damage(where=where, reason=str(error)))
                except (ValueError, RecursionError) as error:
                    refuse(Damage(where=where, reason=f"the line is no JSON object: {error}"))


#: a line of an export has some kilobytes, with a long curve some hundred
_LINE_BYTES = 2**24


def _lines(file: Any) -> Iterator[bytes | None]:
    """Yield the lines of a file; None for one that is longer than any record."""
    while line := file.readline(_LINE_BYTES):
        if len(line) == _LINE_BYTES and not line.endswith(b"\n"):
            while (rest := file.readline(_LINE_BYTES)) and not rest.endswith(b"\n"):
                pass
            yield None
        else:
            yield line


def _object(line: bytes) -> dict[str, Any]:
    def no_number(name: str) -> None:
        raise ValueError(f"{name} is no number")

    values = json.loads(line, parse_constant=no_number)
    if not isinstance(values, dict):
        raise ValueError("it is a list or a single value")
    check_digits(line, values)
    return values


def rescue(records: Sequence[Mapping[str, Any]]) -> str:
    """Write records that their store did not take to a new file, one on each line, and say where they are.

    The working folder is tried first, then the one for temporary files: the disk of the store may be full.
    """
    text = "".join(json.dumps(record, allow_nan=False) + "\n" for record in records)
    for folder in (Path.cwd(), Path(tempfile.gettempdir())):
        try:
            name = _written(folder, text)
        except OSError:
            continue
        return f"its records are in {name}, which 'priorbench import' reads"
    return "its records could not be written to another file either and are lost"


def _written(folder: Path, text: str) -> Path:
    handle, name = tempfile.mkstemp(prefix="priorbench-rescued-", suffix=".jsonl", dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)
