"""The numbers of a column: all with the same decimals, so that they stand below each other."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence

from priorbench.ranking.boards import Difference, TimeRatio
from priorbench.words import digits_for, digits_of_ends, memory, number, significant, with_ends

#: decimals of times, at most; of a column that needs more, each number has three significant figures
_OF_TIMES = 3
#: decimals of further metrics, at most; of a column that needs more, each number has four significant figures
_OF_METRICS = 8
_GIB = 2**30
#: what stands before the decimal point
_WHOLE = re.compile(r"\d+")


def decimals(values: Iterable[float | None], figures: int) -> int:
    """Return the decimals that show the largest number with so many figures, and the smallest with two.

    Those that are zero in every number are left out.

    Parameters
    ----------
    values : Iterable[float or None]
        of a column; what is None or not finite has no say.
    figures : int
        significant figures of the largest.
    """
    known = [abs(value) for value in values if value is not None and math.isfinite(value)]
    sizes = [math.floor(math.log10(value)) for value in known if value]
    if not sizes:
        return 0
    most = max(figures - 1 - max(sizes), 1 - min(sizes), 0)
    texts = [f"{value:.{most}f}" for value in known]
    zeros = min(len(text) - len(text.rstrip("0")) for text in texts) if most else 0
    return most - min(zeros, most)


def metric_text(values: Iterable[float | None]) -> Callable[[float], str]:
    """Return what writes the values of a further metric."""
    digits = decimals(values, 4)
    return (lambda value: number(value, digits)) if digits <= _OF_METRICS else (lambda value: f"{value:.4g}")


def seconds_text(values: Iterable[float | None]) -> Callable[[float | None], str]:
    """Return what writes the seconds of a column."""
    digits = decimals(values, 3)
    if digits <= _OF_TIMES:
        return lambda value: number(value, digits)
    return lambda value: "" if value is None else _three_figures(value)


def _three_figures(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}" if value >= 0.001 else f"{value:.2e}"


def below_each_other(cells: Sequence[str]) -> list[str]:
    """Return numbers with spaces behind them, such that their decimal points stand below each other."""
    parts = [_WHOLE.match(cell) for cell in cells]
    behind = [len(cell) - part.end() if part else 0 for cell, part in zip(cells, parts, strict=True)]
    return [
        cell + " " * (max(behind) - size) if part else cell
        for cell, part, size in zip(cells, parts, behind, strict=True)
    ]


def memory_text(values: Iterable[int | None]) -> Callable[[int | None], str]:
    """Return what writes the sizes of a column, all in one unit."""
    if all(value >= _GIB for value in values if value is not None):
        return memory
    return lambda value: "" if value is None else f"{value / 2**20:.0f} MiB"


def difference_digits(values: Iterable[Difference | None]) -> int:
    """Return the decimals of a column of differences in dB: one or two, as the shortest interval bears."""
    widths = [ends[1] - ends[0] for ends in (value.ends for value in values if value is not None)]
    return digits_for(min(widths, default=0.0) / 2, 2, 1)


def ratio_text(values: Iterable[TimeRatio | None]) -> Callable[[TimeRatio | None], str]:
    """Return what writes the ratios of times of a column.

    They have the same decimals where they are all of one order of magnitude, or of two that are neighbours.
    """
    known = [value for value in values if value is not None and value.value > 0]
    sizes = [math.floor(math.log10(value.value)) for value in known]
    alike = bool(sizes) and max(sizes) - min(sizes) <= 1
    digits = max(map(_digits_of_ratio, known)) if alike else _OF_TIMES + 1

    def text(value: TimeRatio | None) -> str:
        if value is None:
            return ""
        interval = value.shown_interval
        if interval is None:
            return significant(value.value) if digits > _OF_TIMES else number(value.value, max(digits, 0))
        ends = interval.low, interval.high
        return with_ends(value.value, *ends, None if digits > _OF_TIMES else digits)

    return text


def _digits_of_ratio(ratio: TimeRatio) -> int:
    interval = ratio.shown_interval
    if interval is None:
        return max(2 - math.floor(math.log10(ratio.value)), 0)
    return digits_of_ends(ratio.value, interval.low, interval.high)
