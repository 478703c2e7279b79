"""Rows of a store to the JSON form of records and back; what is damaged is told apart."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from itertools import repeat
from types import NoneType
from typing import Any, NoReturn

from pydantic_core import from_json

from priorbench.contract.records import STATUSES, Curve, Record
from priorbench.store.rows.earlier import fact_of, is_earlier
from priorbench.store.rows.packing import BrokenError, is_packed, unpack

#: a curve that unpacks to more is not one of priorbench; the longest have some thousand points
_CURVE_BYTES = 2**24

_TYPES: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "bool": (bool,),
    "str | None": (str, NoneType),
    "int | None": (int, NoneType),
    "bool | None": (bool, NoneType),
    "float | None": (float, int, NoneType),
    "Mapping[str, Any]": (dict,),
    "Mapping[str, float | None]": (dict,),
    "Mapping[str, float]": (dict,),
    "tuple[str, ...]": (list,),
}
#: name, types and "must be there" of each field that stands in `data`
_FIELDS = tuple(
    (item.name, _TYPES[str(item.type)], item.default is MISSING and item.default_factory is MISSING)
    for item in fields(Record)
    if item.name not in ("curve", "crops")
)
_NAMES = tuple(name for name, _, _ in _FIELDS)
_TEXTS = tuple(item.name for item in fields(Record) if str(item.type) == "tuple[str, ...]")
#: types of fields that were found good, so that most records are looked up instead of checked
_seen: set[tuple[type, ...]] = set()
_COLUMNS = frozenset(item.name for item in fields(Curve))
#: columns that earlier records do not have
_ADDED = frozenset({"loss"})
_NUMBERS = frozenset((int, float, NoneType))
#: only a text with such a run of digits can have a whole number that no float holds
_MANY_DIGITS = re.compile(rb"[0-9]{300}")
#: whole numbers from here on are refused
_TOO_LARGE = 2**1023


#: the least and the largest that a number can be; a million dB or a year for one image is no measurement
PLAUSIBLE: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("psnr", "noisy_psnr", "oracle_psnr"), (-1e4, 1e4)),
    **dict.fromkeys(("mse", "sigma", "noise_energy"), (0.0, 1e300)),
    **dict.fromkeys(("ssim", "noise_correlation"), (-1.001, 1.001)),
    **dict.fromkeys(
        ("wall_seconds", "device_seconds", "cpu_seconds", "setup_seconds", "first_call_seconds"), (0.0, 1e9)
    ),
    "peak_memory_bytes": (0, 2**60),
    **dict.fromkeys(("iterations", "stopped_at", "oracle_iteration", "repetition"), (0, 2**53)),
    **dict.fromkeys(("fired", "fit_failed"), (0, 1)),
    **dict.fromkeys(("height", "width", "channels", "threads", "batch"), (1, 2**53)),
}


class UnreadableError(Exception):
    """A row that is no record; the message is the reason."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Damage:
    """A row that cannot be read: which one, and why."""

    where: str
    reason: str


def document(data: str | bytes | None, curve: bytes | None) -> dict[str, Any]:
    """Return the JSON form of a record, of the schema in which it was written.

    Raises
    ------
    UnreadableError
        If the text or the curve is cut or no JSON, or if a field is missing or of another type.
    """
    if data is None:
        raise UnreadableError("it has more than 64 MiB, which no record has")
    values = checked(_read(data, "the record"))
    if curve is not None:
        values["curve"] = _curve(curve)
    return values


def checked(values: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON form of a record if it is one, without regard to its curve's numbers.

    Raises
    ------
    UnreadableError
        If a field is missing or of another type.
    """
    _check_fields(values)
    if values.get("metrics"):
        _check_metrics(values["metrics"])
    for name in _TEXTS:
        if values.get(name) and not all(isinstance(text, str) for text in values[name]):
            raise UnreadableError(f"the field '{name}' has what is no text")
    _check_amounts(values)
    if values.get("status", "ok") not in STATUSES:
        raise UnreadableError(f"there is no status '{values['status']}'")
    if is_earlier(values) and not isinstance(values.get("label"), str):
        raise UnreadableError("the field 'label' is missing")
    if values.get("curve") is not None:
        _check_columns(values["curve"])
    return values


def fact(values: dict[str, Any]) -> dict[str, Any]:
    """Return what `document` gave as a fact of today, where it is of an earlier schema."""
    return fact_of(values) if is_earlier(values) else values


def environment(data: str | bytes) -> dict[str, Any]:
    """Return the description of a machine; raises `UnreadableError`."""
    return _read(data, "the environment")


def limits_of(data: str | bytes) -> dict[str, float]:
    """Return the limits under which a record's trial ran; none where it does not say, or is damaged."""
    try:
        limits = _read(data, "the record").get("limits")
    except UnreadableError:
        return {}
    return limits if isinstance(limits, dict) else {}


def row_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a record's JSON form; its text is not packed yet."""
    curve = data["curve"]
    packed = None if curve is None else zlib.compress(json.dumps(curve, separators=(",", ":")).encode())
    rest = {name: value for name, value in data.items() if name != "curve"}
    text = json.dumps(rest, separators=(",", ":"), allow_nan=False)
    return {"key": data["key"], "status": data["status"], "data": text, "curve": packed}


def _check_fields(values: Mapping[str, Any]) -> None:
    kinds = tuple(map(type, map(values.get, _NAMES, repeat(MISSING))))
    if kinds in _seen:
        return
    for name, types, needed in _FIELDS:
        if name not in values:
            if needed:
                raise UnreadableError(f"the field '{name}' is missing")
        elif not isinstance(values[name], types):
            raise UnreadableError(f"the field '{name}' is of the wrong type")
    _seen.add(kinds)


def _check_amounts(values: Mapping[str, Any]) -> None:
    for name, (low, high) in PLAUSIBLE.items():
        value = values.get(name)
        if value is not None and not low <= value <= high:
            told = "a number of that many digits" if _is_too_large(value) else f"{value:.6g}"
            raise UnreadableError(f"the field '{name}' cannot be {told}")


def _check_metrics(metrics: Mapping[str, Any]) -> None:
    if not all(isinstance(value, _TYPES["float | None"]) for value in metrics.values()):
        raise UnreadableError("a metric is no number")
    if any(map(_is_too_large, metrics.values())):
        raise UnreadableError("a metric is too large")


def _curve(packed: bytes) -> dict[str, Any]:
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(packed, _CURVE_BYTES)
    except zlib.error as error:
        raise UnreadableError(f"the curve cannot be unpacked: {error}") from None
    if len(text) == _CURVE_BYTES:
        raise UnreadableError(f"the curve unpacks to more than {_CURVE_BYTES // 2**20} MiB")
    if not unpacking.eof:
        raise UnreadableError("the curve is cut off")
    return _check_columns(_read(text, "the curve"))


def _check_columns(columns: Any) -> dict[str, Any]:
    if (
        not isinstance(columns, dict)
        or not _COLUMNS - _ADDED <= columns.keys() <= _COLUMNS
        or not all(isinstance(column, list) for column in columns.values())
    ):
        raise UnreadableError(f"the curve has other columns than {', '.join(sorted(_COLUMNS))}")
    lengths = {len(column) for name, column in columns.items() if column or name not in _ADDED}
    if len(lengths) > 1:
        raise UnreadableError("the columns of the curve are not of one length")
    if not all(_NUMBERS.issuperset(map(type, column)) for column in columns.values()):
        raise UnreadableError("the curve has what is no number")
    return columns


def _read(text: str | bytes, what: str) -> dict[str, Any]:
    """Read JSON with pydantic's parser, which takes half the time; it refuses lone surrogates."""
    if isinstance(text, bytes) and is_packed(text):
        try:
            text = unpack(text)
        except BrokenError as error:
            raise UnreadableError(f"{what}: {error}") from None
    try:
        values = from_json(text, allow_inf_nan=False)
    except (ValueError, TypeError):
        try:
            values = json.loads(text, parse_constant=_no_number)
        except (ValueError, TypeError, RecursionError) as error:
            raise UnreadableError(f"{what} is no JSON: {error}") from None
    if not isinstance(values, dict):
        raise UnreadableError(f"{what} is no JSON object")
    check_digits(text, values)
    return values


def _is_too_large(value: Any) -> bool:
    return isinstance(value, int) and abs(value) >= _TOO_LARGE


def check_digits(text: str | bytes, values: Any) -> None:
    """Refuse JSON with a whole number that is too large for a float, wherever it stands.

    Raises
    ------
    UnreadableError
        If there is one. Only a text that has so many digits is looked through.
    """
    if not _MANY_DIGITS.search(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text):
        return
    waiting = [values]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif _is_too_large(value):
            raise UnreadableError("a number has more digits than any number of a record")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
