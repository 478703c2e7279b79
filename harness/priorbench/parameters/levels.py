"""Noise levels as people write them: ``25/255``, ``25`` or ``0.098``."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import BeforeValidator, ValidationInfo

_FORMS = "write it as 25/255, as 25 (above 1: on the 0..255 scale) or as 0.098 (below 0.5: on the 0..1 scale)"
#: the least level that is noise: pictures are in single precision, and what is much less is rounded away
LEAST = 1e-7
#: a bare number from here to 1 may be meant on either scale
_AMBIGUOUS = 0.5
#: key of a validation context: the value is as a person wrote it, not one that was checked before
WRITTEN = "written"


def parse_level(value: object) -> float:
    """Return a noise level on the 0..1 scale.

    Parameters
    ----------
    value : object
        a fraction ``"25/255"``; or a number, as such or as text: above 1 it is on the 0..255 scale, below 0.5
        on the 0..1 scale.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        Where the value is no number, not finite, negative, above 255, a fraction above 1, or a bare number
        from 0.5 to 1, which is very little noise on one scale and very much on the other; or where it is so
        small, and not 0, that no noise is left in single precision.
    """
    level = checked_level(value)
    if 0 < level < LEAST:
        raise ValueError(
            f"noise level {value!r} is too small for single precision, no noise is left: "
            f"write 0, or at least {LEAST:g}"
        )
    bare = not isinstance(value, str) or "/" not in value
    if bare and _AMBIGUOUS <= level <= 1 and float(value) <= 1:  # type: ignore[arg-type]
        text = str(value).strip()
        raise ValueError(
            f"noise level {text} is ambiguous: write {text}/255 for {text} on the 0..255 scale, "
            f"or {text}/1 for {text} on the 0..1 scale"
        )
    return level


def checked_level(value: object) -> float:
    """Return a noise level as `parse_level` does, and leave alone what that has returned.

    Parameters
    ----------
    value : object
        as in `parse_level`, or a result of it, which is in [0, 1].
    """
    if isinstance(value, str):
        top, slash, bottom = value.partition("/")
        if slash:
            return _fraction(value, _number(top, value), _number(bottom, value))
        return _scaled(_number(value, value), value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is no noise level: {_FORMS}")
    return _scaled(_number(value, value), value)


def _validated(value: object, info: ValidationInfo) -> float:
    """Parse what a person wrote; a level that comes from a record or a worker was parsed before."""
    written = WRITTEN in (info.context or {})
    return parse_level(value) if written else checked_level(value)


#: annotation of a parameter that is a noise level: the suite may write 25/255, the factory gets a float
Level = Annotated[float, BeforeValidator(_validated)]


def _number(part: str | int | float, whole: object) -> float:
    try:
        number = float(part)
    except (ValueError, OverflowError):
        raise ValueError(f"{whole!r} is no noise level: {_FORMS}") from None
    if not math.isfinite(number):
        raise ValueError(f"noise level {whole!r} is not finite: {_FORMS}")
    if number < 0:
        raise ValueError(f"noise level {whole!r} is negative: {_FORMS}")
    return number


def _fraction(text: str, top: float, bottom: float) -> float:
    if bottom == 0:
        raise ValueError(f"noise level {text!r} divides by zero: {_FORMS}")
    if top > bottom:
        raise ValueError(f"noise level {text!r} is above 1: a fraction is on the 0..1 scale, such as 25/255")
    return top / bottom


def _scaled(number: float, value: object) -> float:
    if number > 255:
        raise ValueError(f"noise level {value!r} is above 255: {_FORMS}")
    return number / 255 if number > 1 else number
