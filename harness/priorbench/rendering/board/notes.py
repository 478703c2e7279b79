"""What a reader of a board must know: the meaning of its columns and marks, and what is odd about rows."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

from priorbench.ranking.boards import Board, Difference, Row
from priorbench.ranking.overall import OverallRow
from priorbench.rendering.board.clipping import NOT_CLIPPED, clipping_note
from priorbench.rendering.board.headings import COLUMN_OF, difference_column, metric_heading
from priorbench.rendering.times import time_notes
from priorbench.words import few, one_line, plural

#: after a difference that does not matter in practice
SAME = " ≈"
#: after the name of a row that is flagged
DOUBT = "(?)"
#: after the name of a row with outputs that were remarked on, as `priorbench run` puts it behind a result
ODD = "(!)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """A line below a board.

    Attributes
    ----------
    text : str
        as boards have it.
    short : str, default ''
        for the table of a paper; empty for what stands there in a comment only.
    """

    text: str
    short: str = ""


def footnotes(board: Board, shown: Container[str], *, brief: bool = False) -> list[str]:
    """Return what a reader of a board must know.

    Parameters
    ----------
    board : Board
        the board.
    shown : Container[str]
        headings of the columns that the reader sees.
    brief : bool, default False
        differences stand without their intervals.
    """
    return [note.text for note in board_notes(board, shown, brief=brief)]


def board_notes(board: Board, shown: Container[str], *, brief: bool = False) -> list[Note]:
    """Return what `footnotes` does, with what a paper says of it."""
    notes = (
        *_of_clipping(board, shown),
        *_of_ranks(board, shown),
        *_of_differences(board, shown, brief=brief),
        *_of_metrics(board, shown),
        *_over_fewer(board, shown),
        *_unranked(board),
        *_never_fired(board),
        *(Note(text=text, short=short) for text, short in time_notes(board, shown)),
        *(Note(text=line, short="" if "verdict" in line else line) for line in doubts(board.rows)),
        *(Note(text=line, short="" if "is a remark" in line else line) for line in odd_outputs(board.rows)),
        *(Note(text=line) for line in board.notes),
    )
    return list({note.text: note for note in notes}.values())


def _of_clipping(board: Board, seen: Container[str]) -> Iterator[Note]:
    if board.unclipped and board.noisy_psnr is not None:
        text = clipping_note({row.denoiser: row.gain for row in board.rows})
        short = f"gain: over noisy pictures, {NOT_CLIPPED}; outputs are" if "gain dB" in seen else ""
        yield Note(text=text, short=short)


def _of_ranks(board: Board, seen: Container[str]) -> Iterator[Note]:
    if not board.setting.is_denoising:
        text = "least squares: the solution of least norm, which gains are counted from"
        yield Note(text=text, short="gain: over least squares" if "gain dB" in seen else "")
    shared = next((row for row in board.rows if row.tied), None)
    if shared is not None and "rank" in seen:
        text = f"the data allow each rank from {shared.rank} to {shared.rank_worst}"
        yield Note(text=f"rank {shared.rank}–{shared.rank_worst}: {text}", short=text)
    if "group" in seen:
        text = "methods that share a letter are not told apart"
        yield Note(text=f"group: {text}", short=text)
    if sum(row.rank is not None for row in board.rows) > 1:
        yield Note(text=_apart(board))


def _apart(board: Board) -> str:
    claims = board.claims
    least = f", and {claims.rope:g} dB or more" if claims.rope else ""
    return f"told apart: better or worse with {claims.percent} confidence in all pairs together{least}"


def _of_differences(board: Board, seen: Container[str], *, brief: bool) -> Iterator[Note]:
    claims, column = board.claims, difference_column(board)
    compared: list[Difference] = []
    if column in seen:
        compared = [row.difference for row in board.rows if row.difference is not None]
    if any(item.interval is not None for item in compared):
        ends = "" if brief else f", {claims.percent} interval"
        yield Note(
            text=f"{column}: mean paired difference to {board.reference_shown}{ends}",
            short=f"{column}: mean paired difference{ends}",
        )
    if any(item.verdict == "equivalent" for item in compared):
        sign, within = SAME.strip(), f"within {claims.rope:g} dB of zero"
        yield Note(text=f"{sign} equal in practice: the interval is {within}", short=f"{sign} {within}")
    if any(item.images < board.images for item in compared):
        yield Note(text="a difference is over the images that both restored, exact ones left out")
    if "p" in seen:
        fixed = board.reference_fixed
        family = f"for all comparisons with {board.reference_shown}" if fixed else "for all pairs"
        yield Note(
            text=f"p: sign-flip test of the mean difference, adjusted {family} of ranked methods",
            short=f"p: sign-flip test, adjusted {family}",
        )
    if "interval" in seen:
        text = f"interval: {claims.percent} interval of the mean PSNR, over images"
        yield Note(text=text, short=text)


def _of_metrics(board: Board, seen: Container[str]) -> Iterator[Note]:
    """Yield the direction of each further metric that is shown, and why cells of it are empty."""
    shown = {name: metric_heading(board, name) for name in board.metrics}
    shown = {name: heading for name, heading in shown.items() if heading in seen}
    for name, heading in shown.items():
        if name in board.higher_is_better:
            yield Note(text=f"{heading}: {'more' if board.higher_is_better[name] else 'less'} is better")
    if unknown := [heading for name, heading in shown.items() if name not in board.higher_is_better]:
        yield Note(text=f"{', '.join(unknown)}: no installed plugin says whether more or less is better")
    for name, heading in shown.items():
        lacking = [row for row in board.rows if row.unmeasured.get(name)]
        if lacking:
            yield Note(
                text=f"{heading}: not measured for {_names(lacking)}, run without this metric;"
                f" 'priorbench run SUITE --metric {name}' adds it",
                short=f"{heading}: empty where it was not measured",
            )
        without = [
            row for row in board.rows if row.images and row.metrics.get(name) is None and row not in lacking
        ]
        if without:
            yield Note(text=f"{heading}: gave no number for any result of {_names(without)}")


def _over_fewer(board: Board, seen: Container[str]) -> Iterator[Note]:
    for field in dict.fromkeys(field for row in board.rows for field in row.fewer):
        column = COLUMN_OF.get(field) or metric_heading(board, field.removeprefix("metrics."))
        counts = [
            f"{row.shown} {row.fewer[field]} of {row.images}" for row in board.rows if field in row.fewer
        ]
        if column in seen:
            text = f"‡ {column}: over fewer images than the row: {', '.join(counts)}"
            yield Note(text=text, short=f"‡ {column}: over fewer images")


def _unranked(board: Board) -> Iterator[Note]:
    reasons: dict[str, list[str]] = {}
    for row in board.rows:
        if row.unranked:
            reasons.setdefault(row.unranked, []).append(row.shown)
    for reason, names in reasons.items():
        text = f"not ranked: {', '.join(names)}: {reason}"
        yield Note(text=text, short=f"not ranked: {few(names)}: {reason}")


def _never_fired(board: Board) -> Iterator[Note]:
    """Yield which rows have results that no stopping rule chose."""
    rows = [row for row in board.rows if row.never_fired == 1]
    if names := [row.shown for row in rows]:
        yield Note(
            text=f"never fired: {', '.join(names)}: on no image was the rule's criterion met;"
            " the fits ran to the end of their budget",
            short=f"never fired: {_names(rows)}",
        )


def _names(rows: Iterable[Row]) -> str:
    return few(row.shown for row in rows)


def doubts(rows: Iterable[Row | OverallRow]) -> list[str]:
    """Return what makes rows doubtful, and what a flag means."""
    lines = [f"{DOUBT} {row.shown}: {flag}" for row in rows for flag in row.flags]
    said = f"{DOUBT} is a question, not a verdict: a row that is flagged keeps its rank"
    return [*lines, said] if lines else []


def odd_outputs(rows: Iterable[Row | OverallRow]) -> list[str]:
    """Return what outputs of rows were remarked for, how many, and what the mark means."""
    lines = [
        f"{ODD} {row.shown}: {plural(count, 'result')}, {one_line(remark)}"
        for row in rows
        for remark, count in row.remarks.items()
    ]
    said = f"{ODD} is a remark: such results count as they are, and the row keeps its rank"
    return [*lines, said] if lines else []
