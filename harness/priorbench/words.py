"""Numbers, sizes, durations and lists as people read them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

#: names in a line, at most
_SHOWN = 3

_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?")

#: where a method raised, or a number
_PLACE_OR_NUMBER = re.compile(rf"(\S+\.py:\d+)|{_NUMBER.pattern}")


def plural(number: int, noun: str) -> str:
    """Return "1 image" or "2 images"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def number(value: float | None, digits: int, sign: bool = False) -> str:
    """Return a number with this many decimals; no sign for zero."""
    if value is None:
        return ""
    rounded = round(value, digits) + 0.0  # not "-0.00"
    return f"{rounded:{'+' if sign and rounded else ''}.{digits}f}"


def percent(share: float | None) -> str:
    """Return a share; not all is never 100 %, and some is never 0 %."""
    if share is None:
        return ""
    rounded = round(100 * share)
    if share < 1 and rounded == 100:
        return ">99 %"
    return "<1 %" if share > 0 and rounded == 0 else f"{rounded} %"


def significant(value: float) -> str:
    """Return a number with three significant figures."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}" if value >= 0.001 else f"{value:.1e}"


def digits_for(half_width: float, most: int, least: int = 0) -> int:
    """Return the decimals that an estimate with an interval bears.

    The last one is worth a quarter of the half width at most, and a fortieth at least.

    Parameters
    ----------
    half_width : float
        of the interval, 0 or more; 0 bears every digit.
    most, least : int
        decimals, at most and at least; a negative number is of tens, hundreds, ...
    """
    if not half_width > 0:
        return most
    return max(least, min(most, math.ceil(-math.log10(half_width / 4) - 1e-9)))


def digits_of_ends(value: float, low: float, high: float) -> int:
    """Return the decimals that a positive number with an interval bears: two to four significant figures.

    A negative number is of tens, hundreds, ...
    """
    first = math.floor(math.log10(value))
    return digits_for((high - low) / 2, 3 - first, 1 - first)


def with_ends(value: float, low: float, high: float, digits: int | None = None) -> str:
    """Return a positive number and its interval; the ends have as many decimals as the number.

    Parameters
    ----------
    value, low, high : float
        the number, and the ends.
    digits : int or None, optional
        decimals; default those of `digits_of_ends`.
    """
    if not value > 0:
        return f"{significant(value)} [{significant(low)}, {significant(high)}]"
    shown = digits_of_ends(value, low, high) if digits is None else digits
    if value < 0.001 and digits is None:
        figures = shown + math.floor(math.log10(value))
        return "{:.{d}e} [{:.{d}e}, {:.{d}e}]".format(value, low, high, d=figures)
    return "{} [{}, {}]".format(*(_positive(one, shown) for one in (value, low, high)))


def _positive(value: float, digits: int) -> str:
    """Return a number of 0 or more with so many decimals; one that would be rounded to zero is "<0.01"."""
    shown = f"{round(value, digits):.{max(digits, 0)}f}"
    return f"<{10.0**-digits:.{max(digits, 0)}f}" if value > 0 and not float(shown) else shown


def seconds(value: float | None) -> str:
    """Return a duration with three significant figures."""
    return "" if value is None else significant(value)


def duration(value: float) -> str:
    """Return a time to wait in words: "3 h 05 min", "2 min 40 s"."""
    total = round(value)
    hours, minutes = divmod(total // 60, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {total % 60:02} s"


def memory(value: int | None) -> str:
    """Return a size in MiB or GiB."""
    if value is None:
        return ""
    mebibytes = value / 2**20
    return f"{mebibytes:.0f} MiB" if mebibytes < 1024 else f"{mebibytes / 1024:.1f} GiB"


def few(names: Iterable[str]) -> str:
    """Return the first names, each once, and how many more there are."""
    distinct = list(dict.fromkeys(names))
    more = f" and {len(distinct) - _SHOWN} more" if len(distinct) > _SHOWN else ""
    return "; ".join(distinct[:_SHOWN]) + more


def listed(names: Sequence[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def kind_of(text: str) -> str:
    """Return a text with its numbers taken out: texts that differ in numbers only are of one kind."""
    return _NUMBER.sub("#", text)


def kind_of_failure(text: str) -> str:
    """Return a reason as `kind_of` does, but with its places in code: raised elsewhere is another failure."""
    return _PLACE_OR_NUMBER.sub(lambda found: found[1] or "#", text)


def in_kinds(texts: Iterable[str]) -> list[str]:
    """Return one text for each kind of texts; numbers that differ within a kind become "1.0 to 1.2"."""
    kinds: dict[str, dict[str, None]] = {}
    for text in texts:
        kinds.setdefault(kind_of(text), {})[text] = None
    return [_with_ranges(list(same)) for same in kinds.values()]


def _with_ranges(texts: list[str]) -> str:
    columns = iter(zip(*(_NUMBER.findall(text) for text in texts), strict=True))

    def told(_: re.Match[str]) -> str:
        numbers = sorted(set(next(columns)), key=float)
        return numbers[0] if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"

    return _NUMBER.sub(told, texts[0])


def one_line(text: object) -> str:
    """Return a text with every run of white space made one space."""
    return " ".join(str(text).split())


def visible(text: str) -> str:
    """Return text in which control characters, and what turns the order of letters round, are spelt out.

    Lines stay lines. So a name from a file can do nothing to a terminal.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in "\n\t" else char.encode("unicode_escape").decode("ascii")
        for char in text
    )
