"""Ranks averaged over boards, with their intervals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from priorbench.ranking.boards import Board, Interval
from priorbench.ranking.inference.sign_flips import smallest_p
from priorbench.ranking.names import Place, row_names
from priorbench.ranking.overall.places import standings_on
from priorbench.ranking.overall.rows import OnBoard, Overall, OverallRow
from priorbench.ranking.overall.table import largest_table, place_of, ranked_rows
from priorbench.words import few, plural


def overall(boards: Sequence[Board]) -> list[Overall]:
    """Rank methods over boards, for each protocol that has two boards to rank them over.

    Boards and methods are chosen so that all of the methods are ranked on all of the boards: the largest such
    table, of two that are as large the one with more methods. It has at least two of both. Other methods are
    listed without a mean rank, other boards are named in a note.

    Whatever is said of B boards is said at error rates that sum up to that of one: pairs count as told apart
    at 1 - (1 - level) / B. Then with a chance of at least `level` no pair of any board is wrongly told apart,
    so that every rank lies between its ends, and every mean rank between the means of the ends. The boards
    need not be independent for that.

    Parameters
    ----------
    boards : Sequence[Board]
        what `priorbench.ranking.leaderboard.leaderboard` made, all with the same claims.
    """
    found: list[Overall] = []
    for protocol in dict.fromkeys(board.protocol for board in boards):
        own = [board for board in boards if board.protocol == protocol]
        if (table := largest_table(own)) is not None:
            found.append(_overall(own, *table))
    return found


def _overall(every: Sequence[Board], boards: Sequence[Board], methods: Sequence[Place]) -> Overall:
    claims = boards[0].claims
    error = claims.error / len(boards)
    standings = [standings_on(board, methods, error) for board in boards]
    known = list(dict.fromkeys([*methods, *(place_of(row) for board in every for row in board.rows)]))
    names, conditions = row_names(known), _conditions(known)
    rows = [
        OverallRow(
            name=names[place],
            denoiser=place.label,
            stopping_rule=place.stopping_rule,
            device=place.device,
            threads=place.threads,
            conditions=conditions[place],
            flags=_flags(boards, place),
            remarks=_remarks(boards, place),
            **(
                _averaged([own[place] for own in standings])
                if place in standings[0]
                else _missing(boards, place)
            ),
        )
        for place in known
    ]
    rows.sort(key=lambda row: (row.mean_rank is None, row.mean_rank or -row.ranked_on, row.name))
    return Overall(
        protocol=boards[0].protocol,
        settings=tuple(board.setting for board in boards),
        methods=len(methods),
        claims=claims,
        board_level=1 - error,
        rows=tuple(rows),
        notes=tuple(_notes(every, boards, rows)),
    )


def _averaged(standings: Sequence[OnBoard]) -> dict[str, Any]:
    """Return what a method's standings on all boards come to."""

    def mean(values: Iterable[float]) -> float:
        return sum(values) / len(standings)

    return {
        "mean_rank": mean(own.place for own in standings),
        "interval": Interval(
            low=mean(own.best for own in standings), high=mean(own.worst for own in standings)
        ),
        "won": sum(own.worst == 1 for own in standings),
        "first": mean(own.first for own in standings),
        "ranked_on": len(standings),
        "on_boards": tuple(standings),
    }


def _flags(boards: Sequence[Board], place: Place) -> tuple[str, ...]:
    """Return a method's flags, each with its board."""
    return tuple(
        f"{flag} ({board.setting})"
        for board in boards
        for row in board.rows
        if place_of(row) == place
        for flag in row.flags
    )


def _remarks(boards: Sequence[Board], place: Place) -> dict[str, int]:
    """Return what was remarked on a method's outputs, each with its board."""
    return {
        f"{remark} ({board.setting})": count
        for board in boards
        for row in board.rows
        if place_of(row) == place
        for remark, count in row.remarks.items()
    }


def _missing(boards: Sequence[Board], place: Place) -> dict[str, Any]:
    """Return on how many of the boards a method is ranked, and why not on the others."""
    reasons = []
    for board in boards:
        rows = [row for row in board.rows if place_of(row) == place]
        if not rows:
            reasons.append("was not run there")
        elif rows[0].rank is None:
            reasons.append(rows[0].unranked)
    ranked = len(boards) - len(reasons)
    return {
        "ranked_on": ranked,
        "unranked": f"ranked on {ranked} of {plural(len(boards), 'board')}: {few(reasons)}",
    }


def _conditions(methods: Sequence[Place]) -> dict[Place, tuple[str, ...]]:
    """Return device and threads of each method, as far as methods differ in them."""
    devices, threads = {place.device for place in methods}, {place.threads for place in methods}
    return {
        place: (
            *([place.device] if len(devices) > 1 else []),
            *([f"{place.threads}-threads"] if len(threads) > 1 else []),
        )
        for place in methods
    }


def _notes(every: Sequence[Board], boards: Sequence[Board], rows: Sequence[OverallRow]) -> Iterator[str]:
    rest = [board for board in every if board not in boards]
    for why, left in (
        ("fewer than two methods are ranked there", [own for own in rest if len(ranked_rows(own)) < 2]),
        ("not all of the methods are ranked there", [own for own in rest if len(ranked_rows(own)) > 1]),
    ):
        if left:
            yield f"left out, because {why}: {few(str(board.setting) for board in left)}"
    error = boards[0].claims.error / len(boards)
    mute = [str(board.setting) for board in boards if smallest_p(board.images) > error]
    if mute:
        yield (
            f"too few images to tell methods apart at the level of {plural(len(boards), 'board')},"
            f" where p must be {error:.2g} or less: {few(mute)}"
        )
    changed = [row.shown for row in rows if row.mean_rank is not None and _unlike(boards, row)]
    if changed:
        yield f"not the same parameters on all boards: {few(changed)}: such a mean rank is no single method's"
    if len({board.setting.image_set for board in boards}) < len(boards):
        yield "boards of one image set share its images: they are no independent witnesses"


def _unlike(boards: Sequence[Board], row: OverallRow) -> bool:
    place = Place(row.denoiser, row.stopping_rule, row.device, row.threads)
    return len({ranked_rows(board)[place].settings for board in boards}) > 1
