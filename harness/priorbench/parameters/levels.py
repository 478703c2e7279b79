"""Noise levels as people write them: ``25/255``, ``25`` or ``0.098``."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import BeforeValidator

_FORMS = "write it as 25/255, as 25 (above 1: on the 0..255 scale) or as 0.098 (up to 1: on the 0..1 scale)"


def parse_level(value: object) -> float:
    """Return a noise level on the 0..1 scale.

    Parameters
    ----------
    value : object
        a fraction ``"25/255"``; or a number, as such or as text: above 1 it is on the 0..255 scale, otherwise
        on the 0..1 scale. What this function returns it leaves alone.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        Where the value is no number, not finite, negative, above 255, or a fraction above 1.
    """
    if isinstance(value, str):
        top, slash, bottom = value.partition("/")
        if slash:
            return _fraction(value, _number(top, value), _number(bottom, value))
        return _scaled(_number(value, value), value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is no noise level: {_FORMS}")
    return _scaled(_number(value, value), value)


#: annotation of a parameter that is a noise level: the suite may write 25/255, the factory gets a float
Level = Annotated[float, BeforeValidator(parse_level)]


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
