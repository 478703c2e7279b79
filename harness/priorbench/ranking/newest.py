"""Which answers a board shows: those to what was asked for last, under the name that was given last."""

from __future__ import annotations

import json
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from priorbench.contract.requests import Request
from priorbench.errors import PriorbenchError, UnknownNameError
from priorbench.ranking.answers import Answers, answers, find_run
from priorbench.ranking.boards import Setting
from priorbench.ranking.names import Place, row_names
from priorbench.store.columns.keys import Indices, paired
from priorbench.store.scores import Scores

Marks = NDArray[np.bool_]

#: ends the label of the version before the last
PREVIOUS = "@previous"


def newest(found: Answers) -> Marks:
    """Mark the answers of the version of each row that was asked for last.

    All its answers count, also those that only an earlier run asked for: a run on a part of a set, or the
    shard of another machine, is of one row with the rest.
    """
    row = paired(found.board, len(found.places) or 1, found.place)
    latest = np.full(row.max(initial=-1) + 1, -1, dtype=np.int64)
    for number, (_, version) in _last(row, found.version, found.moment).items():
        latest[number] = version
    return np.asarray(latest[row] == found.version)


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeated:
    """Earlier answers that are the same results as those shown, but for further metrics.

    Attributes
    ----------
    answers : Answers
        in which shown results have the metrics that were computed of the same results earlier.
    shown, without : ndarray of bool
        (answers,) earlier ones whose result is shown, with all that is known of it; and those of the shown
        method, parameters and code whose result is not: the newest run had other metrics.
    """

    answers: Answers
    shown: Marks
    without: Marks


def repeated(found: Answers, current: Marks) -> Repeated:
    """Find the earlier answers that differ from those shown in their metrics alone.

    A result is the same where method, parameters, code and noisy image are, and the digest of the output.
    Of a metric, a row takes the values of the run that had it last.
    """
    shown, without = np.zeros_like(current), np.zeros_like(current)
    if not any(one.metrics for one in found.requests):
        return Repeated(answers=found, shown=shown, without=without)
    row = paired(found.board, len(found.places) or 1, found.place)
    result = _of_versions(found, {one.version: one.result for one in found.requests if one.result})
    metrics = _of_versions(found, {one.version: one.metrics for one in found.requests})
    newer = np.full(row.max(initial=-1) + 1, -1)
    newer[row[current]] = np.flatnonzero(current)
    newer = newer[row]
    same = (result >= 0) & (result == result[newer]) & (metrics != metrics[newer])
    earlier = np.flatnonzero(~current & same)
    if not len(earlier):
        return Repeated(answers=found, shown=shown, without=without)
    here = np.flatnonzero(current & np.isin(row, row[earlier]))
    records = dict(zip(_results(found, row, here), found.record[here].tolist(), strict=True))
    known = [records.get(one) for one in _results(found, row, earlier)]
    matched = np.array([record is not None for record in known], dtype=bool)
    shown[earlier[matched]], without[earlier[~matched]] = True, True
    pairs = zip(earlier.tolist(), known, strict=True)
    there = [(answer, record) for answer, record in pairs if record is not None]
    return Repeated(answers=_measured(found, row, there), shown=shown, without=without)


def _of_versions(found: Answers, values: Mapping[str, Hashable]) -> Indices:
    """Return a number for the value of each answer's version, -1 where it has none."""
    number = {value: place for place, value in enumerate(dict.fromkeys(values.values()))}
    known = [number[values[one]] if one in values else -1 for one in found.versions]
    return np.array(known, dtype=np.int64)[found.version]


def _results(found: Answers, row: Indices, members: Indices) -> list[tuple[int, int, float]]:
    """Return row, noisy image and output of answers; nothing equals one without an output."""
    record = found.record[members]
    output = np.where(found.scores.status[record] == "ok", found.scores.output[record], np.nan)
    columns = (row[members].tolist(), found.scores.problem[record].tolist(), output.tolist())
    return list(zip(*columns, strict=True))


def _measured(found: Answers, row: Indices, pairs: Sequence[tuple[int, int]]) -> Answers:
    """Return answers in which records have the metrics of the earlier answers that are paired with them."""
    texts = np.array(found.scores.metrics, dtype=object)
    said = [(answer, record, json.loads(texts[found.record[answer]] or "{}")) for answer, record in pairs]
    last: dict[tuple[int, str], tuple[int, int]] = {}
    for answer, _, values in said:
        when = int(found.moment[answer]), int(found.version[answer])
        for name in values:
            last[row[answer], name] = max(last.get((row[answer], name), when), when)
    for answer, record, values in said:
        own = json.loads(texts[record] or "{}")
        version = int(found.version[answer])
        new = {name: value for name, value in values.items() if last[row[answer], name][1] == version}
        texts[record] = json.dumps(new | own) if new else texts[record]
    return replace(found, scores=replace(found.scores, metrics=texts))


def with_previous(found: Answers) -> Answers:
    """Return answers in which the version before the last of each row has a row of its own.

    Its label ends in ``@previous``.
    """
    width = len(found.places) or 1
    row = paired(found.board, width, found.place)
    moments: dict[int, dict[int, int]] = {}
    columns = (row.tolist(), found.version.tolist())
    for number, version, when in zip(*columns, found.moment.tolist(), strict=True):
        own = moments.setdefault(number, {})
        own[version] = max(own.get(version, -1), when)
    previous = {}
    for number, own in moments.items():
        if len(own) > 1:
            previous[number] = sorted(own, key=lambda version: (own[version], version))[-2]
    places = [*found.places, *(one._replace(label=f"{one.label}{PREVIOUS}") for one in found.places)]
    before = [previous.get(number) == version for number, version in zip(*columns, strict=True)]
    marks = np.array(before, dtype=bool)
    return replace(found, places=tuple(places), place=np.where(marks, found.place + width, found.place))


def versions_apart(found: Answers, settings: Collection[Setting], before: Place, after: Place) -> list[str]:
    """Say where a label and its `PREVIOUS` are not the same two versions in all settings.

    They cannot be where the label was asked for last in one of them before the version that is the previous
    one in another.

    Parameters
    ----------
    found : Answers
        of `with_previous`.
    settings : Collection[Setting]
        in which they are compared.
    before, after : Place
        the row of the previous version, and that of the last one.
    """
    if before.label != f"{after.label}{PREVIOUS}":
        return []
    numbers = [found.places.index(place) for place in (before, after)]
    moments: dict[Setting, list[int]] = {}
    for board, name in enumerate(found.boards):
        if name.setting in settings:
            own = [found.moment[(found.board == board) & (found.place == number)] for number in numbers]
            if all(map(len, own)):
                moments[name.setting] = [int(each.max()) for each in own]
    if not moments:
        return []
    late = max(moments, key=lambda setting: moments[setting][0])
    early = min(moments, key=lambda setting: moments[setting][1])
    if moments[early][1] > moments[late][0]:
        return []
    runs = found.scores.asked.runs
    days = [runs[moments[late][0]].asked_at, runs[moments[early][1]].asked_at]
    return [
        f"not the same two versions everywhere: {late}: {before.title} of {days[0]}; {early}: "
        f"{after.title} of {days[1]}; run the last version there, too, or take one setting"
    ]


def former_names(found: Answers, current: Marks) -> tuple[Marks, dict[int, list[str]]]:
    """Leave out rows of which a later row has every record: the method was asked for under another label.

    Returns
    -------
    tuple[ndarray of bool, dict[int, list of str]]
        The marks without them, and a line about each for the notes of its board.
    """
    width = len(found.places) or 1
    here = np.flatnonzero(current)
    row = paired(found.board[here], width, found.place[here])
    last = _last(row, found.version[here], found.moment[here])
    same: dict[tuple[int, int], list[int]] = {}
    for number, (_, version) in last.items():
        same.setdefault((number // width, version), []).append(number)
    doubtful = sorted(number for members in same.values() if len(members) > 1 for number in members)
    some = np.flatnonzero(np.isin(row, doubtful))  # mostly none, of a million
    records: dict[int, set[int]] = {}
    for number, record in zip(row[some].tolist(), found.record[here[some]].tolist(), strict=True):
        records.setdefault(number, set()).add(record)
    names = row_names(found.places[number % width] for number in last)
    gone: dict[int, str] = {}
    for members in same.values():
        for number in members:
            later = [other for other in members if last[other][0] > last[number][0]]
            heirs = [other for other in later if records[number] <= records[other]]
            if heirs:
                heir = max(heirs, key=lambda other: (last[other][0], names[found.places[other % width]]))
                gone[number] = names[found.places[heir % width]]
    marks = current.copy()
    marks[here[np.isin(row, sorted(gone))]] = False
    notes: dict[int, list[str]] = {}
    for number, new in sorted(gone.items()):
        old = names[found.places[number % width]]
        notes.setdefault(number // width, []).append(f"{old} was asked for under another name later: {new}")
    return marks, {board: sorted(lines) for board, lines in notes.items()}


def _last(row: Indices, version: Indices, moment: Indices) -> dict[int, tuple[int, int]]:
    """Return the moment and the version that were last in each row, in the order of first answers."""
    width = int(version.max(initial=0)) + 1
    newest = np.full(int(row.max(initial=-1)) + 1, -1, dtype=np.int64)
    np.maximum.at(newest, row, paired(moment, width, version))
    first = np.full(len(newest), len(row), dtype=np.int64)
    np.minimum.at(first, row, np.arange(len(row)))
    there = np.flatnonzero(newest >= 0)
    there = there[np.argsort(first[there])]
    pairs = (divmod(one, width) for one in newest[there].tolist())
    return dict(zip(there.tolist(), pairs, strict=True))


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """Some of what was asked for: what all given parts have in common.

    Attributes
    ----------
    labels : tuple of str, default ()
        methods, ``label`` or ``label@rule``.
    run, image_set, noise : str or None, optional
        id of a run or its beginning, and labels.
    older : bool, default False
        only what boards leave out, because the label was asked for again with other parameters or code; not
        what they show a metric of, see `Repeated`.
    """

    labels: tuple[str, ...] = ()
    run: str | None = None
    image_set: str | None = None
    noise: str | None = None
    older: bool = False


def marked(scores: Scores, wanted: Selection) -> Marks:
    """Mark what is selected among the answers of `scores.asked`.

    Raises
    ------
    UnknownNameError, PriorbenchError
        If a label or a run is not there, or a name means two labels.
    """
    asked = scores.asked
    requests = asked.requests
    marks = np.ones(len(asked.record), dtype=bool)
    if wanted.labels:
        names = [_names(request) for request in requests]
        for label in wanted.labels:
            _check("method in the store", label, {name for own in names for name in own})
            meant = {request.denoiser.label for request in requests if label in _names(request)}
            if len(meant) > 1:
                raise PriorbenchError(
                    f"'{label}' is a label, and another label under a rule: 'priorbench rename' one of them"
                )
        chosen = np.array([not own.isdisjoint(wanted.labels) for own in names], dtype=bool)
        marks &= chosen[asked.request]
    for part in ("image_set", "noise"):
        label = getattr(wanted, part)
        if label is not None:
            labels = [getattr(request, part).label for request in requests]
            _check(f"{part.replace('_', ' ')} in the store", label, set(labels))
            marks &= np.array([one == label for one in labels], dtype=bool)[asked.request]
    if wanted.run is not None:
        run = find_run(asked.runs, wanted.run)
        marks &= np.array([one is run for one in asked.runs], dtype=bool)[asked.run]
    if wanted.older:
        found = answers(scores)
        current = newest(found)
        current |= repeated(found, current).shown
        width = len(asked.keys) or 1
        shown = paired(found.request[current], width, found.record[current])
        marks &= ~np.isin(paired(asked.request, width, asked.record), shown)
    return marks


def _names(request: Request) -> set[str]:
    label = request.denoiser.label
    return {label} if request.stopping is None else {label, f"{label}@{request.stopping.label}"}


def _check(kind: str, name: str, known: set[str]) -> None:
    if name not in known:
        raise UnknownNameError(kind, name, known)
