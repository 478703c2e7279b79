"""The columns of a leaderboard as text, its title and its footnotes."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from functools import partial
from string import ascii_letters

from priorbench.errors import UnknownNameError
from priorbench.ranking.boards import Board, Difference, Interval, Row
from priorbench.ranking.overall import OverallRow
from priorbench.rendering.times import time_footnotes, time_ratio
from priorbench.words import digits_for, memory, number, one_line, plural, seconds

CellText = Callable[[Row], str]

#: headings of other columns that would be valid names of a metric
_TAKEN = ("rank", "method", "stopping", "p", "wins", "memory", "images", "failed")

#: fields of a row that are over images, and their columns; further metrics have their own
_COLUMN_OF = {"psnr": "PSNR dB", "gain": "gain dB", "ssim": "SSIM", "seconds": "s/image"}

#: after a difference that does not matter in practice
_SAME = " ≈"

#: after the name of a row that is flagged
_DOUBT = "(?)"

#: after the name of a row with outputs that were remarked on, as `priorbench run` puts it behind a result
_ODD = "(!)"

#: a longer name of the reference stands below the table, not above its column
_SHORT = 14


def columns(board: Board, wanted: Sequence[str] = ()) -> dict[str, CellText]:
    """Return columns of a board, in order.

    Parameters
    ----------
    board : Board
        the board.
    wanted : Sequence[str], default ()
        names of columns, as `column_names` has them, in the order that is wanted; one of a metric that the
        board has not is left out. Default: all that say something on this board; the first says the rank.

    """
    every = _every_column(board)
    if wanted:
        by_name = column_names(board)
        return {by_name[name]: every[by_name[name]] for name in wanted if name in by_name}
    complete = all(row.images == board.images and not row.failures for row in board.rows)
    quiet = {"images", "failed"} if complete else set()
    return {
        name: cell
        for name, cell in every.items()
        if name not in quiet and any(cell(row) not in ("", "reference") for row in board.rows)
    }


def column_names(board: Board) -> dict[str, str]:
    """Return the names by which columns can be chosen, and their headings on this board."""
    short = {"PSNR dB": "psnr", "gain dB": "gain", "SSIM": "ssim", "s/image": "seconds", "× time": "time"}
    short[difference_column(board)] = "difference"
    return {short.get(heading, heading): heading for heading in _every_column(board)}


def check_columns(boards: Sequence[Board], wanted: Sequence[str]) -> None:
    """Raise `UnknownNameError` for the name of a column that no board has."""
    known = {name for board in boards for name in column_names(board)}
    for name in wanted:
        if name not in known:
            raise UnknownNameError("column", name, known)


def _every_column(board: Board) -> dict[str, CellText]:
    return {
        "rank": rank,
        "group": lambda row: letters(row.groups) if _grouped(board) else "",
        "method": method,
        "stopping": lambda row: row.stopping_rule or "",
        "PSNR dB": _psnr,
        "interval": lambda row: interval(row.psnr_interval, 2),
        "gain dB": lambda row: _marked(number(row.gain, 2, sign=True), row, "gain"),
        difference_column(board): lambda row: (
            "reference" if row.name == board.reference else difference(row.difference)
        ),
        "p": lambda row: "" if row.difference is None else probability(row.difference.p_adjusted),
        "wins": lambda row: "" if row.difference is None else f"{100 * row.difference.win_rate:.0f} %",
        "SSIM": lambda row: _marked(number(row.ssim, 4), row, "ssim"),
        **{metric_column(name): partial(_metric, name) for row in board.rows for name in row.metrics},
        "s/image": lambda row: _marked(seconds(row.seconds) + ("*" if row.tainted else ""), row, "seconds"),
        "× time": lambda row: time_ratio(row.time_ratio),
        "memory": lambda row: memory(row.memory_bytes),
        "images": lambda row: str(row.images),
        "failed": lambda row: str(sum(row.failures.values()) or ""),
    }


def method(row: Row | OverallRow) -> str:
    """Return the label of a row's method, with the conditions in which rows differ, and marks."""
    marks = [mark for mark, there in ((_DOUBT, row.flags), (_ODD, row.remarks)) if there]
    return " ".join([" @".join([row.denoiser, *row.conditions]), *marks])


def metric_column(name: str) -> str:
    """Return the heading of a further metric, which may be called like another column."""
    return f"{name} (metric)" if name in _TAKEN else name


def _metric(name: str, row: Row) -> str:
    value = row.metrics.get(name)
    return "" if value is None else _marked(f"{value:.4g}", row, f"metrics.{name}")


def _psnr(row: Row) -> str:
    exact = f" (+{row.infinite} exact)" if row.infinite else ""
    return _marked(number(row.psnr, 2), row, "psnr") + exact


def _marked(text: str, row: Row, field: str) -> str:
    """Mark a value that is over fewer images than its row has."""
    return text + ("‡" if text and field in row.fewer else "")


def difference_column(board: Board) -> str:
    """Return the heading of the differences to the reference, which has its name where that is short."""
    name = board.reference or ""
    return f"vs {name} dB" if len(name) <= _SHORT else "difference dB"


def title(board: Board) -> str:
    """Return a board's heading."""
    draws = f", {plural(board.repetitions, 'repetition')}" if board.repetitions > 1 else ""
    noisy = "" if board.noisy_psnr is None else f", {board.start} {board.noisy_psnr:.2f} dB"
    return f"{board.setting}: {plural(board.images, 'image')}{draws}{noisy}"


def footnotes(board: Board, shown: Container[str] | None = None) -> list[str]:
    """Return what a reader of a board must know.

    Parameters
    ----------
    board : Board
        the board.
    shown : Container[str] or None, optional
        the columns that the reader sees; None for all.
    """
    seen = columns(board) if shown is None else shown
    return [
        *_meanings(board, seen),
        *_over_fewer(board, seen),
        *_unranked(board),
        *time_footnotes(board, seen),
        *doubts(board.rows),
        *odd_outputs(board.rows),
        *board.notes,
    ]


def _meanings(board: Board, seen: Container[str]) -> list[str]:
    claims = board.claims
    compared = [row.difference for row in board.rows if row.difference is not None]
    ranked = sum(row.rank is not None for row in board.rows)
    lines = []
    if not board.setting.is_denoising:
        lines.append("least squares: the solution of least norm, which gains are counted from")
    shared = next((row for row in board.rows if row.tied), None)
    if shared is not None and "rank" in seen:
        lines.append(f"rank {rank(shared)}: any of these, since not all of these methods are told apart")
    if "group" in seen:
        lines.append("group: methods that share a letter are not told apart")
    if ranked > 1:
        lines.append(_apart(board))
    column = difference_column(board)
    if column not in seen:
        compared = []
    if any(item.interval is not None for item in compared):
        lines.append(f"{column}: mean paired difference to {board.reference}, {claims.percent} interval")
    if any(item.verdict == "equivalent" for item in compared):
        lines.append(f"{_SAME.strip()} equal in practice: the interval is within {claims.rope:g} dB of zero")
    if any(item.images < board.images for item in compared):
        lines.append("a difference is over the images that both restored, exact ones left out")
    if "p" in seen:
        family = f"for all comparisons with {board.reference}" if board.reference_fixed else "for all pairs"
        lines.append(f"p: sign-flip test of the mean difference, adjusted {family} of ranked methods")
    if "interval" in seen:
        lines.append(f"interval: {claims.percent} interval of the mean PSNR, over images")
    return lines


def _apart(board: Board) -> str:
    claims = board.claims
    least = f", and {claims.rope:g} dB or more" if claims.rope else ""
    return f"told apart: better or worse with {claims.percent} confidence in all pairs together{least}"


def _grouped(board: Board) -> bool:
    """Say whether groups tell more than that every method, or none, stands alone."""
    return len({row.groups for row in board.rows if row.groups}) > 1 and any(row.tied for row in board.rows)


def _over_fewer(board: Board, seen: Container[str]) -> list[str]:
    lines = []
    for field in dict.fromkeys(field for row in board.rows for field in row.fewer):
        column = _COLUMN_OF.get(field) or metric_column(field.removeprefix("metrics."))
        counts = [
            f"{_name(row)} {row.fewer[field]} of {row.images}" for row in board.rows if field in row.fewer
        ]
        if column in seen:
            lines.append(f"‡ {column}: over fewer images than the row: {', '.join(counts)}")
    return lines


def _unranked(board: Board) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for row in board.rows:
        if row.unranked:
            reasons.setdefault(row.unranked, []).append(_name(row))
    return [f"not ranked: {', '.join(names)}: {reason}" for reason, names in reasons.items()]


def doubts(rows: Iterable[Row | OverallRow]) -> list[str]:
    """Return what makes rows doubtful, and what a flag means."""
    lines = [f"{_DOUBT} {_name(row)}: {flag}" for row in rows for flag in row.flags]
    said = f"{_DOUBT} is a question, not a verdict: a row that is flagged keeps its rank"
    return [*lines, said] if lines else []


def odd_outputs(rows: Iterable[Row | OverallRow]) -> list[str]:
    """Return what outputs of rows were remarked for, how many, and what the mark means."""
    lines = [
        f"{_ODD} {_name(row)}: {plural(count, 'result')}, {one_line(remark)}"
        for row in rows
        for remark, count in row.remarks.items()
    ]
    said = f"{_ODD} is a remark: such results count as they are, and the row keeps its rank"
    return [*lines, said] if lines else []


def rank(row: Row) -> str:
    """Return a rank, or the first and the last of those that are possible."""
    if row.rank is None:
        return "–"
    return str(row.rank) if row.rank == row.rank_worst else f"{row.rank}–{row.rank_worst}"


def letters(groups: Iterable[int]) -> str:
    """Return the letters of groups: a to z, then A to Z."""
    return "".join(ascii_letters[number] for number in groups)


def difference(value: Difference | None) -> str:
    """Return a difference with its interval."""
    if value is None:
        return ""
    low, high = value.ends
    digits = digits_for((high - low) / 2, 2, 1)
    same = _SAME if value.verdict == "equivalent" else ""
    return (
        f"{number(value.mean, digits, sign=True)} {interval(value.interval, digits, sign=True)}".rstrip()
        + same
    )


def interval(value: Interval | None, digits: int, sign: bool = False) -> str:
    """Return the two ends of an interval."""
    if value is None:
        return ""
    return f"[{number(value.low, digits, sign)}, {number(value.high, digits, sign)}]"


def probability(value: float | None) -> str:
    """Return a p value."""
    if value is None:
        return ""
    return "<0.001" if value < 0.001 else f"{value:.3f}" if value < 0.9995 else "1"


def _name(row: Row | OverallRow) -> str:
    return f"{row.denoiser} ({row.stopping_rule})" if row.stopping_rule else row.denoiser
