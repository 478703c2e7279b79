"""The columns of a leaderboard as text, and its title."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from string import ascii_letters

from priorbench.errors import UnknownNameError
from priorbench.ranking.boards import Board, Difference, Interval, Row
from priorbench.ranking.overall import OverallRow
from priorbench.rendering.board.clipping import NOT_CLIPPED
from priorbench.rendering.board.headings import difference_column, metric_column, metric_heading
from priorbench.rendering.board.notes import DOUBT, ODD, SAME
from priorbench.rendering.board.numbers import (
    difference_digits,
    memory_text,
    metric_text,
    ratio_text,
    seconds_text,
)
from priorbench.words import number, percent, plural

CellText = Callable[[Row], str]


def columns(board: Board, wanted: Sequence[str] = ()) -> dict[str, CellText]:
    """Return columns of a board, in order.

    Without a column of stopping rules, names of methods have the rule where rows would look alike.

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
        found = {by_name[name]: every[by_name[name]] for name in wanted if name in by_name}
        named = "method" in found and "stopping" not in found
        return found | ({"method": whole_name} if named else {})
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
    short |= {metric_heading(board, name): metric_column(name) for name in board.metrics}
    return {short.get(heading, heading): heading for heading in _every_column(board)}


def check_columns(boards: Sequence[Board], wanted: Sequence[str]) -> None:
    """Raise `UnknownNameError` for the name of a column that no board has."""
    known = {name for board in boards for name in column_names(board)}
    for name in wanted:
        if name not in known:
            raise UnknownNameError("column", name, known)


def _every_column(board: Board) -> dict[str, CellText]:
    rows = board.rows
    digits = difference_digits(row.difference for row in rows)
    seconds = seconds_text([row.seconds for row in rows])
    memory = memory_text([row.memory_bytes for row in rows])
    ratio = ratio_text([row.time_ratio for row in rows])
    return {
        "rank": rank,
        "group": lambda row: letters(row.groups) if _grouped(board) else "",
        "method": method,
        "stopping": lambda row: row.stopping_rule or "",
        "PSNR dB": _psnr,
        "interval": lambda row: interval(row.psnr_interval, 2),
        "gain dB": lambda row: _marked(number(row.gain, 2, sign=True), row, "gain"),
        difference_column(board): lambda row: (
            "reference" if row.name == board.reference else difference(row.difference, digits)
        ),
        "p": lambda row: "" if row.difference is None else probability(row.difference.p_adjusted),
        "wins": lambda row: "" if row.difference is None else percent(row.difference.win_rate),
        "SSIM": lambda row: _marked(number(row.ssim, 4), row, "ssim"),
        **{metric_heading(board, name): _metric(board, name) for name in board.metrics},
        "s/image": lambda row: _marked(seconds(row.seconds) + ("*" if row.tainted else ""), row, "seconds"),
        "× time": lambda row: ratio(row.time_ratio),
        "memory": lambda row: memory(row.memory_bytes),
        "images": lambda row: str(row.images),
        "failed": lambda row: str(sum(row.failures.values()) or ""),
    }


def method(row: Row | OverallRow) -> str:
    """Return the label of a row's method, with the conditions in which rows differ, and marks."""
    return _with_marks(row, " @".join([row.denoiser, *row.conditions]))


def whole_name(row: Row) -> str:
    """Return what no other row of the board is called: with ``@rule`` where it takes that; and marks.

    Notes call rows so; `priorbench compare` takes it, and what `method` returns.
    """
    return _with_marks(row, row.shown)


def _with_marks(row: Row | OverallRow, name: str) -> str:
    marks = [mark for mark, there in ((DOUBT, row.flags), (ODD, row.remarks)) if there]
    return " ".join([name, *marks])


def _metric(board: Board, name: str) -> CellText:
    text = metric_text([row.metrics.get(name) for row in board.rows])
    return partial(_metric_cell, name, text)


def _metric_cell(name: str, text: Callable[[float], str], row: Row) -> str:
    value = row.metrics.get(name)
    return "" if value is None else _marked(text(value), row, f"metrics.{name}")


def _psnr(row: Row) -> str:
    exact = f" (+{row.infinite} exact)" if row.infinite else ""
    return _marked(number(row.psnr, 2), row, "psnr") + exact


def _marked(text: str, row: Row, field: str) -> str:
    """Mark a value that is over fewer images than its row has."""
    return text + ("‡" if text and field in row.fewer else "")


def title(board: Board) -> str:
    """Return a board's heading."""
    draws = f", {plural(board.repetitions, 'repetition')}" if board.repetitions > 1 else ""
    clipping = f" ({NOT_CLIPPED})" if board.unclipped else ""
    noisy = "" if board.noisy_psnr is None else f", {board.start} {board.noisy_psnr:.2f} dB{clipping}"
    return f"{board.setting}: {plural(board.images, 'image')}{draws}{noisy}"


def _grouped(board: Board) -> bool:
    """Say whether groups tell more than that every method, or none, stands alone."""
    return len({row.groups for row in board.rows if row.groups}) > 1 and any(row.tied for row in board.rows)


def rank(row: Row) -> str:
    """Return a rank, or the first and the last of those that are possible."""
    if row.rank is None:
        return "–"
    return str(row.rank) if row.rank == row.rank_worst else f"{row.rank}–{row.rank_worst}"


def letters(groups: Iterable[int]) -> str:
    """Return the letters of groups: a to z, then A to Z."""
    return "".join(ascii_letters[number] for number in groups)


def difference(value: Difference | None, digits: int) -> str:
    """Return a difference with its interval, with the decimals of its column; empty text for None."""
    if value is None:
        return ""
    text = f"{number(value.mean, digits, sign=True)} {interval(value.interval, digits, sign=True)}"
    return text.rstrip() + _same(value)


def mean_difference(board: Board) -> CellText:
    """Return what writes the differences of a board where their intervals have no room."""
    digits = difference_digits(row.difference for row in board.rows)

    def cell(row: Row) -> str:
        if row.name == board.reference or row.difference is None:
            return "reference" if row.name == board.reference else ""
        return number(row.difference.mean, digits, sign=True) + _same(row.difference)

    return cell


def _same(value: Difference) -> str:
    return SAME if value.verdict == "equivalent" else ""


def interval(value: Interval | None, digits: int, sign: bool = False) -> str:
    """Return the two ends of an interval."""
    if value is None:
        return ""
    return f"[{number(value.low, digits, sign)}, {number(value.high, digits, sign)}]"


def probability(value: float | None) -> str:
    """Return a p value."""
    if value is None:
        return ""
    return "<0.001" if value < 0.001 else f"{value:.3f}"
