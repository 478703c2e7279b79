"""Which rows of a panel are rules of one method, what they are called, and which results they share."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from priorbench.contract.choice import Choice
from priorbench.ranking.answers import selected
from priorbench.ranking.inference.shared_results import shared_results
from priorbench.ranking.names import row_names
from priorbench.ranking.panels import Panel
from priorbench.words import few, one_line, plural

Marks = NDArray[np.bool_]

#: what is reported where nothing else is said
RAW = "raw"
#: how a label ends that says of a fit that it ended when the rule stopped
_SAYS_NOW = "+stop-now"


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """The rules of one method under the same conditions.

    Attributes
    ----------
    name : str
        label of the method, with the device and the number of threads where labels are not enough.
    rows : tuple of int
        of the panel.
    unranked : tuple of str
        why a row is not compared as one of the rules; empty for one that is.
    images : int
        that rules are compared over.
    left_out : str
        which images of the method they are not compared over, in words.
    """

    name: str
    rows: tuple[int, ...]
    unranked: tuple[str, ...]
    images: int
    left_out: str

    @property
    def ranked(self) -> list[int]:
        """The rows that are compared."""
        return [row for row, reason in zip(self.rows, self.unranked, strict=True) if not reason]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A rule's choice as boards show it."""

    label: str
    average: str
    stop_now: bool


def shown_rule(choice: Choice) -> Shown:
    """Return how a rule is shown: its label says what is reported, and whether its fit ends at the stop."""
    parameters = choice.parameters if isinstance(choice.parameters, Mapping) else {}
    average = one_line(parameters.get("average") or RAW)
    stop_now = parameters.get("stop_now") is True
    label = choice.label
    if average != RAW and f"+{average}" not in label:
        label += f"+{average}"
    if stop_now and not label.endswith(_SAYS_NOW):
        label += _SAYS_NOW
    return Shown(label=label, average=average, stop_now=stop_now)


def grouped(panel: Panel) -> tuple[Panel, list[Group]]:
    """Return the rules of each method, and the panel with the results alone that the rules of it share.

    A method is a label with the same parameters, device and number of threads. Its rules are compared over
    the largest complete table of their results, as methods are on a leaderboard
    (`priorbench.ranking.inference.shared_results`); what an incomplete row has is left as it is.
    """
    panel = _alone(panel, [row for row, one in enumerate(panel.requests) if one.stopping is not None])
    members: dict[str, list[int]] = {}
    for row, (place, request) in enumerate(zip(panel.places, panel.requests, strict=True)):
        same = [place.label, place.device, place.threads, request.denoiser.name, request.denoiser.parameters]
        members.setdefault(json.dumps(same, sort_keys=True), []).append(row)
    names = row_names(place._replace(stopping_rule=None) for place in panel.places)
    groups, outside = [], np.zeros(len(panel.row), dtype=bool)
    for rows in members.values():
        part = _alone(panel, rows)
        shared = shared_results(_untrained(part))
        ranked = sum(not reason for reason in shared.unranked)
        groups.append(
            Group(
                name=names[panel.places[rows[0]]._replace(stopping_rule=None)],
                rows=tuple(rows),
                unranked=shared.unranked,
                images=shared.images,
                left_out=_left_out(part, shared.slots) if ranked > 1 else "",
            )
        )
        outside |= _trimmed(panel, rows, shared.panel)
    groups.sort(key=lambda group: (group.name, group.rows))
    return (_with(panel, ~outside) if outside.any() else panel), groups


def _alone(panel: Panel, rows: Sequence[int]) -> Panel:
    """Return the panel of some rows alone, in their order, without the slots that none of them has."""
    records = np.flatnonzero(np.isin(panel.row, rows))
    slots, slot = np.unique(panel.slot[records], return_inverse=True)
    image = np.searchsorted(panel.starts, slots, side="right")
    return replace(
        _with(panel, records),
        places=tuple(panel.places[row] for row in rows),
        entries=tuple(panel.entries[row] for row in rows),
        requests=tuple(panel.requests[row] for row in rows),
        starts=np.unique(image, return_index=True)[1],
        slots=len(slots),
        noisy_psnr=panel.noisy_psnr[slots],
        row=np.searchsorted(np.asarray(rows, dtype=np.int64), panel.row[records]),
        slot=slot,
    )


def _untrained(panel: Panel) -> Panel:
    """Return the panel as if its method were not trained, which makes no difference between its rules."""
    return replace(panel, entries=tuple(entry._replace(trained_on=()) for entry in panel.entries))


def _trimmed(panel: Panel, rows: Sequence[int], left: Panel) -> Marks:
    """Mark the records of these rows of a panel whose key is not among those that are left."""
    own = np.flatnonzero(np.isin(panel.row, rows))
    there = set(left.scores.key.tolist())
    marks = np.zeros(len(panel.row), dtype=bool)
    marks[own] = [key not in there for key in panel.scores.key[own].tolist()]
    return marks


def _with(panel: Panel, kept: NDArray[np.generic]) -> Panel:
    """Return the panel with these records alone, given by marks or by number."""
    keep = np.arange(len(panel.row))[kept]
    return replace(
        panel,
        scores=selected(panel.scores, keep),
        occasion=panel.occasion[keep],
        row=panel.row[keep],
        slot=panel.slot[keep],
    )


def _left_out(panel: Panel, kept: Marks) -> str:
    """Say over what the rules of a method are compared, where that is not all."""
    if kept.all() or not kept.any():
        return ""
    images = np.logical_or.reduceat(kept, panel.starts)
    if images.all():
        return f"the {plural(int(kept.sum()), 'noise draw')} that all of them have"
    rest = [name for name, there in zip(panel.image_names(), images, strict=True) if not there]
    return f"the {plural(int(images.sum()), 'image')} that all of them have; not over {few(rest)}"
