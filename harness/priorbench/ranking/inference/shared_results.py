"""Which rows of a panel are ranked, and over which images: the largest complete part of the panel.

A method that failed on what it was asked for is not ranked: its means leave out what was hard for it. One
that was not asked for everything does not unrank the others: ranks are over the results that they share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from priorbench.ranking.answers import selected
from priorbench.ranking.panels import Panel
from priorbench.words import few, plural

Marks = NDArray[np.bool_]

#: a status that is no failure, of a result that cannot be ranked
_TOLD = {"ok": "without a PSNR"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Shared:
    """A panel, and what of it is ranked.

    Attributes
    ----------
    panel : Panel
        without the results that ranked rows do not share. Rows that have all of the shared ones, ranked or
        not, have no others; what the remaining rows have is left as it is.
    slots : ndarray of bool
        (slots,) that ranks are over; all where nothing is ranked.
    images : int
        that ranks are over.
    unranked : tuple of str
        why a row is not ranked; empty for one that is.
    notes : tuple of str
        what is left out.
    """

    panel: Panel
    slots: Marks
    images: int
    unranked: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def repetitions(self) -> int:
        """How many noise draws an image has among the slots, the image that has most."""
        if not len(self.slots):
            return 1
        return max(1, int(np.add.reduceat(self.slots.astype(np.int64), self.panel.starts).max()))


def shared_results(panel: Panel) -> Shared:
    """Choose the rows to rank, and the slots to rank them over.

    Oracles and trained methods have no say. Of the others, those rank that failed nowhere, except where all
    that tried did. Among their results the largest complete table counts: as many rows times slots as
    possible, and of two that are as large the one with more rows.
    """
    there, failed = _there(panel)
    reasons = [_why_never(panel, row) for row in range(len(panel.places))]
    candidates = np.array([not reason for reason in reasons], dtype=bool)
    tried, solved = (marks[candidates].any(axis=0) for marks in (there | failed, there))
    failing = (failed & solved).any(axis=1)
    pool: Marks = candidates & ~failing & there.any(axis=1)
    slots = largest_table(there[pool]) if pool.any() else tried
    complete: Marks = np.asarray(there[:, slots].all(axis=1) & slots.any())
    for row in np.flatnonzero(candidates & ~(pool & complete)).tolist():
        reasons[row] = _why_not(panel, row, there[row], failed[row] & solved, slots)
    kept = slots if pool.any() else np.ones_like(slots)
    outside = complete[panel.row] & ~kept[panel.slot]
    return Shared(
        panel=_without(panel, outside) if outside.any() else panel,
        slots=kept,
        images=_count(panel, kept),
        unranked=tuple(reasons),
        notes=tuple(_left_out(panel, kept)),
    )


def _there(panel: Panel) -> tuple[Marks, Marks]:
    """Mark the slots that each row has a score for, and those where it has failures alone."""
    there = np.zeros((len(panel.places), panel.slots), dtype=bool)
    failed = there.copy()
    scored = np.isfinite(panel.scores.psnr) | panel.scores.exact
    good = (panel.scores.status == "ok") & scored
    there[panel.row[good], panel.slot[good]] = True
    failed[panel.row[~good], panel.slot[~good]] = True
    return there, failed & ~there


def _why_never(panel: Panel, row: int) -> str:
    entry = panel.entries[row]
    if entry.oracle:
        return "an oracle sees the clean image"
    return f"trained on {', '.join(entry.trained_on)}" if entry.trained_on else ""


def largest_table(there: Marks) -> Marks:
    """Return the slots of the largest complete table, among those that the n fullest rows share."""
    slots: Marks = np.ones(there.shape[1], dtype=bool)
    order = np.argsort(-there.sum(axis=1), kind="stable")
    best, size = slots, (0, 0)
    for number in order:
        slots = np.asarray(slots & there[number])
        rows = int(there[:, slots].all(axis=1).sum())
        found = (rows * int(slots.sum()), rows)
        if found > size:
            best, size = slots, found
    return best


def _why_not(panel: Panel, row: int, there: Marks, failed: Marks, slots: Marks) -> str:
    """Say how many results a row lacks, in images, or in noise draws where that tells more."""
    wanted = slots | failed
    has, of = _count(panel, there & wanted), _count(panel, wanted)
    unit = plural(of, "image")
    if has == of:
        has, of = int((there & wanted).sum()), int(wanted.sum())
        unit = plural(of, "noise draw")
    records = (panel.row == row) & failed[panel.slot]
    statuses = Counter(panel.scores.status[records].tolist())
    told = ", ".join(f"{count} {_TOLD.get(status, status)}" for status, count in sorted(statuses.items()))
    return f"{has} of {unit}" + (f": {told}" if told else "")


def _count(panel: Panel, slots: Marks) -> int:
    """Return how many images have any of these slots."""
    return int(np.logical_or.reduceat(slots, panel.starts).sum()) if len(slots) else 0


def _left_out(panel: Panel, kept: Marks) -> list[str]:
    if kept.all():
        return []
    images = np.logical_or.reduceat(kept, panel.starts)
    whole = f"ranks are over the {plural(int(images.sum()), 'image')} that all ranked methods restored"
    if images.all():
        return [f"ranks are over the {plural(int(kept.sum()), 'noise draw')} that all ranked methods have"]
    names = panel.image_names()
    rest: Sequence[str] = [name for name, there in zip(names, images, strict=True) if not there]
    return [f"{whole}; not over {few(rest)}"]


def _without(panel: Panel, outside: Marks) -> Panel:
    """Return the panel without these records."""
    keep = np.flatnonzero(~outside)
    return replace(
        panel,
        scores=selected(panel.scores, keep),
        occasion=panel.occasion[keep],
        row=panel.row[keep],
        slot=panel.slot[keep],
    )
