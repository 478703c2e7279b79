"""What a reader must know of the times of a board."""

from __future__ import annotations

from collections.abc import Container

from priorbench.ranking.boards import USELESS, Board, Row, TimeRatio
from priorbench.words import plural

#: below every table of times that other work may have changed
DISTURBED = "* some timings disturbed, by other work or fits at the same time; the quality counts"
#: of ratios of one occasion: what their intervals say, and where to look for the rest
ONE_OCCASION = (
    "intervals hold for the day on which it was timed: 'priorbench doctor --noise', or repetitions on"
    " another day, tell more"
)
#: why there is no interval
NO_OCCASION = "without an interval: the machine may have changed (a pause of half an hour ends an occasion)"


def too_wide(value: TimeRatio) -> str:
    """Say why the interval of a ratio is not shown; empty for one that is, and where there is none."""
    if value.interval is None or value.shown_interval is not None:
        return ""
    return (
        f"no interval is shown: over {plural(value.images, 'image')} it reaches from less than a thousandth"
        f" of the ratio to more than {USELESS:g} times"
    )


def over_occasions(value: TimeRatio) -> str:
    """Say what the interval of a ratio over several occasions allows for."""
    return f"over {value.occasions} occasions; the interval allows for what differs between them"


def time_notes(board: Board, seen: Container[str]) -> list[tuple[str, str]]:
    """Return what a reader of a board must know of its times, each with what a paper says of it.

    Parameters
    ----------
    board : Board
        the board.
    seen : Container[str]
        the columns that the reader sees.
    """
    lines: list[tuple[str, str]] = []
    if any(row.tainted for row in board.rows):
        lines.append((DISTURBED, "* timing disturbed" if "s/image" in seen else ""))
    if any(row.seconds is None and row.images for row in board.rows):
        lines.append(("a time is left out where its trials ran in unlike environments", ""))
    if "× time" in seen:
        lines += _of_ratios(board)
    elif "s/image" in seen:
        lines.append(("s/image: geometric mean over repetitions and images", "s/image: geometric mean"))
    return lines


def _of_ratios(board: Board) -> list[tuple[str, str]]:
    """Return what a reader must know of the ratios, rows of a kind in one line."""
    reference = board.reference_shown
    there = {row.shown: row.time_ratio for row in board.rows if row.time_ratio is not None}
    measured = {name: ratio for name, ratio in there.items() if ratio.shown_interval is not None}
    kind = f", with a {board.claims.percent} interval over images" if measured else ""
    first = f"s/image: geometric mean over repetitions and images; × time: over {reference}{kind}"
    lines = []
    if any(ratio.occasions == 1 for ratio in measured.values()):
        lines.append(f"× time: {ONE_OCCASION}")
    several = {name: over_occasions(ratio) for name, ratio in measured.items() if ratio.occasions > 1}
    apart = {
        name: f"timed in no occasion of {reference}, so {NO_OCCASION}"
        for name, ratio in there.items()
        if not ratio.occasions
    }
    wide = {name: text for name, ratio in there.items() if (text := too_wide(ratio))}
    lines += [*_told(several), *_told(apart), *_told(wide), *_over_fewer(board)]
    interval = f", {board.claims.percent} interval" if measured else ""
    short = f"s/image: geometric mean; × time: over {reference}{interval}"
    return [(first, short), *((line, "") for line in lines)]


def _told(lines: dict[str, str]) -> list[str]:
    """Return each text once, with the rows that it is about."""
    rows: dict[str, list[str]] = {}
    for name, text in lines.items():
        rows.setdefault(text, []).append(name)
    return [f"× time of {', '.join(names)}: {text}" for text, names in rows.items()]


def _over_fewer(board: Board) -> list[str]:
    """Say which ratios are over fewer images than both rows have."""
    images = {row.name: row.images for row in board.rows}
    most = images.get(board.reference or "", 0)

    def counted(row: Row) -> str:
        ratio = row.time_ratio
        both = min(row.images, most)
        return f"{row.shown} {ratio.images} of {both}" if ratio is not None and ratio.images < both else ""

    found = [text for text in map(counted, board.rows) if text]
    return [f"× time: over fewer images than both rows have: {', '.join(found)}"] if found else []
