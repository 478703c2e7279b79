"""Numbers, sizes, durations and lists as people read them."""

from __future__ import annotations

from collections.abc import Iterable

#: names in a line, at most
_SHOWN = 3


def plural(number: int, noun: str) -> str:
    """Return "1 image" or "2 images"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def number(value: float | None, digits: int, sign: bool = False) -> str:
    """Return a number with this many decimals; no sign for zero."""
    if value is None:
        return ""
    rounded = round(value, digits) + 0.0  # not "-0.00"
    return f"{rounded:{'+' if sign and rounded else ''}.{digits}f}"


def significant(value: float) -> str:
    """Return a number with three significant figures."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}" if value >= 0.001 else f"{value:.1e}"


def seconds(value: float | None) -> str:
    """Return a duration with three significant figures."""
    return "" if value is None else significant(value)


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
