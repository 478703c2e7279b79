"""Where methods stand on one board among themselves: places by the mean, and the ranks that are possible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from priorbench.ranking.boards import Board, Row
from priorbench.ranking.inference.sign_flips import DECIMALS
from priorbench.ranking.names import Place
from priorbench.ranking.overall.rows import OnBoard
from priorbench.ranking.overall.table import place_of

#: an error rate that is this little larger is not larger
_ROUNDING = 1e-12


def standings_on(board: Board, methods: Sequence[Place], error: float) -> dict[Place, OnBoard]:
    """Return where the methods stand on a board among themselves, if it may err in `error` of all cases."""
    wanted = set(methods)
    rows = [row for row in board.rows if row.rank is not None and place_of(row) in wanted]
    names = {row.name for row in rows}
    pairs = [
        pair
        for pair in board.apart
        if pair.p <= error + _ROUNDING and pair.better in names and pair.worse in names
    ]
    better, worse = Counter(pair.worse for pair in pairs), Counter(pair.better for pair in pairs)
    return {
        place_of(row): OnBoard(
            place=place, first=first, best=1 + better[row.name], worst=len(rows) - worse[row.name]
        )
        for row, (place, first) in zip(rows, _places(rows), strict=True)
    }


def _places(rows: Sequence[Row]) -> list[tuple[float, float]]:
    """Return the places of rows that are in order, and their parts of the first; those of one mean share."""
    means = [(row.infinite, None if row.psnr is None else round(row.psnr, DECIMALS)) for row in rows]
    shared: list[list[int]] = []
    for number, mean in enumerate(means):
        if number and mean == means[number - 1]:
            shared[-1].append(number)
        else:
            shared.append([number])
    return [
        (1 + (tied[0] + tied[-1]) / 2, 0.0 if tied[0] else 1 / len(tied)) for tied in shared for _ in tied
    ]
