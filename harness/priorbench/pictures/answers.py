"""Checks what the decoder process answers: it has read a stranger's file, so its word is not taken."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from priorbench.pictures.keeping.metadata import MOST_METADATA
from priorbench.pictures.values import PEAKS
from priorbench.pictures.wanted import PictureRules, UnusableImageError, shown

_MOST_NOTES, _LONGEST_TEXT = 8, 200
_MOST_DOTS = 1e6


class BadAnswerError(Exception):
    """An answer that the decoder process never gives: something has taken it over."""


def parsed(line: bytes) -> Mapping[str, Any]:
    """Return the message of a line."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        raise BadAnswerError from None
    if not isinstance(message, dict):
        raise BadAnswerError
    return message


def size_of(message: Mapping[str, Any], field: str) -> tuple[int, int]:
    """Return a width and a height."""
    width, height = _counts(message.get(field), (2,))
    return width, height


def form_of(message: Mapping[str, Any], rules: PictureRules) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Return shape, dtype and end of scale of the samples, which the rules allow; or raise the refusal."""
    if "problem" in message:
        raise UnusableImageError(_text(message["problem"]))
    shape = _counts(message.get("shape"), (2, 3))
    kind = message.get("dtype")
    if not isinstance(kind, str) or kind[1:] not in PEAKS or shape[2:] not in ((), (3,)):
        raise BadAnswerError
    dtype = np.dtype(kind)
    if not dtype.isnative or not _as_wanted(shape, rules):
        raise BadAnswerError
    return shape, dtype, PEAKS[kind[1:]]


def notes_of(message: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what was done to the samples."""
    notes = message.get("notes")
    if not isinstance(notes, list) or len(notes) > _MOST_NOTES:
        raise BadAnswerError
    return tuple(map(_text, notes))


def white_of(message: Mapping[str, Any], peak: int, rules: PictureRules) -> float | None:
    """Return the value of white where it is not `peak`: what the rules say, or else what a file may say."""
    white = message.get("white")
    if rules.white is not None:
        if white != rules.white:
            raise BadAnswerError
        return rules.white
    if white is not None and not (type(white) is int and 0 < white < peak):
        raise BadAnswerError
    return white


def orientation_of(message: Mapping[str, Any]) -> int:
    """Return how the file wants to be shown."""
    orientation = message.get("orientation", 1)
    if type(orientation) is not int or not 1 <= orientation <= 8:
        raise BadAnswerError
    return orientation


def about_of(message: Mapping[str, Any]) -> tuple[bool, int, int, tuple[float, float] | None]:
    """Return whether there is an alpha plane, the bytes of EXIF and profile, and the resolution."""
    about = message.get("about")
    if not isinstance(about, dict) or type(about.get("alpha")) is not bool:
        raise BadAnswerError
    exif, icc = _counts([about.get("exif"), about.get("icc")], (2,))
    if max(exif, icc) > MOST_METADATA:
        raise BadAnswerError
    dots = about.get("resolution")
    if dots is None:
        return about["alpha"], exif, icc, None
    if not isinstance(dots, list) or len(dots) != 2:
        raise BadAnswerError
    if not all(type(one) is float and 0 < one < _MOST_DOTS for one in dots):
        raise BadAnswerError
    return about["alpha"], exif, icc, (dots[0], dots[1])


def _as_wanted(shape: tuple[int, ...], rules: PictureRules) -> bool:
    height, width = shape[:2]
    if rules.crop is not None and (height, width) != (rules.crop, rules.crop):
        return False
    try:
        if rules.crop is None:
            rules.check_size(width, height)
        rules.check_channels(1 if len(shape) == 2 else 3)
    except UnusableImageError:
        return False
    return math.prod(shape[:2]) <= rules.max_pixels


def _counts(value: Any, lengths: tuple[int, ...]) -> tuple[int, ...]:
    if not isinstance(value, list) or len(value) not in lengths:
        raise BadAnswerError
    if not all(type(number) is int and 0 <= number < 2**31 for number in value):
        raise BadAnswerError
    return tuple(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise BadAnswerError
    return shown(value)
