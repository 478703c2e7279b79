"""Unites records of other stores and files with those of a store: by key, and never over another result."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

import sqlalchemy as sa

from priorbench.contract.requests import digest_of
from priorbench.store.asked import Numbers, add_answers, add_run
from priorbench.store.database import Store
from priorbench.store.documents import Damage, UnreadableError, row_of
from priorbench.store.exchange import Item, item_of
from priorbench.store.rows.agreeing import disagreement
from priorbench.store.score_tables import add_scores
from priorbench.store.statements import add_records, insert, stored_documents
from priorbench.store.tables import CROPS, ENVIRONMENTS, RECORDS, RIVALS, SCORES

#: records of one transaction
_AT_A_TIME = 500
#: what a key determines; times and memory are other ones on each machine
_RESULT = ("status", "psnr", "mse", "ssim", "metrics", "iterations", "noisy_sha256", "output_sha256")


@dataclass(frozen=True, kw_only=True, slots=True)
class Conflict:
    """Two records under one key that do not say the same.

    Attributes
    ----------
    values, other : Mapping[str, Any]
        JSON forms of the one that counts and of the one that is kept beside it.
    """

    values: Mapping[str, Any]
    other: Mapping[str, Any]


@dataclass(kw_only=True, slots=True)
class Tally:
    """What became of the records that came.

    Attributes
    ----------
    added, known : int, default 0
        records that are new, and those that were there already.
    conflicts : list of Conflict, optional
        of `known`, those with another result.
    refused : list of Damage, optional
        what is no record: where, and why.
    """

    added: int = 0
    known: int = 0
    conflicts: list[Conflict] = field(default_factory=list)
    refused: list[Damage] = field(default_factory=list)


def unite(store: Store, items: Iterable[Item], tally: Tally) -> None:
    """Add records to a store, with what they answer; counts in `tally` what became of them.

    The result does not depend on the order in which stores are united. Of several records under one key one
    counts: a good one before a failure, then the one that was measured first, then the one with the lower
    PSNR. If the other has another result, it is kept beside it and told.
    """
    numbers = Numbers()
    remaining = iter(items)
    while some := list(islice(remaining, _AT_A_TIME)):
        added, conflicts = store.write(partial(_unite, items=some, numbers=numbers))
        tally.added += added
        tally.known += len(some) - added
        tally.conflicts += conflicts


def _unite(
    connection: sa.Connection, *, items: Sequence[Item], numbers: Numbers
) -> tuple[int, list[Conflict]]:
    for run in {run.id: run for item in items for run in item.runs}.values():
        add_run(connection, run)
    environments = {item.values["environment"]: item.environment for item in items if item.environment}
    if environments:
        rows = [
            {"fingerprint": mark, "data": json.dumps(facts, sort_keys=True)}
            for mark, facts in environments.items()
        ]
        connection.execute(insert(connection, ENVIRONMENTS), rows)
    there = stored_documents(connection, [item.values["key"] for item in items])
    added, conflicts = 0, []
    new: dict[str, Mapping[str, Any]] = {}
    for item in items:
        key = item.values["key"]
        values: Mapping[str, Any] = item.values
        found = there.get(key)
        if found is None:
            added += 1
        else:
            values, other = sorted((found, item.values), key=_precedence)
            if _result(values) != _result(other):
                conflicts.append(Conflict(values=values, other=other))
                _keep_beside(connection, other)
        if values is not found:
            new[key] = values
        there[key] = values
    _write(connection, new)
    add_answers(connection, (answer for item in items for answer in item.answers), numbers)
    return added, conflicts


def _write(connection: sa.Connection, records: Mapping[str, Mapping[str, Any]]) -> None:
    """Put records in the place of what is stored under their keys."""
    if not records:
        return
    for table in (RECORDS, SCORES):
        connection.execute(sa.delete(table).where(table.c.key.in_(list(records))))
    add_records(connection, [row_of(values) for values in records.values()])
    add_scores(connection, list(records.values()))


def _keep_beside(connection: sa.Connection, values: Mapping[str, Any]) -> None:
    row = {name: value for name, value in row_of(values).items() if name != "status"}
    connection.execute(insert(connection, RIVALS), [row | {"digest": digest_of(values)}])


def _result(values: Mapping[str, Any]) -> list[Any]:
    return [values.get(name) for name in _RESULT]


def _precedence(values: Mapping[str, Any]) -> tuple[bool, str, float, str]:
    psnr = values.get("psnr")
    measured = values.get("started_at") or "9999"
    return (values["status"] != "ok", measured, -1.0 if psnr is None else psnr, digest_of(values))


def items_of(store: Store, tally: Tally) -> Iterator[Item]:
    """Yield the records of a store with everything that belongs to them, for another store.

    What is no record is counted in `tally`.
    """
    for values in store.exported():
        try:
            yield item_of(values)
        except UnreadableError as error:
            tally.refused.append(Damage(where=f"{store.url}, key {values['key']}", reason=str(error)))
    for values in store.rivals():
        if found := disagreement(values):
            tally.refused.append(Damage(where=f"{store.url}, beside key {values['key']}", reason=found))
        else:
            yield Item(values=values, answers=(), runs=())


def copy_pictures(store: Store, source: Store) -> None:
    """Copy the middles of images that another store has, for the report."""
    for digest in sorted(source.crop_digests() - store.crop_digests()):
        store.write(partial(_add_picture, row={"sha256": digest, "png": source.crop(digest)}))


def _add_picture(connection: sa.Connection, *, row: Mapping[str, Any]) -> None:
    connection.execute(insert(connection, CROPS), [row])
