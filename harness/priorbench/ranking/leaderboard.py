"""The ranking: a board for each image set, noise and operator, a row for each method and stopping rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from priorbench.contract.records import Record
from priorbench.errors import UnknownNameError
from priorbench.ranking.boards import Board, Difference, Interval, Row, TimeRatio
from priorbench.ranking.measured import Measured
from priorbench.ranking.names import find_place, names_condition
from priorbench.ranking.paired import Paired, differences, shared_ranks
from priorbench.ranking.panels import EVERYTHING, Filter, Panel, chosen, panels
from priorbench.ranking.statistics import caveats, resample_count
from priorbench.ranking.suspicion import Suspect, flags
from priorbench.ranking.times import time_ratios
from priorbench.store.scores import Scores, scores_of

__all__ = ["Board", "Difference", "Interval", "Row", "TimeRatio", "leaderboard"]


def leaderboard(
    source: Scores | Iterable[Record],
    *,
    reference: str | None = None,
    only: Filter = EVERYTHING,
) -> list[Board]:
    """Rank the records of a store.

    Different protocols, image sets, noises and operators come on different boards, whatever they are called.
    Each label has the row that was asked for last; what is older is left out and counted in a note, and so
    are records whose noisy image is not the one that the other methods saw.

    Parameters
    ----------
    source : Scores or Iterable[Record]
        `Store.scores`; or records, each asked for by its own names.
    reference : str or None, optional
        name of the row that the others are compared with, ``label`` or ``label@rule``; default is the best
        ranked one of each board.
    only : Filter, optional
        the settings whose boards are wanted, and of which time.

    Raises
    ------
    UnknownNameError
        If no board has that reference, image set, noise or operator.
    """
    scores = source if isinstance(source, Scores) else scores_of(source)
    found = chosen(panels(scores, when=only.when), only)
    if reference is not None:
        everywhere = {
            place: entry.oracle
            for panel in found
            for place, entry in zip(panel.places, panel.entries, strict=True)
        }
        find_place(reference, everywhere, [place for place, oracle in everywhere.items() if oracle])
    boards = [_board(panel, reference) for panel in found]
    if reference is not None and names_condition(reference):
        rows = {row.name for board in boards for row in board.rows}
        if reference not in rows:
            raise UnknownNameError("method in the store", reference, rows)
    return boards


def _board(panel: Panel, wanted: str | None) -> Board:
    measured = Measured(panel)
    psnr = Paired(panel, measured.psnr)
    images = len(panel.starts)
    rows = [replace(row, unranked=_why_unranked(row, images)) for row in measured.rows(psnr.intervals())]
    ranked = sorted(
        (number for number, row in enumerate(rows) if not row.unranked), key=lambda n: _order(rows[n])
    )
    ranks = shared_ranks(psnr, ranked)
    shared = Counter(ranks)
    for number, rank in zip(ranked, ranks, strict=True):
        rows[number] = replace(rows[number], rank=rank, tied=shared[rank] > 1)
    rows = _flagged(panel, rows, measured.too_exact())
    reference, notes = _reference(panel, wanted, ranked, psnr)
    if reference is not None:
        apart = differences(psnr, reference)
        ratios = time_ratios(panel, measured.seconds, measured.environment, reference)
        rows = [
            replace(row, difference=apart.get(number), time_ratio=ratios.get(number))
            for number, row in enumerate(rows)
        ]
    return Board(
        protocol=panel.protocol,
        setting=panel.setting,
        labels=panel.labels,
        images=images,
        noisy_psnr=measured.noisy_psnr(),
        reference=None if reference is None else rows[reference].name,
        resamples=resample_count(images),
        rows=tuple(sorted(rows, key=_order)),
        notes=(
            *panel.notes,
            *notes,
            *_unlike_draws(panel, rows),
            *caveats(images, sum(row.difference is not None for row in rows)),
        ),
    )


def _flagged(panel: Panel, rows: Sequence[Row], too_exact: Sequence[int]) -> list[Row]:
    """Return the rows with what makes them doubtful."""
    suspects = [
        Suspect(
            method=request.denoiser.name or request.denoiser.label,
            oracle=entry.oracle,
            images=row.images,
            too_exact=exact if panel.setting.is_denoising else 0,
            gain=row.gain,
            noise_correlation=row.noise_correlation,
        )
        for row, request, entry, exact in zip(rows, panel.requests, panel.entries, too_exact, strict=True)
    ]
    return [replace(row, flags=found) for row, found in zip(rows, flags(suspects), strict=True)]


def _unlike_draws(panel: Panel, rows: Sequence[Row]) -> list[str]:
    """Say which rows have not all noise draws of their images: their means are over other draws."""
    there = np.zeros((len(rows), panel.slots), dtype=bool)
    there[panel.row, panel.slot] = True
    images = np.logical_or.reduceat(there, panel.starts, axis=1) if panel.slots else there
    draws = np.repeat(images, np.diff([*panel.starts, panel.slots]), axis=1).sum(axis=1)
    return [
        f"{row.name} has {has} of {of} noise draws of its images: its means are over these alone"
        for row, has, of in zip(rows, there.sum(axis=1).tolist(), draws.tolist(), strict=True)
        if has < of
    ]


def _order(row: Row) -> tuple[bool, float, str]:
    """Sort ranked rows first, by mean PSNR; a row whose every image is exact has none and is best."""
    best = np.inf if row.psnr is None and row.infinite else -np.inf
    return bool(row.unranked), -(best if row.psnr is None else row.psnr), row.name


def _why_unranked(row: Row, images: int) -> str:
    if row.unranked:
        return row.unranked
    if row.trained_on:
        return f"trained on {', '.join(row.trained_on)}"
    if row.images < images:
        failed = ", ".join(f"{count} {status}" for status, count in sorted(row.failures.items()))
        return f"{row.images} of {images} images" + (f": {failed}" if failed else "")
    return ""


def _reference(
    panel: Panel, wanted: str | None, ranked: Sequence[int], psnr: Paired
) -> tuple[int | None, list[str]]:
    """Return the row to compare with: the wanted one if it has results here, else the best ranked."""
    best = ranked[0] if ranked else None
    if wanted is None:
        return best, []
    oracles = [place for place, entry in zip(panel.places, panel.entries, strict=True) if entry.oracle]
    try:
        row = panel.places.index(find_place(wanted, panel.places, oracles))
    except UnknownNameError:
        return best, [f"{wanted} was not run here: the others are compared with the best"]
    if not np.isfinite(psnr.images[row]).any():
        return best, [f"{wanted} has no PSNR here: the others are compared with the best"]
    return row, []
