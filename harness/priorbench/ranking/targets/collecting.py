"""Finds the fits behind records: the records of several rules tell of one fit, which counts once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from priorbench.ranking.names import Place
from priorbench.ranking.panels import Panel
from priorbench.ranking.targets.fits import DamagedError, Fit, fit_of

RAW = "raw"


class Method(NamedTuple):
    """Whose fits are alike: a label, what is averaged, and where it ran.

    Attributes
    ----------
    label : str
        of the method.
    average : str
        what its iterates are averaged to; ``raw`` for what it has itself.
    rule : str or None
        label of the rule that ended the fit; None where fits went on, so that rules share them.
    device : str
        kind of device.
    threads : int
        CPU threads.
    """

    label: str
    average: str
    rule: str | None
    device: str
    threads: int


def method_of(place: Place, settings: Mapping[str, Any]) -> Method:
    """Return whose fits the results of a place are; `settings` are the parameters of its rule."""
    return Method(
        label=place.label,
        average=str(settings.get("average") or RAW),
        rule=place.stopping_rule if settings.get("stop_now") else None,
        device=place.device,
        threads=place.threads,
    )


@dataclass(kw_only=True, slots=True)
class Told:
    """What the records of one method on one board tell.

    Attributes
    ----------
    fits : dict[str, dict[int, dict[str, _Found]]], optional
        code and parameters, as text, -> slot -> environment -> the best that was found.
    started : dict[str, str], optional
        code and parameters, as text, -> when its last trial began.
    oracle : bool, default True
        every record is of an oracle.
    trained_on : tuple of str, default ()
        data that it was trained on.
    iterative : bool, default False
        it has iterates.
    curveless, refused, damaged : set of int, optional
        slots of records without a curve, of refused trials, and of curves that are none.
    """

    fits: dict[str, dict[int, dict[str, _Found]]] = field(default_factory=dict)
    started: dict[str, str] = field(default_factory=dict)
    oracle: bool = True
    trained_on: tuple[str, ...] = ()
    iterative: bool = False
    curveless: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)
    damaged: set[int] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """A fit, and what decides between it and another that is as good."""

    fit: Fit
    key: str

    def better_than(self, other: _Found) -> bool:
        """Say whether to take this one: what was seen for longer, then what was timed in quiet."""
        return self._order() < other._order()

    def _order(self) -> tuple[bool, float, bool, str]:
        fit = self.fit
        length = 0.0 if fit.failed else max(fit.end_iteration, 1.0)
        return fit.failed, -length, fit.tainted, self.key


class Collector:
    """Takes what boards need of trajectories out of records as they come.

    Parameters
    ----------
    panels : Sequence[Panel]
        one for each board.
    """

    def __init__(self, panels: Sequence[Panel]) -> None:
        self._panels = panels
        self.told: list[dict[Method, Told]] = [{} for _ in panels]
        self._spots: dict[str, list[tuple[int, int]]] = {}
        for board, panel in enumerate(panels):
            for number, key in enumerate(panel.scores.key.tolist()):
                self._spots.setdefault(key, []).append((board, number))

    def passing(self, documents: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Yield the JSON forms of records as they are, after a look at each."""
        for data in documents:
            self.add(data)
            yield data

    def add(self, data: Mapping[str, Any]) -> None:
        """Look at the JSON form of one record."""
        for board, number in self._spots.get(data["key"], ()):
            panel = self._panels[board]
            place = panel.places[panel.row[number]]
            method = method_of(place, data.get("stopping_parameters") or {})
            told = self.told[board].setdefault(method, Told())
            _note(told, data, int(panel.slot[number]), float(panel.scores.elapsed_seconds[number]))


def _note(told: Told, data: Mapping[str, Any], slot: int, elapsed: float) -> None:
    told.oracle &= bool(data.get("oracle"))
    told.trained_on = told.trained_on or tuple(data.get("trained_on") or ())
    told.iterative |= data["stopping_rule"] is not None
    try:
        fit = fit_of(data, elapsed)
    except DamagedError:
        told.damaged.add(slot)
        return
    if fit is None:
        (told.refused if data.get("status") == "refused" else told.curveless).add(slot)
        return
    version = _version(data)
    told.started[version] = max(told.started.get(version, ""), data.get("started_at") or "")
    there = told.fits.setdefault(version, {}).setdefault(slot, {})
    found = _Found(fit=fit, key=data["key"])
    if fit.environment not in there or found.better_than(there[fit.environment]):
        there[fit.environment] = found


def _version(data: Mapping[str, Any]) -> str:
    """Return as text what makes a fit, whatever rule looked on: the method's parameters and its code."""
    names = ["denoiser", "parameters", "plugin", "plugin_version", "plugin_source"]
    if not data.get(
        "plugin_source"
    ):  # which says more than a commit: most commits change no code of a method
        names.append("plugin_commit")
    return json.dumps([data.get(name) for name in names], sort_keys=True)
