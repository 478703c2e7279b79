"""The ranking: a board for each image set, noise and operator, a row for each method and stopping rule."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, replace

import numpy as np

from priorbench.contract.records import Record
from priorbench.errors import UnknownNameError
from priorbench.ranking.boards import Board, Difference, Interval, Row, TimeRatio
from priorbench.ranking.claims import CLAIMS, Claims
from priorbench.ranking.filters import EVERYTHING, Filter, wanted_panels
from priorbench.ranking.inference.cautions import disputed_on, ended_by_themselves, same_pixels
from priorbench.ranking.inference.paired import Quality
from priorbench.ranking.inference.ranks import differences, ranks, told_apart
from priorbench.ranking.inference.shared_results import Shared, shared_results
from priorbench.ranking.inference.statistics import caveats
from priorbench.ranking.measured import Measured
from priorbench.ranking.names import Place, find_place, names_condition
from priorbench.ranking.panels import Panel
from priorbench.ranking.suspicion import Suspect, flags
from priorbench.ranking.times import time_ratios
from priorbench.store.scores import Scores, scores_of

__all__ = ["Board", "Difference", "Interval", "Row", "TimeRatio", "leaderboard", "with_directions"]


def leaderboard(
    source: Scores | Iterable[Record],
    *,
    reference: str | None = None,
    only: Filter = EVERYTHING,
    claims: Claims = CLAIMS,
    disputed: Collection[str] = (),
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
        name of the row that the others are compared with, ``label`` or ``label@rule``; fixed before the
        results were seen, so that comparisons with it are a smaller family. Default is the best ranked one of
        each board; its differences are adjusted for all pairs.
    only : Filter, optional
        the settings whose boards are wanted, and of which time.
    claims : Claims, optional
        when methods are told apart.
    disputed : Collection[str], optional
        keys of records that have another result beside them, `Store.disputed`; boards count theirs in a note.

    Raises
    ------
    UnknownNameError
        If no board has that reference, image set, noise or operator.
    """
    scores = source if isinstance(source, Scores) else scores_of(source)
    boards: list[Board] = []
    everywhere: dict[Place, bool] = {}
    for panel in wanted_panels(scores, only):  # one is in memory at a time
        boards.append(_board(panel, reference, claims, disputed))
        everywhere.update(zip(panel.places, (entry.oracle for entry in panel.entries), strict=True))
    if reference is not None:
        find_place(reference, everywhere, [place for place, oracle in everywhere.items() if oracle])
    if reference is not None and names_condition(reference):
        rows = {row.name for board in boards for row in board.rows}
        if reference not in rows:
            raise UnknownNameError("method in the store", reference, rows)
    return boards


def _board(whole: Panel, wanted: str | None, claims: Claims, disputed: Collection[str]) -> Board:
    shared = shared_results(whole)
    panel = shared.panel
    measured = Measured(panel)
    quality = Quality(panel=panel, psnr=measured.psnr, exact=measured.exact)
    rows = [
        replace(row, unranked=reason)
        for row, reason in zip(measured.rows(quality.intervals(claims.level)), shared.unranked, strict=True)
    ]
    ranked = [number for number, row in enumerate(rows) if not row.unranked]
    found = ranks(quality, ranked, [row.name for row in rows], claims)
    for number, standing in found.standings.items():
        rows[number] = replace(rows[number], **asdict(standing))
    rows = _flagged(panel, rows, measured.too_exact())
    reference, fixed, notes = _reference(panel, wanted, found.order, measured)
    if reference is not None:
        apart = differences(quality, reference, found, fixed=fixed)
        ratios = time_ratios(panel, measured.seconds, measured.environment, reference, level=claims.level)
        rows = [
            replace(row, difference=apart.get(number), time_ratio=ratios.get(number))
            for number, row in enumerate(rows)
        ]
    place = {row: number for number, row in enumerate(found.order)}
    order = sorted(range(len(rows)), key=lambda row: (place.get(row, len(place)), *_by_mean(rows[row])))
    return Board(
        protocol=panel.protocol,
        setting=panel.setting,
        labels=panel.labels,
        images=shared.images,
        repetitions=shared.repetitions,
        noisy_psnr=measured.noisy_psnr(shared.slots),
        unclipped=panel.unclipped,
        reference=None if reference is None else rows[reference].name,
        reference_fixed=fixed,
        claims=claims,
        rows=tuple(rows[row] for row in order),
        apart=told_apart(found, [row.name for row in rows]),
        notes=(
            *panel.notes,
            *disputed_on(panel, disputed),
            *same_pixels(shared),
            *ended_by_themselves(panel),
            *shared.notes,
            *notes,
            *_unlike_draws(shared, rows),
            *(caveats(shared.images, claims) if any(row.difference for row in rows) else []),
        ),
    )


def with_directions(boards: Sequence[Board], known: Mapping[str, bool]) -> list[Board]:
    """Return boards that say of their further metrics whether a higher value is better.

    Parameters
    ----------
    boards : Sequence[Board]
        the boards.
    known : Mapping[str, bool]
        by metric, as far as that is known: specs say it, records do not.
    """
    return [
        replace(board, higher_is_better={name: known[name] for name in board.metrics if name in known})
        for board in boards
    ]


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


def _unlike_draws(shared: Shared, rows: Sequence[Row]) -> list[str]:
    """Say which rows have not all noise draws of their images: their means are over other draws."""
    panel = shared.panel
    there = np.zeros((len(rows), panel.slots), dtype=bool)
    there[panel.row, panel.slot] = True  # failures are told elsewhere
    images = np.logical_or.reduceat(there, panel.starts, axis=1) if panel.slots else there
    own = np.repeat(images, np.diff([*panel.starts, panel.slots]), axis=1)
    draws = (own & (shared.slots | there)).sum(axis=1)
    return [
        f"{row.shown} has {has} of {of} noise draws of its images: its means are over these alone"
        for row, has, of in zip(rows, there.sum(axis=1).tolist(), draws.tolist(), strict=True)
        if has < of
    ]


def _by_mean(row: Row) -> tuple[float, str]:
    """Sort rows by mean PSNR; one whose every image is exact has none and is best."""
    best = math.inf if row.psnr is None and row.infinite else -math.inf
    return -(best if row.psnr is None else row.psnr), row.name


def _reference(
    panel: Panel, wanted: str | None, order: Sequence[int], measured: Measured
) -> tuple[int | None, bool, list[str]]:
    """Return the row to compare with, whether it is the one that was wanted, and what to say of it.

    Without a wanted one, and where it has no results, that is the first of the ranked ones.
    """
    best = order[0] if order else None
    if wanted is None:
        return best, False, []
    oracles = [place for place, entry in zip(panel.places, panel.entries, strict=True) if entry.oracle]
    try:
        row = panel.places.index(find_place(wanted, panel.places, oracles))
    except UnknownNameError:
        return best, False, [f"{wanted} was not run here: the others are compared with the best"]
    if not np.isfinite(measured.psnr[row]).any():
        return best, False, [f"{wanted} has no PSNR here: the others are compared with the best"]
    return row, True, []
