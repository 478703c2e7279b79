"""What was asked for, read and written: runs, requests, and the records that answer them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from priorbench.contract.choice import DENOISING, Choice
from priorbench.contract.requests import (
    Request,
    Run,
    digest_of,
    request_from_json,
    request_to_json,
)
from priorbench.store.columns.keys import (
    Indices,
    KeyArray,
    concatenated,
    key_array,
    numbered,
    places,
    places_of,
    small,
    texts,
)
from priorbench.store.rows.earlier import request_of
from priorbench.store.statements import Note, by_code_points, insert, plain_rows
from priorbench.store.tables import ANSWERS, RECORDS, REQUESTS, RUNS
from priorbench.store.tags import tags_of, unite_tags

#: a request, the key of a record that answers it, and the id of the run that asked
Answer = tuple[Request, str, str]
#: made once: a run asks it for each trial
_THERE = sa.select(REQUESTS.c.id).where(REQUESTS.c.id.in_(sa.bindparam("ids", expanding=True)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Everything that was asked for and has a record.

    Attributes
    ----------
    runs : tuple of Run
        Sorted by the time at which they asked.
    requests : tuple of Request
        Each once, in an order that depends on nothing but themselves.
    keys : ndarray
        (records,) what answers name, each once, in order; see `priorbench.store.columns.keys`.
    record, request, run : ndarray of int32
        (answers,) indices in `keys`, `requests` and `runs`.
    """

    runs: tuple[Run, ...]
    requests: tuple[Request, ...]
    keys: KeyArray
    record: Indices
    request: Indices
    run: Indices

    @property
    def key(self) -> NDArray[np.object_]:
        """(answers,) of each answer, the key of its record, text; made anew each time."""
        return texts(self.keys[self.record])

    def with_keys(self, keys: KeyArray) -> Asked:
        """Return the same with these keys first, which stand in order, and after them those that are others.

        So `record` says where in `keys` an answer's record is.
        """
        if keys.dtype == self.keys.dtype and np.array_equal(keys, self.keys):
            return replace(self, keys=keys)
        found = small(places(keys, self.keys))
        others = found < 0
        found[others] = len(keys) + np.arange(int(others.sum()))
        every = concatenated([keys, self.keys[others]]) if others.any() else keys
        return replace(self, keys=every, record=found[self.record])


def request_id(request: Request) -> int:
    """Return the 63-bit hash under which a request is stored."""
    return int(digest_of(request_to_json(request))[:15], 16)


class Numbers:
    """The ids of requests; each object is hashed once, because a run asks with few objects many times."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Request, int]] = {}

    def of(self, request: Request) -> int:
        """Return the id of a request."""
        if id(request) not in self._known:  # the object is kept, so that its place is not used again
            self._known[id(request)] = (request, request_id(request))
        return self._known[id(request)][1]


def asked_of(answers: Iterable[Answer], runs: Iterable[Run]) -> Asked:
    """Return answers as rankings read them; `runs` has every run that they name."""
    numbers = Numbers()
    rows, requests = [], {}
    for request, key, run in answers:
        number = numbers.of(request)
        requests[number] = request
        rows.append((number, key, run))
    return _asked(requests, runs, [sorted(rows)])


def _asked(
    requests: Mapping[int, Request], runs: Iterable[Run], parts: Iterable[Sequence[Sequence[Any]]]
) -> Asked:
    """Return answers, given in parts as sorted rows of request, key and run.

    That order depends on nothing but themselves. In parts: a row takes ten times the memory of its numbers.
    """
    order, ordered = in_order(requests, runs)
    run_index = {run.id: number for number, run in enumerate(ordered)}
    ids = np.array(order, dtype=np.int64)
    keys, which, by = [np.empty(0, np.object_)], [np.empty(0, np.int32)], [np.empty(0, np.int32)]
    for rows in parts:
        numbers, own, names = _columns(rows)
        request = places_of(ids, numbers)
        run = np.array([run_index.get(name, -1) for name in names], dtype=np.int64)
        good = (request >= 0) & (run >= 0)
        keys.append(own[good])
        which.append(request[good].astype(np.int32))
        by.append(run[good].astype(np.int32))
    every = concatenated(keys)
    del keys
    distinct, record = numbered(every)
    return Asked(
        runs=tuple(ordered),
        requests=tuple(requests[number] for number in order),
        keys=distinct,
        record=record,
        request=np.concatenate(which),
        run=np.concatenate(by),
    )


def _columns(rows: Sequence[Sequence[Any]]) -> tuple[NDArray[np.int64], KeyArray, Sequence[str]]:
    """Return the requests, keys and runs of rows, without those that hold anything else."""
    try:
        request, key, run = zip(*rows, strict=True)
        return np.array(request, dtype=np.int64), key_array(key), run
    except (TypeError, ValueError, OverflowError):
        good = [row for row in rows if list(map(type, row)) == [int, str, str]]
        return _columns(good) if good else (np.empty(0, np.int64), np.empty(0, np.object_), ())


def read_asked(connection: sa.Connection, note: Note) -> Asked:
    """Return all that was asked for; what cannot be read is told to `note` and left out.

    Answers without a record stay; `tell_loose` tells of them.
    """
    columns = (
        ANSWERS.c.request,
        *(by_code_points(connection, column) for column in (ANSWERS.c.key, ANSWERS.c.run)),
    )
    query = sa.select(ANSWERS.c.request, ANSWERS.c.key, ANSWERS.c.run).order_by(*columns)
    return _asked(*read_questions(connection, note), plain_rows(connection, query))


def read_questions(connection: sa.Connection, note: Note) -> tuple[dict[int, Request], list[Run]]:
    """Return requests by their ids, and runs; what cannot be read is told to `note` and left out."""
    requests = {}
    for number, data in connection.execute(sa.select(REQUESTS.c.id, REQUESTS.c.data)):
        try:
            requests[number] = request_from_json(json.loads(data))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            note(f"request {number}", f"it cannot be read: {error}")
    runs = []
    for number, asked_at, data in connection.execute(sa.select(RUNS.c.id, RUNS.c.asked_at, RUNS.c.data)):
        try:
            runs.append(Run(id=number, asked_at=asked_at, **json.loads(data)))
        except (ValueError, TypeError) as error:
            note(f"run {number}", f"it cannot be read: {error}")
    return requests, runs


def in_order(requests: Mapping[int, Request], runs: Iterable[Run]) -> tuple[list[int], list[Run]]:
    """Return the ids of requests, and the runs, in the order that `Asked` has them in."""
    return sorted(requests), sorted(runs, key=lambda run: (run.asked_at, run.id))


def is_loose(connection: sa.Connection, asked: Asked, records: int) -> bool:
    """Say whether any answers were left out, or have none of these records, the first keys of `asked`."""
    count = connection.execute(sa.select(sa.func.count()).select_from(ANSWERS)).scalar_one()
    return bool(count != len(asked.record) or len(asked.keys) > records)


def tell_loose(connection: sa.Connection, note: Note) -> None:
    """Note answers whose record, request or run is not in the store: no board shows them."""
    for name, column, there in (
        ("record", ANSWERS.c.key, RECORDS.c.key),
        ("request", ANSWERS.c.request, REQUESTS.c.id),
        ("run", ANSWERS.c.run, RUNS.c.id),
    ):
        count = sa.select(sa.func.count()).select_from(ANSWERS)
        loose = connection.execute(count.where(~sa.exists().where(there == column))).scalar_one()
        if loose:
            note(f"answers without a {name}", f"there are {loose}, which no board shows")


def last_run(connection: sa.Connection, suite: str) -> Run | None:
    """Return the newest run of a suite, of the last hundred runs of all suites."""
    query = sa.select(RUNS.c.id, RUNS.c.asked_at, RUNS.c.data).order_by(RUNS.c.asked_at.desc()).limit(100)
    for number, asked_at, data in connection.execute(query):
        with contextlib.suppress(ValueError, TypeError):
            run = Run(id=number, asked_at=asked_at, **json.loads(data))
            if run.suite == suite:
                return run
    return None


def add_run(connection: sa.Connection, run: Run) -> None:
    """Store when and how something was asked; a run that is there gets further tags at most."""
    about = {"suite": run.suite, "source": run.source, "options": dict(run.options)}
    row = {"id": run.id, "asked_at": run.asked_at, "data": json.dumps(about, default=list)}
    connection.execute(insert(connection, RUNS), [row])
    if tags_of(run):
        unite_tags(connection, run)


def add_answers(connection: sa.Connection, answers: Iterable[Answer], numbers: Numbers) -> None:
    """Store which records answer which requests; what is there already stays."""
    requests, rows = {}, []
    for request, key, run in answers:
        number = numbers.of(request)
        requests[number] = request
        rows.append({"request": number, "key": key, "run": run})
    if not rows:
        return
    there = connection.execute(_THERE, {"ids": list(requests)}).scalars().all()
    new = [
        {"id": number, "data": json.dumps(request_to_json(request))}
        for number, request in requests.items()
        if number not in there
    ]
    if new:
        connection.execute(insert(connection, REQUESTS), new)
    connection.execute(insert(connection, ANSWERS), rows)


def own_answers(values: Iterable[Mapping[str, Any]]) -> tuple[list[Answer], list[Run]]:
    """Return answers for records that no request names, from their JSON forms, schema 1 or later.

    Each is asked for by its own names; the run of such a request is the last time at which one of its records
    was made, so that versions of a method are in order.
    """
    requests: dict[int, Request] = {}
    members: dict[int, list[str]] = {}
    moments: dict[int, str] = {}
    for data in values:
        request = request_of(data)
        number = request_id(request)
        requests[number] = request
        members.setdefault(number, []).append(data["key"])
        moments[number] = max(moments.get(number, ""), data.get("started_at") or "")
    runs = {
        number: Run(id=digest_of(["own", number, moment])[:16], asked_at=moment)
        for number, moment in moments.items()
    }
    answers = [(requests[number], key, runs[number].id) for number, keys in members.items() for key in keys]
    return answers, list(runs.values())


def contradiction(request: Request, values: Mapping[str, Any]) -> str:
    """Return in what a request asks for something else than the record is; an empty string if in nothing.

    A board takes the noise, the rule and all else from the request: a record of another one would be a wrong
    number on it. Names that are empty are not known, in requests from before they were kept.
    """
    stopping = request.stopping or Choice(name="", label="")
    said = {
        "method": (request.denoiser, "denoiser", "parameters"),
        "noise": (request.noise, "noise", "noise_parameters"),
        "operator": (request.operator, "operator", "operator_parameters"),
        "stopping rule": (stopping, "stopping_rule", "stopping_parameters"),
    }
    for part, (choice, name, parameters) in said.items():
        known = choice.name in ("", values.get(name) or DENOISING.name)
        if not known or dict(choice.parameters) != (values.get(parameters) or {}):
            return part
    if (request.stopping is None) != (values.get("stopping_rule") is None):
        return "stopping rule"
    same = {
        "image set": request.image_set.name in ("", values["image_set"]),
        "device": request.device == values.get("device", "cpu").partition(":")[0],
        "number of threads": request.threads == values.get("threads", 1),
        "protocol": request.protocol == values.get("protocol", 1),
        "salt": request.salt == values.get("salt", ""),
        "code": not values.get("code") or request.code == values["code"],
    }
    return next((part for part, good in same.items() if not good), "")
