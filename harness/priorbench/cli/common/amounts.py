"""Sizes, durations, moments and shards as they are typed, checked where they are read."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time

from priorbench.errors import PriorbenchError
from priorbench.words import plural

_UNITS = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_UNITS |= {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
_SIZE = re.compile(r"(\d{1,18}(?:\.\d*)?)\s*([a-z]*)", re.ASCII | re.IGNORECASE)

_NUMBER = r"(\d{1,9}(?:\.\d*)?)"
_DURATION = re.compile(
    rf"{_NUMBER}|(?:{_NUMBER}d)?(?:{_NUMBER}h)?(?:{_NUMBER}m)?(?:{_NUMBER}s)?", re.ASCII | re.IGNORECASE
)
_SECONDS = (1, 86400, 3600, 60, 1)
#: below this, a unit was forgotten: no output and no method is so small
_SMALLEST_SIZE = 10**6
#: what the system's calls take
_LARGEST_SIZE, _LONGEST = 2**60, 1e9


def parse_size(text: str | None, option: str) -> int | None:
    """Return the bytes of a size such as ``4GiB`` or ``500MB``; `option` is where it was typed."""
    if text is None:
        return None
    found = _SIZE.fullmatch(text.strip())
    unit = _UNITS.get(found[2].lower()) if found else None
    size = int(float(found[1]) * unit) if found and unit else 0
    if not 1 <= size <= _LARGEST_SIZE:
        raise PriorbenchError(
            f"{option} {text}: write a number above 0 and a unit, for example 4GiB or 500MB; "
            "leave it out for no limit"
        )
    if size < _SMALLEST_SIZE:
        meant = f"{found[1]}MB" if found and not found[2] else "500MB"
        raise PriorbenchError(
            f"{option} {text}: that is {plural(size, 'byte')}, which holds nothing; write for example {meant}"
        )
    return size


def parse_duration(text: str | None, option: str) -> float | None:
    """Return the seconds of a duration such as ``90``, ``90s``, ``45m`` or ``3h50m``."""
    if text is None:
        return None
    found = _DURATION.fullmatch(text.strip())
    parts = zip(found.groups(), _SECONDS, strict=True) if found else ()
    seconds = sum(float(number) * unit for number, unit in parts if number)
    if not 0 < seconds <= _LONGEST:
        raise PriorbenchError(
            f"{option} {text}: write a time above 0, for example 90 (seconds), 90s, 45m or 3h50m; "
            "leave it out for no limit"
        )
    return seconds


def parse_shard(text: str | None) -> tuple[int, int] | None:
    """Return (i, n) of ``"i/n"``."""
    if text is None:
        return None
    index, _, count = text.partition("/")
    if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
        raise PriorbenchError(f"--shard {text}: write i/n with 1 <= i <= n, for example 1/4")
    return int(index), int(count)


def parse_moment(text: str | None) -> str | None:
    """Return a moment, as ``2026-11-28`` (its end) or ``2026-11-28T14:30``, in UTC as runs are stamped.

    Without a zone it is local time.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        if len(text.strip()) <= len("2026-11-28"):
            moment = datetime.combine(moment, time.max)
        return moment.astimezone(UTC).isoformat(timespec="microseconds")
    except (ValueError, OverflowError):  # or a year that another zone does not have
        raise PriorbenchError(
            f"--as-of {text}: write a date or a time, for example 2026-11-28 or 2026-11-28T14:30"
        ) from None
