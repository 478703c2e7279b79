"""What a ranking reads: columns of numbers for records, what many of them share, what was asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from priorbench.contract.records import Record, to_json
from priorbench.store.asked import Asked, asked_of, own_answers
from priorbench.store.columns.filling import COLUMNS, Filling
from priorbench.store.columns.keys import Indices, KeyArray, places_of, small, texts
from priorbench.store.documents import PLAUSIBLE
from priorbench.words import one_line, visible

#: version of what `score_row`, `entry_of` and `problem_of` write; a store of another version is read anew
VERSION = 9
#: characters of a remark, or of a reason, that a board shows
_LONGEST = 300
#: records that are made into columns at once
_AT_A_TIME = 1000


class Entry(NamedTuple):
    """What a record says of its method and of the conditions; `device` is a kind, as ``"cpu"``."""

    oracle: bool
    trained_on: tuple[str, ...]
    device: str
    threads: int
    batch: int
    environment: str


class NoisyImage(NamedTuple):
    """A noisy image or measurement; a tuple, because there may be as many as records."""

    image: str
    image_sha256: str
    repetition: int
    noisy_sha256: str | None
    noisy_psnr: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """The scores of all records, in the order of their keys, and what they answer.

    Attributes
    ----------
    asked : Asked
        what was asked for; its keys are `keys`, and after them those without a record, if there are any.
    keys : ndarray
        (records,) of each record; see `priorbench.store.columns.keys`.
    entries, problems : tuple of Entry or tuple of NoisyImage
        each once.
    entry, problem : ndarray of int32
        (records,) index of each record's entry and problem.
    status : ndarray
        (records,) of each record, text.
    exact : ndarray
        (records,) the clean image was restored bit by bit, so that there is no PSNR.
    tainted : ndarray
        (records,) the timing is marked.
    metrics : ndarray
        (records,) further metrics, name -> value or null, as JSON text; None where there are none.
    remark : ndarray
        (records,) what is odd about the output, text; None where nothing is.
    reason : ndarray
        (records,) why a trial was refused, text; None for all others.
    psnr, ssim, oracle_psnr, wall_seconds, peak_memory_bytes : ndarray of float64
        (records,) float64, NaN where there is no value.
    iterations, stopped_at, noise_correlation : ndarray of float64
        (records,) likewise.
    fired, fit_failed : ndarray of float64
        (records,) 1 for True, 0 for False, NaN where the record does not say.
    started_at : ndarray of float64
        (records,) when the trial began, in seconds since 1970 in UTC; NaN where the record does not say.
    output : ndarray of float64
        (records,) the first 52 bits of the output's digest, as a number; NaN without an output.
    elapsed_seconds : ndarray of float64
        (records,) how long the trial took, as far as its record tells: set-up, first call and timed work.
    """

    asked: Asked
    entries: tuple[Entry, ...]
    problems: tuple[NoisyImage, ...]
    keys: KeyArray
    entry: Indices
    problem: Indices
    status: NDArray[np.object_]
    exact: NDArray[np.bool_]
    tainted: NDArray[np.bool_]
    metrics: NDArray[np.object_]
    remark: NDArray[np.object_]
    reason: NDArray[np.object_]
    psnr: NDArray[np.float64]
    ssim: NDArray[np.float64]
    oracle_psnr: NDArray[np.float64]
    wall_seconds: NDArray[np.float64]
    peak_memory_bytes: NDArray[np.float64]
    iterations: NDArray[np.float64]
    stopped_at: NDArray[np.float64]
    fired: NDArray[np.float64]
    fit_failed: NDArray[np.float64]
    noise_correlation: NDArray[np.float64]
    started_at: NDArray[np.float64]
    output: NDArray[np.float64]
    elapsed_seconds: NDArray[np.float64]

    @property
    def key(self) -> NDArray[np.object_]:
        """(records,) the key of each record, text; made anew each time."""
        return texts(self.keys)


def entry_of(data: Mapping[str, Any]) -> Entry:
    """Return the entry of a record's JSON form."""
    return Entry(
        oracle=bool(data.get("oracle")),
        trained_on=tuple(data.get("trained_on") or ()),
        device=data.get("device", "cpu").partition(":")[0],
        threads=data.get("threads", 1),
        batch=data.get("batch", 1),
        environment=data.get("environment", ""),
    )


def problem_of(data: Mapping[str, Any]) -> NoisyImage:
    """Return the problem of a record's JSON form."""
    return NoisyImage._make(map(data.get, NoisyImage._fields))


def score_row(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of `COLUMNS` of a record's JSON form."""
    special = {
        "status": data.get("status", "ok"),
        "exact": int(data.get("mse") == 0),
        "tainted": int(data.get("tainted") is not None),
        "metrics": json.dumps(data["metrics"]) if data.get("metrics") else None,
        "remark": _told(data.get("remark")),
        "reason": _told(data.get("error")) if data.get("status") == "refused" else None,
        "fired": _number(data.get("fired")),
        "fit_failed": _number(data.get("fit_failed")),
        "started_at": moment(data.get("started_at")),
        "output": _output(data.get("output_sha256")),
        "elapsed_seconds": _elapsed(data),
    }
    return {name: special[name] if name in special else data.get(name) for name in COLUMNS}


def _told(text: str | None) -> str | None:
    """Return a text as boards show it; a database takes neither a NUL nor half a surrogate pair."""
    return visible(one_line(text))[:_LONGEST] if text else None


def _number(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _output(digest: str | None) -> int | None:
    """Return the first bits of a digest, as many as a floating-point number holds; None for what is none."""
    try:
        return int((digest or "")[:13], 16)
    except ValueError:
        return None


def moment(text: str | None) -> float | None:
    """Return the seconds since 1970 of an ISO 8601 time, in UTC where it names no zone; None for no time."""
    try:
        found = datetime.fromisoformat(text or "")
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _elapsed(data: Mapping[str, Any]) -> float:
    """Return the seconds that a trial took: of several images that were fitted at once, those of all."""
    limit = (data.get("limits") or {}).get("timeout")
    if data.get("status") == "timeout" and isinstance(limit, (int, float)):
        found = float(limit)
    else:
        parts = [data.get(name) or 0.0 for name in ("setup_seconds", "first_call_seconds")]
        found = sum(parts) + (data.get("wall_seconds") or 0.0) * (data.get("batch") or 1)
    return min(max(found, 0.0), PLAUSIBLE["wall_seconds"][1])


def identity(item: Entry | NoisyImage) -> tuple[int, str]:
    """Return a 64-bit hash of an entry or problem, and the JSON text that it is of."""
    text = json.dumps(item, separators=(",", ":"), allow_nan=False)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True), text


def scores_of(records: Iterable[Record], asked: Asked | None = None) -> Scores:
    """Return the scores of records.

    Parameters
    ----------
    records : Iterable[Record]
        in any order.
    asked : Asked or None, optional
        what they answer; None = each is asked for by its own names.
    """
    return scores_of_documents(map(to_json, records), asked)


def scores_of_documents(documents: Iterable[Mapping[str, Any]], asked: Asked | None) -> Scores:
    """Return the scores of the JSON forms of records; see `scores_of`."""
    found = sorted(documents, key=lambda data: str(data["key"]))
    entries: dict[Entry, int] = {}
    problems: dict[NoisyImage, int] = {}
    filling = Filling(len(found))
    for start in range(0, len(found), _AT_A_TIME):
        rows = []
        for data in found[start : start + _AT_A_TIME]:
            entry = entries.setdefault(entry_of(data), len(entries))
            problem = problems.setdefault(problem_of(data), len(problems))
            rows.append((data["key"], entry, problem, *score_row(data).values()))
        filling.add(rows)
    known = asked_of(*own_answers(found)) if asked is None else asked
    return _scores(known, tuple(entries), tuple(problems), *filling.finish())


def scores_from_columns(
    asked: Asked,
    entries: Sequence[tuple[int, str]],
    problems: Sequence[tuple[int, str]],
    filling: Filling,
    without: Sequence[str] = (),
) -> Scores:
    """Return the scores that a store's tables hold.

    Parameters
    ----------
    asked : Asked
        what the records answer.
    entries, problems : Sequence[tuple[int, str]]
        `identity` of each.
    filling : Filling
        the rows, in which entries and problems are the 64-bit hashes.
    without : sequence of str, optional
        keys of rows to leave out.
    """
    keys, entry, problem, columns = filling.finish(without)
    return _scores(
        asked,
        read_entries(entries),
        read_problems(problems),
        keys,
        _indices(entry, entries),
        _indices(problem, problems),
        columns,
    )


def read_entries(items: Iterable[tuple[int, str]]) -> tuple[Entry, ...]:
    """Return entries from what `identity` gave."""
    return tuple(
        Entry._make(tuple(part) if isinstance(part, list) else part for part in item) for item in _read(items)
    )


def read_problems(items: Iterable[tuple[int, str]]) -> tuple[NoisyImage, ...]:
    """Return problems from what `identity` gave; a text that several have is there once."""
    once: dict[Any, Any] = {}
    return tuple(
        NoisyImage(once.setdefault(image, image), once.setdefault(digest, digest), *rest)
        for image, digest, *rest in _read(items)
    )


def _read(items: Iterable[tuple[int, str]]) -> Iterator[list[Any]]:
    """Read many JSON texts at once, which is much faster than one by one."""
    remaining = iter(items)
    while some := [text for _, text in islice(remaining, _AT_A_TIME)]:
        yield from json.loads(f"[{','.join(some)}]")


def _indices(hashes: Indices, items: Sequence[tuple[int, str]]) -> Indices:
    """Return the index in `items` of each hash; raises ValueError for one that is not there."""
    known = np.array([number for number, _ in items], dtype=np.int64)
    order = np.argsort(known)
    found = places_of(known[order], hashes)
    if (found < 0).any():
        raise ValueError("a row refers to what is not there")
    return small(order[found])


def _scores(
    asked: Asked,
    entries: tuple[Entry, ...],
    problems: tuple[NoisyImage, ...],
    keys: KeyArray,
    entry: Indices,
    problem: Indices,
    columns: Mapping[str, NDArray[Any]],
) -> Scores:
    return Scores(
        asked=asked.with_keys(keys),
        entries=entries,
        problems=problems,
        keys=keys,
        entry=entry,
        problem=problem,
        **columns,
    )
