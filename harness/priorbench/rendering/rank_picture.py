"""What a picture of ranks shows: a bar of possible ranks for each method, and who is not told apart.

`priorbench.rendering.rank_drawing` draws it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from priorbench.ranking.boards import Board, Row
from priorbench.ranking.overall import Overall, OverallRow
from priorbench.rendering.across import overall_title
from priorbench.rendering.columns import letters, method, title
from priorbench.words import plural

#: brackets for more groups than this would be a thicket; letters after the names tell the same
_MOST_BRACKETS = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One method.

    Attributes
    ----------
    label : str
        what it is called.
    method : str
        label of the denoiser alone, by which a page hides methods.
    low, high : float
        the ranks that are possible.
    dot : float
        its place in the order.
    """

    label: str
    method: str
    low: float
    high: float
    dot: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Bracket:
    """Methods that are not told apart: numbers of their bars, and the letter of the group."""

    letter: str
    members: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """Bars from the top, in the board's order.

    Attributes
    ----------
    heading : str
        of the board.
    axis : str
        what is along the axis.
    bars : tuple of Bar
        fewer than two where there is nothing to compare.
    brackets : tuple of Bracket, default ()
        of groups of two and more.
    caption : str
        what is to be seen, for people who see the picture and for those who do not.
    """

    heading: str
    axis: str
    bars: tuple[Bar, ...]
    brackets: tuple[Bracket, ...] = ()
    caption: str


def board_picture(board: Board) -> Picture:
    """Return the picture of a board's ranks."""
    rows = [row for row in board.rows if row.rank is not None]
    groups: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        for group in row.groups:
            groups.setdefault(group, []).append(place)
    wide = {group: members for group, members in groups.items() if len(members) > 1}
    bracketed = len(wide) <= _MOST_BRACKETS
    bars = []
    for place, row in enumerate(rows):
        name = _label(row)
        shared = "" if bracketed else letters(group for group in row.groups if group in wide)
        bars.append(
            Bar(
                label=f"{name} ({shared})" if shared else name,
                method=row.denoiser,
                low=row.rank or 1,
                high=row.rank_worst or len(rows),
                dot=place + 1,
            )
        )
    return Picture(
        heading=title(board),
        axis="rank",
        bars=tuple(bars),
        brackets=tuple(
            Bracket(letter=letters([group]), members=tuple(members)) for group, members in wide.items()
        )
        if bracketed
        else (),
        caption=_caption(board, len(rows), sorted(wide), bracketed),
    )


def _label(row: Row | OverallRow) -> str:
    return f"{method(row)}, {row.stopping_rule}" if row.stopping_rule else method(row)


def _caption(board: Board, ranked: int, groups: Sequence[int], bracketed: bool) -> str:
    if ranked < 2:
        return f"no picture of ranks: {plural(ranked, 'method')} ranked"
    bars = f"bar: the ranks that are possible, at {board.claims.percent} for all methods together"
    dot = "dot: place by the mean"
    if not board.apart:
        return f"no two methods are told apart here, so that every rank is possible for each; {dot}"
    if not any(row.tied for row in board.rows):
        return f"all methods are told apart, at {board.claims.percent} together: each has one rank"
    if not groups:
        return f"{bars}; {dot}"
    shown = "joined at the right" if bracketed else "with a letter in common"
    return f"{bars}; {dot}; {shown}: methods none of which are told apart"


def overall_picture(board: Overall) -> Picture:
    """Return the picture of mean ranks over boards."""
    return Picture(
        heading=overall_title(board),
        axis="mean rank",
        bars=tuple(
            Bar(
                label=_label(row),
                method=row.denoiser,
                low=row.interval.low,
                high=row.interval.high,
                dot=row.mean_rank,
            )
            for row in board.rows
            if row.mean_rank is not None and row.interval is not None
        ),
        caption=(
            f"bar: the mean ranks that are possible, at {board.claims.percent} for all methods and boards"
            " together; dot: mean of the places by the mean on each board"
        ),
    )
