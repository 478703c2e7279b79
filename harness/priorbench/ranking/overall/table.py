"""Which boards and methods are averaged: the largest table in which every method is ranked on every board."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from priorbench.ranking.boards import Board, Row
from priorbench.ranking.names import Place

#: sets of boards that are tried; there are as many only where methods were run here and there
_MOST_TABLES = 4096


def place_of(row: Row) -> Place:
    """Return what makes a row of one board the same as one of another."""
    return Place(row.denoiser, row.stopping_rule, row.device, row.threads)


def ranked_rows(board: Board) -> dict[Place, Row]:
    """Return the rows of a board that are ranked, in order."""
    return {place_of(row): row for row in board.rows if row.rank is not None}


def largest_table(boards: Sequence[Board]) -> tuple[list[Board], list[Place]] | None:
    """Return the boards and methods of the largest complete table; None where it would have a single one."""
    ranked = [ranked_rows(board) for board in boards]
    methods = list(dict.fromkeys(place for own in ranked for place in own))
    marks = [[method in own for own in ranked] for method in methods]
    there = np.array(marks, dtype=bool).reshape(len(methods), len(boards))
    size, best = (0, 0), np.zeros(len(boards), dtype=bool)
    for chosen in _candidates(there):
        rows = int(there[:, chosen].all(axis=1).sum())
        cells = (rows * int(chosen.sum()), rows)
        if rows > 1 and chosen.sum() > 1 and cells > size:
            size, best = cells, chosen
    if not best.any():
        return None
    complete = there[:, best].all(axis=1)
    return (
        [boards[number] for number in np.flatnonzero(best).tolist()],
        [methods[number] for number in np.flatnonzero(complete).tolist()],
    )


def _candidates(there: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """Return the sets of boards that some methods share: the largest table has one of them.

    From a number that nobody could look through, only those that the fullest methods share.
    """
    found: dict[bytes, NDArray[np.bool_]] = {}
    for number in np.argsort(-there.sum(axis=1), kind="stable"):
        own = there[number]
        for chosen in [own, *(own & other for other in found.values())]:
            found.setdefault(chosen.tobytes(), chosen)
        if len(found) > _MOST_TABLES:
            break
    return list(found.values())
