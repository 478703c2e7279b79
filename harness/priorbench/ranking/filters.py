"""Which part of a store is wanted: settings, methods, rules, suites, runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from priorbench.contract.requests import Request
from priorbench.errors import UnknownNameError
from priorbench.ranking.answers import Answers, BoardName, Moment, answers
from priorbench.ranking.names import matching
from priorbench.ranking.panels import Panel, panels_of
from priorbench.store.columns.keys import texts
from priorbench.store.scores import Scores


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which settings and methods are wanted, and of which requests; None and () mean all.

    Attributes
    ----------
    image_set, noise, operator : str or None, optional
        labels, or the names that boards have.
    denoisers, stopping : tuple of str, default ()
        labels or registered names of methods and of stopping rules, with wildcards; a one-shot method, which
        has no rule, is wanted under every rule. Ranks and claims are among those that are left.
    run, as_of, suites, tags : str or tuple of str, optional
        which requests count: see `Moment`.
    """

    image_set: str | None = None
    noise: str | None = None
    operator: str | None = None
    denoisers: tuple[str, ...] = ()
    stopping: tuple[str, ...] = ()
    run: str | None = None
    as_of: str | None = None
    suites: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def when(self) -> Moment:
        """Which requests count."""
        return Moment(run=self.run, as_of=self.as_of, suites=self.suites, tags=self.tags)

    @property
    def note(self) -> str:
        """What a reader must know of a board that has not all methods; empty where it has."""
        parts = {"--denoiser": self.denoisers, "--stopping": self.stopping}
        said = " ".join(f"{option} {name}" for option, names in parts.items() for name in names)
        return f"only {said}: ranks, p and groups are among these rows" if said else ""


#: no setting is left out
EVERYTHING = Filter()


def wanted_panels(scores: Scores, only: Filter = EVERYTHING) -> Iterator[Panel]:
    """Yield the panels of what is wanted: see `Filter` and `panels_of`.

    Raises
    ------
    UnknownNameError
        If there is nothing of such a name.
    """
    found = chosen(panels_of(narrowed(answers(scores, only.when), only)), only)
    note = only.note
    return (replace(panel, notes=(*panel.notes, note)) for panel in found) if note else found


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """What a record was asked for as last, and whether a board shows it.

    Attributes
    ----------
    request : Request
        with all labels; of a record that boards show, the one by which they do.
    current : bool
        False for what boards leave out: earlier versions under the same label, another noisy image, rows
        that were asked for under another name later.
    metrics : Mapping[str, float or None], optional
        further metrics that boards show of it, also those that an earlier run computed of the same result.
    also : tuple of str, default ()
        other rows of boards that show it, as label or label@rule: one result may have several names.
    """

    request: Request
    current: bool
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    also: tuple[str, ...] = ()

    @property
    def row(self) -> str:
        """The row that shows it, as label or label@rule."""
        rule = self.request.stopping
        return self.request.denoiser.label + ("" if rule is None else f"@{rule.label}")


def wanted_records(scores: Scores, only: Filter = EVERYTHING) -> dict[str, Named]:
    """Return the wanted records by key.

    Raises
    ------
    UnknownNameError
        If there is nothing of such a name.
    """
    found = narrowed(answers(scores, only.when), only)
    boards = np.array([_is_wanted(board, only) for board in found.boards], dtype=bool)
    named = {}
    keys = texts(found.scores.keys[found.record])
    for place in np.argsort(found.moment, kind="stable").tolist():  # what was asked last is written last
        if boards[found.board[place]]:
            request = found.requests[found.request[place]]
            named[keys[place]] = Named(request=request, current=False)
    for panel in chosen(panels_of(found), only):
        columns = (panel.scores.key.tolist(), panel.row.tolist(), panel.scores.metrics.tolist())
        for key, row, text in zip(*columns, strict=True):
            metrics = json.loads(text) if text else {}
            before = named.get(key)
            also = (*before.also, before.row) if before is not None and before.current else ()
            named[key] = Named(request=panel.requests[row], current=True, metrics=metrics, also=also)
    return named


def _is_wanted(board: BoardName, only: Filter) -> bool:
    wanted = {part: getattr(only, part) for part in ("image_set", "noise", "operator")}
    return all(name is None or name in _named(board, part) for part, name in wanted.items())


def narrowed(found: Answers, only: Filter) -> Answers:
    """Return the answers of wanted methods under wanted rules.

    Raises
    ------
    UnknownNameError
        If there is no such method, or no such rule.
    """
    marks = np.ones(len(found.request), dtype=bool)
    if only.denoisers:
        methods = [(request.denoiser.label, request.denoiser.name) for request in found.requests]
        marks &= matching("method in the store", only.denoisers, methods)[found.request]
    if only.stopping:
        rules = [
            () if rule is None else (rule.label, rule.name)
            for rule in (request.stopping for request in found.requests)
        ]
        one_shot = np.array([not names for names in rules], dtype=bool)
        marks &= (matching("stopping rule in the store", only.stopping, rules) | one_shot)[found.request]
    return found if marks.all() else found.part(np.flatnonzero(marks))


def chosen(found: Iterable[Panel], only: Filter) -> Iterator[Panel]:
    """Yield the panels whose setting is wanted.

    Raises
    ------
    UnknownNameError
        At the end, if there is no such image set, noise or operator.
    """
    for part in ("image_set", "noise", "operator"):
        if (wanted := getattr(only, part)) is not None:
            found = _with(found, part, wanted)
    return iter(found)


def _with(found: Iterable[Panel], part: str, wanted: str) -> Iterator[Panel]:
    names: set[str] = set()
    for panel in found:
        own = _named(panel, part)
        names.update(own)
        if wanted in own:
            yield panel
    if wanted not in names:
        raise UnknownNameError(f"{part.replace('_', ' ')} in the store", wanted, names)


def _named(one: Panel | BoardName, part: str) -> tuple[str, ...]:
    also = one.also if part == "image_set" else ()
    return getattr(one.labels, part), getattr(one.setting, part), *also
