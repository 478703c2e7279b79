"""What a ranking reads of every record: columns of numbers, and what many records have in common, once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from priorbench.contract.choice import DENOISING
from priorbench.contract.records import Record, to_json
from priorbench.contract.setting import Setting

#: version of what `score_row`, `entry_of` and `problem_of` write; a store of another version is read anew
VERSION = 3


class Entry(NamedTuple):
    """A method and its conditions; `version` tells apart parameters and source code of one label."""

    label: str
    stopping_rule: str | None
    oracle: bool
    trained_on: tuple[str, ...]
    device: str
    threads: int
    version: str
    environment: str


class NoisyImage(NamedTuple):
    """A noisy image or measurement; a tuple, because there may be as many as records."""

    protocol: int
    image_set: str
    noise: str
    image: str
    image_sha256: str
    repetition: int
    noisy_sha256: str | None
    noisy_psnr: float | None
    operator: str = DENOISING.label

    @property
    def setting(self) -> Setting:
        """Where it belongs: image set, noise and operator."""
        return Setting(image_set=self.image_set, noise=self.noise, operator=self.operator)


#: a record's row of numbers, in this order; None where there is no value
COLUMNS = (
    "status",
    "exact",
    "tainted",
    "metrics",
    "psnr",
    "ssim",
    "oracle_psnr",
    "wall_seconds",
    "peak_memory_bytes",
    "iterations",
)


#: types of the columns: entry, problem, and `COLUMNS`
_TYPES = (
    *(np.int64, np.int64),
    *(np.object_, np.bool_, np.bool_, np.object_),
    *[np.float64] * len(COLUMNS[4:]),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """The scores of all records, in the order in which they were stored.

    Attributes
    ----------
    entries, problems : tuple of Entry or tuple of NoisyImage
        each once.
    entry, problem : ndarray of int64
        (records,) index of each record's entry and problem.
    status : ndarray
        (records,) of each record, text.
    exact : ndarray
        (records,) the clean image was restored bit by bit, so that there is no PSNR.
    tainted : ndarray
        (records,) the timing is marked.
    metrics : ndarray
        (records,) further metrics, name -> value or null, as JSON text; None where there are none.
    psnr, ssim, oracle_psnr, wall_seconds, peak_memory_bytes, iterations : ndarray of float64
        (records,) float64, NaN where there is no value.
    """

    entries: tuple[Entry, ...]
    problems: tuple[NoisyImage, ...]
    entry: NDArray[np.int64]
    problem: NDArray[np.int64]
    status: NDArray[np.object_]
    exact: NDArray[np.bool_]
    tainted: NDArray[np.bool_]
    metrics: NDArray[np.object_]
    psnr: NDArray[np.float64]
    ssim: NDArray[np.float64]
    oracle_psnr: NDArray[np.float64]
    wall_seconds: NDArray[np.float64]
    peak_memory_bytes: NDArray[np.float64]
    iterations: NDArray[np.float64]


def entry_of(data: Mapping[str, Any]) -> Entry:
    """Return the entry of a record's JSON form."""
    parts = [
        data.get(name) for name in ("parameters", "stopping_parameters", "plugin_version", "plugin_source")
    ]
    version = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
    return Entry(
        label=data["label"],
        stopping_rule=data["stopping_rule"],
        oracle=bool(data.get("oracle")),
        trained_on=tuple(data.get("trained_on") or ()),
        device=data.get("device", "cpu"),
        threads=data.get("threads", 1),
        version=version,
        environment=data.get("environment", ""),
    )


def problem_of(data: Mapping[str, Any]) -> NoisyImage:
    """Return the problem of a record's JSON form."""
    return NoisyImage._make(
        data.get(name, NoisyImage._field_defaults.get(name)) for name in NoisyImage._fields
    )


def score_row(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of `COLUMNS` of a record's JSON form."""
    special = {
        "status": data.get("status", "ok"),
        "exact": int(data.get("mse") == 0),
        "tainted": int(data.get("tainted") is not None),
        "metrics": json.dumps(data["metrics"]) if data.get("metrics") else None,
    }
    return {name: special[name] if name in special else data.get(name) for name in COLUMNS}


def identity(item: Entry | NoisyImage) -> tuple[int, str]:
    """Return a 64-bit hash of an entry or problem, and the JSON text that it is of."""
    text = json.dumps(item, separators=(",", ":"), allow_nan=False)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True), text


def scores_of(records: Iterable[Record]) -> Scores:
    """Return the scores of records."""
    entries: dict[Entry, int] = {}
    problems: dict[NoisyImage, int] = {}
    rows = []
    for record in records:
        data = to_json(record)
        entry = entries.setdefault(entry_of(data), len(entries))
        problem = problems.setdefault(problem_of(data), len(problems))
        rows.append((entry, problem, *score_row(data).values()))
    return _scores(entries, problems, [columns_of(rows)] if rows else [])


def columns_of(rows: Sequence[Sequence[Any]]) -> list[NDArray[Any]]:
    """Return the columns of at least one row: entry, problem, and `COLUMNS`."""
    return [np.array(column, kind) for column, kind in zip(zip(*rows, strict=True), _TYPES, strict=True)]


def scores_from_columns(
    entries: Sequence[tuple[int, str]],
    problems: Sequence[tuple[int, str]],
    batches: Sequence[Sequence[NDArray[Any]]],
) -> Scores:
    """Return the scores that a store's tables hold.

    Parameters
    ----------
    entries, problems : Sequence[tuple[int, str]]
        `identity` of each.
    batches : Sequence[Sequence[ndarray]]
        `columns_of` rows, in which entries and problems are the 64-bit hashes.
    """
    scores = _scores(
        (
            Entry._make(tuple(part) if isinstance(part, list) else part for part in item)
            for item in _read(entries)
        ),
        (NoisyImage._make(item) for item in _read(problems)),
        batches,
    )
    return replace(scores, entry=_indices(scores.entry, entries), problem=_indices(scores.problem, problems))


def _read(items: Iterable[tuple[int, str]]) -> list[list[Any]]:
    """Read JSON texts all at once, which is much faster than one by one."""
    values: list[list[Any]] = json.loads(f"[{','.join(text for _, text in items)}]")
    return values


def _indices(hashes: NDArray[np.int64], items: Sequence[tuple[int, str]]) -> NDArray[np.int64]:
    """Return the index in `items` of each hash; raises ValueError for one that is not there."""
    known = np.array([number for number, _ in items], dtype=np.int64)
    order = np.argsort(known)
    found = np.searchsorted(known, hashes, sorter=order)
    if len(hashes) and (not len(known) or (known[order[found % len(known)]] != hashes).any()):
        raise ValueError("a row refers to what is not there")
    return order[found]


def _scores(
    entries: Iterable[Entry], problems: Iterable[NoisyImage], batches: Sequence[Sequence[NDArray[Any]]]
) -> Scores:
    parts = zip(*batches, strict=True) if batches else ([np.empty(0, kind)] for kind in _TYPES)
    entry, problem, status, exact, tainted, metrics, *numbers = (np.concatenate(part) for part in parts)
    return Scores(
        entries=tuple(entries),
        problems=tuple(problems),
        entry=entry,
        problem=problem,
        status=status,
        exact=exact,
        tainted=tainted,
        metrics=metrics,
        **dict(zip(COLUMNS[4:], numbers, strict=True)),
    )
