"""The data of the board across boards, without any layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from priorbench.ranking.boards import Interval, Setting
from priorbench.ranking.claims import Claims
from priorbench.ranking.names import shown_name


@dataclass(frozen=True, kw_only=True, slots=True)
class OnBoard:
    """Where a method stands on one board, among the methods that the overall board is of.

    Attributes
    ----------
    place : float
        by the mean; methods of one mean share the mean of their places.
    first : float
        1 where it has the highest mean, a part of 1 where others have the same, 0 elsewhere.
    best, worst : int
        the ranks that are possible, at `Overall.board_level`.
    """

    place: float
    first: float
    best: int
    worst: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OverallRow:
    """One method under one stopping rule, over all boards.

    Attributes
    ----------
    name : str
        the shortest that no other row has: ``label``, ``label@rule``, ...
    denoiser, stopping_rule, device, threads : str or int or None
        what ran, as in `Row`: this is what makes a row on one board the row on another.
    conditions : tuple of str, default ()
        device and threads, as far as rows differ in them.
    mean_rank : float or None, optional
        mean of the places on the boards. None for a method that is not ranked on all of them, with `unranked`
        saying why.
    interval : Interval or None, optional
        of the mean rank: means of the best and of the worst ranks that are possible.
    won : int, default 0
        boards on which it is shown to be better than every other method.
    first : float, default 0
        share of the boards on which it has the highest mean; of a mean that several have, a part.
    ranked_on : int
        boards on which it is ranked.
    on_boards : tuple of OnBoard, default ()
        where it stands on each board; empty without a mean rank.
    flags : tuple of str, default ()
        what makes the row doubtful on some of the boards, as in `Row`.
    remarks : Mapping[str, int], optional
        what was odd about outputs, with the board -> trials, as in `Row`.
    """

    name: str
    denoiser: str
    stopping_rule: str | None
    device: str
    threads: int
    conditions: tuple[str, ...] = ()
    mean_rank: float | None = None
    interval: Interval | None = None
    won: int = 0
    first: float = 0.0
    ranked_on: int
    on_boards: tuple[OnBoard, ...] = ()
    unranked: str = ""
    flags: tuple[str, ...] = ()
    remarks: Mapping[str, int] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """The name as boards show it, in rows and in what is said of them."""
        return shown_name(self.name, self.conditions)


@dataclass(frozen=True, kw_only=True, slots=True)
class Overall:
    """The ranking over several boards of one protocol.

    Attributes
    ----------
    settings : tuple of Setting
        of the boards that count.
    methods : int
        how many have a mean rank.
    claims : Claims
        those of the boards; the intervals of all mean ranks together hold at this level.
    board_level : float
        how often nothing false is said of a single board, so that all boards together hold at that level.
    rows : tuple of OverallRow
        by mean rank; then the methods that have none.
    notes : tuple of str, default ()
        what a reader must know of these boards.
    """

    protocol: int
    settings: tuple[Setting, ...]
    methods: int
    claims: Claims
    board_level: float
    rows: tuple[OverallRow, ...]
    notes: tuple[str, ...] = ()
