"""The headings of columns that differ from board to board."""

from __future__ import annotations

from priorbench.ranking.boards import Board

#: headings of other columns that would be valid names of a metric
_TAKEN = ("rank", "method", "stopping", "p", "wins", "memory", "images", "failed")
#: fields of a row that are over images, and their columns; further metrics have their own
COLUMN_OF = {"psnr": "PSNR dB", "gain": "gain dB", "ssim": "SSIM", "seconds": "s/image"}
#: a longer name of the reference stands below the table, not above its column
_SHORT = 14


def difference_column(board: Board) -> str:
    """Return the heading of the differences to the reference, which has its name where that is short."""
    name = board.reference_shown
    return f"vs {name} dB" if len(name) <= _SHORT else "difference dB"


def metric_column(name: str) -> str:
    """Return the name of the column of a further metric, which may be called like another column."""
    return f"{name} (metric)" if name in _TAKEN else name


def metric_heading(board: Board, name: str) -> str:
    """Return the heading of a further metric: its column, and an arrow where it is known what is better."""
    higher = board.higher_is_better.get(name)
    return metric_column(name) + {None: "", True: " ↑", False: " ↓"}[higher]
