"""What a reader of a board of rules must know: the meaning of its columns, and what is odd about rows."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence

from priorbench.ranking.measured import FIT_FAILED
from priorbench.ranking.rules import RuleRow, RulesBoard
from priorbench.rendering.times import DISTURBED
from priorbench.words import few, one_line, plural

#: after a gap: of a shorter fit, of the curve's points, over fewer images than the row
EARLIER, BOUND, FEWER = "†", "°", "‡"
#: dB; a smaller gap is shown as none
_SHOWN = 0.005
#: images on which one iteration of firing is no chance
_ENOUGH = 3
#: a longer label of the rule that others are compared with stands below the table, not above its column
_SHORT = 14


def difference_column(board: RulesBoard) -> str:
    """Return the heading of the differences."""
    name = "best" if board.against is None else board.against
    return f"vs {name} dB" if len(name) <= _SHORT else "difference dB"


def failed_column(board: RulesBoard) -> str:
    """Return the heading of the failure rate."""
    return f">{board.gap:g} dB"


def rules_footnotes(board: RulesBoard, shown: Container[str] | None = None) -> list[str]:
    """Return what a reader of a board of rules must know.

    Parameters
    ----------
    board : RulesBoard
        the board.
    shown : Container[str] or None, optional
        the columns that the reader sees; None for all.
    """

    def seen(column: str) -> bool:
        return shown is None or column in shown

    lines = dict.fromkeys(
        [
            *(text for column, text in _meanings(board) if seen(column)),
            *_of_gaps(board.rows),
            *_fired_at_once(board.rows),
            *_of_differences(board, seen),
            *(_of_times(board.rows) if seen("s/image") else []),
            *_of_rows(board.rows),
            *board.notes,
        ]
    )
    return list(lines)


def rules_short_notes(board: RulesBoard, shown: Container[str]) -> list[str]:
    """Return what a reader of a paper's table must know; all of it stands in its comments.

    Parameters
    ----------
    board : RulesBoard
        the board.
    shown : Container[str]
        the columns that the reader sees.
    """
    rows, versus, level = board.rows, difference_column(board), board.claims.percent
    meanings = {
        "gap dB": "gap: best iterate of the trajectory less the result, median over images",
        "gap 95 %": "gap 95 %: its 95th percentile",
        failed_column(board): f"{failed_column(board)}: images with a larger gap",
        "not fired": "not fired: images on which the criterion was never met",
        versus: f"{versus}: mean paired difference, {level} interval",
        "p": "p: sign-flip test, adjusted",
    }
    marks = {
        f"{EARLIER} {BOUND} gap may be too small": any(
            row.short_bound or row.full_bound < row.gap_images for row in rows
        ),
        f"{FEWER} over fewer images": any(row.gap_images < row.images for row in rows),
        "(!) the fit failed on some images": any(row.failed_fits for row in rows),
        "* timing disturbed": "s/image" in shown and any(row.tainted and row.seconds for row in rows),
    }
    unranked = [_name(row) for row in rows if row.unranked]
    return [
        *(text for column, text in meanings.items() if column in shown),
        *(text for text, there in marks.items() if there),
        *([f"not compared: {few(unranked)}"] if unranked else []),
    ]


def _meanings(board: RulesBoard) -> Iterator[tuple[str, str]]:
    """Yield what the columns that say something mean."""
    rows = board.rows
    if any(row.gap_median is not None for row in rows):
        yield (
            "gap dB",
            "gap: PSNR of the trajectory's best iterate less that of the result, median over images",
        )
        yield "gap 95 %", "gap 95 %: 95th percentile of the gap over images"
        yield failed_column(board), f"{failed_column(board)}: share of the images with a larger gap"
    if any(row.never_fired is not None for row in rows):
        yield (
            "not fired",
            "not fired: share of the images on which the criterion was not met before the budget was spent;"
            " empty for a rule without a criterion",
        )
    if any(row.stopped_at is not None for row in rows):
        yield "stopped", "stopped: median iteration at which the rule needed no more, its patience included"
    if any(row.iterations is not None for row in rows):
        yield "chosen", "chosen: median iteration of the result"
    if any(row.seconds is not None for row in rows):
        yield (
            "s/image",
            "s/image: median over images of the time until the rule stopped, its own cost included",
        )


def _of_gaps(rows: Sequence[RuleRow]) -> Iterator[str]:
    known = [row for row in rows if row.gap_median is not None]
    if early := [row for row in known if row.short_bound]:
        yield (
            f"{EARLIER} gap too small: another fit of the same trajectory went on for longer, or was looked"
            f" at more often, and found a better iterate: {_counted(early, known, 'short_bound')}"
        )
    if lacking := [row for row in known if row.full_bound < row.gap_images and not row.short_bound]:
        where = _counted(lacking, known, "gap_images", "full_bound")
        yield (
            f"{BOUND} no oracle rule looked at these fits: the best iterate is known from the points of the"
            f" curve and the choices of rules alone, and the gap may be too small: {where}"
        )
    if fewer := [row for row in known if row.gap_images < row.images]:
        yield f"{FEWER} gap over fewer images than the row: {_counted(fewer, known, 'gap_images')}"
    if any((row.gap_median or 0.0) < -_SHOWN for row in known):
        yield (
            "a gap below zero: the result is better than all that is known of the trajectory; that of another"
            " fit beside it may be"
        )
    if alone := [row for row in rows if row.stop_now]:
        yield f"in a fit of its own, which ended when the rule stopped: {few(map(_name, alone))}"


def _fired_at_once(rows: Sequence[RuleRow]) -> Iterator[str]:
    """Yield which rules fired as early as they can on all images: they chose nothing."""
    alike = [row for row in rows if row.fired_alike is not None and not row.oracle]
    if first := [row for row in alike if row.fired_alike == 1]:
        yield (
            f"fired at iteration 1 on all images: {', '.join(map(_name, first))}: the criterion is met where"
            " the fit begins, such as within the noise of y; the rule is for fits that begin far from it"
        )
    for row in alike:
        if row.fired_alike != 1 and row.images >= _ENOUGH:
            yield (
                f"fired at iteration {row.fired_alike} on all images: {_name(row)}: most likely the first at"
                " which it can, so that it chose nothing"
            )


def _counted(rows: Sequence[RuleRow], every: Sequence[RuleRow], field: str, less: str = "") -> str:
    """Return the first rows by name, each with a number of its images; or that it is all, everywhere."""
    counts = [(getattr(row, field) - (getattr(row, less) if less else 0), row.images) for row in rows]
    if len(rows) == len(every) > 1 and all(count == of for count, of in counts):
        return "all rows"
    return few(
        f"{_name(row)} {count} of {plural(of, 'image')}"
        for row, (count, of) in zip(rows, counts, strict=True)
    )


def _of_differences(board: RulesBoard, seen: Callable[[str], bool]) -> Iterator[str]:
    claims, column = board.claims, difference_column(board)
    compared = [row.difference for row in board.rows if row.difference is not None]
    if not compared:
        return
    best = board.against is None
    if seen(column):
        other = (
            "the rule of the same method with the highest PSNR that is no oracle"
            if best
            else f"{board.against} of the same method, which was chosen beforehand"
        )
        yield f"{column}: mean paired difference in PSNR to {other}, {claims.percent} interval over images"
    if seen("p"):
        family = "pairs of rules of one method" if best else f"comparisons with {board.against}"
        yield f"p: sign-flip test of the mean difference, adjusted for all {family} on this board"
    if seen(column) and any(one.verdict == "equivalent" for one in compared):
        yield f"≈ equal in practice: the interval is within {claims.rope:g} dB of zero"


def _of_times(rows: Sequence[RuleRow]) -> Iterator[str]:
    if any(row.tainted and row.seconds is not None for row in rows):
        yield DISTURBED


def _of_rows(rows: Sequence[RuleRow]) -> Iterator[str]:
    """Yield what is odd about rows: why they are not compared, failed fits, refusals, training."""
    yield from _named(
        ((row.unranked, _name(row)) for row in rows if row.unranked), "not compared: {names}: {text}"
    )
    failed = [(f"{row.failed_fits} of {plural(row.fits_judged, 'image')}", _name(row)) for row in rows]
    yield from _named(
        (pair for pair, row in zip(failed, rows, strict=True) if row.failed_fits),
        "(!) {names}: the fit failed on {text}",
    )
    if any(row.failed_fits for row in rows):
        yield (f"(!) {FIT_FAILED}; such results count as they are")
    yield from _named(
        (
            (f"{plural(count, 'trial')}: {one_line(reason)}", _name(row))
            for row in rows
            for reason, count in row.refusals.items()
        ),
        "refused: {names}: {text}",
    )
    yield from _named(
        ((", ".join(row.trained_on), row.method) for row in rows if row.trained_on),
        "{names}: trained on {text}",
    )


def _named(pairs: Iterable[tuple[str, str]], form: str) -> Iterator[str]:
    """Yield each text once, with the names of all that it is said of."""
    found: dict[str, dict[str, None]] = {}
    for text, name in pairs:
        found.setdefault(text, {})[name] = None
    for text, names in found.items():
        yield form.format(names=", ".join(names), text=text)


def _name(row: RuleRow) -> str:
    return f"{row.method} ({row.stopping_rule})"
