"""Copies what a hook gave into specs of plain data, so that nothing of a plugin's own acts later on.

A spec travels: into tables, JSON, keys, child processes. A text of 100 MB, a mapping that holds itself or an
object whose ``__str__`` raises would do its harm there, where nobody knows whose it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from priorbench.contract.specs import AnySpec
from priorbench.loading.rejection import RejectionError, shown

#: characters of one text
LONGEST_TEXT = 10_000
#: values in one field, with all that is inside
MOST_VALUES = 10_000
#: lists in lists
_DEEPEST = 20
#: characters of the texts of one field, together
_LONGEST_FIELD = 1_000_000
_LARGEST_INT = 2**63

#: annotation of a spec's field -> what its value may be; other annotations are left unchecked
_FIELD_TYPES: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "bool": (bool,),
    "bool | None": (bool, type(None)),
    "int": (int,),
    "Mapping[str, Any]": (Mapping,),
    "tuple[str, ...]": (tuple, list),
    "tuple[int, ...]": (tuple, list),
    "tuple[str, ...] | str": (tuple, list, str),
}
#: annotation -> what each item of a tuple must be
_ITEM_TYPES: Mapping[str, type] = {
    "tuple[str, ...]": str,
    "tuple[int, ...]": int,
    "tuple[str, ...] | str": str,
}


class _FaultError(Exception):
    """What is wrong with a value."""


def plain_spec(given: Any, spec_type: type[AnySpec], what: str) -> AnySpec:
    """Return a spec of exactly this class whose fields hold plain data alone.

    Parameters
    ----------
    given : Any
        an instance of the class.
    spec_type : type
        a class of `priorbench.contract.specs`.
    what : str
        how messages call it.

    Raises
    ------
    RejectionError
        With the field that is too large, or of another type.
    """
    values = {}
    for field in dataclasses.fields(spec_type):
        annotation = str(field.type)
        value = getattr(given, field.name)
        if not isinstance(value, _FIELD_TYPES.get(annotation, object)):
            fault = f"{field.name} must be {annotation}, not {shown(value)}"
            if isinstance(value, str) and annotation.startswith("tuple"):
                fault += f": write ({shown(value)},)"
            raise RejectionError("broken", f"{what}: {fault}")
        try:
            values[field.name] = _field(value, _ITEM_TYPES.get(annotation))
        except _FaultError as fault:
            raise RejectionError("broken", f"{what}: {field.name} {fault}") from None
    return spec_type(**values)


def _field(value: Any, item: type | None) -> Any:
    count = _Count()
    if item is None or isinstance(value, str):
        return _plain(value, count, 0)
    plain = _plain(value, count, 0)
    for each in plain:
        if type(each) is not item:
            raise _FaultError(f"must hold {item.__name__} alone, not {shown(each)}")
    return tuple(plain) if isinstance(value, tuple) else plain


@dataclasses.dataclass(kw_only=True, slots=True)
class _Count:
    """How much of a field has been copied."""

    values: int = 0
    characters: int = 0


def _plain(value: Any, count: _Count, depth: int) -> Any:
    """Return a copy made of Python's own types."""
    count.values += 1
    if count.values > MOST_VALUES:
        raise _FaultError(f"holds more than {MOST_VALUES:,} values")
    if depth > _DEEPEST:
        raise _FaultError(f"has more than {_DEEPEST} lists in lists, or holds itself")
    if isinstance(value, str):
        return _text(value, count)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -_LARGEST_INT <= value < _LARGEST_INT:
            raise _FaultError("has a whole number of more than 64 bits")
        return int.__index__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, Mapping):
        return {
            _text(key, count): _plain(item, count, depth + 1)
            for key, item in _first(value.items(), MOST_VALUES)
        }
    if isinstance(value, (list, tuple)):
        make: Callable[[Any], Any] = tuple if isinstance(value, tuple) else list
        return make(_plain(item, count, depth + 1) for item in _first(value, MOST_VALUES))
    raise _FaultError(
        f"holds {shown(value)}, which is no plain value: a text, a number, a boolean, None, or a list or "
        "a mapping of these"
    )


def _first(values: Any, number: int) -> Any:
    """Yield values; raise where there are more than this."""
    for place, value in enumerate(values):
        if place >= number:
            raise _FaultError(f"holds more than {number:,} values")
        yield value


def _text(value: Any, count: _Count) -> str:
    if not isinstance(value, str):
        raise _FaultError(f"has the key {shown(value)}, which is no text")
    text = str.__str__(value)  # of a class of its own, too, what it holds
    count.characters += len(text)
    if len(text) > LONGEST_TEXT:
        raise _FaultError(f"has a text of {len(text):,} characters; at most {LONGEST_TEXT:,} are allowed")
    if count.characters > _LONGEST_FIELD:
        raise _FaultError(f"has texts of more than {_LONGEST_FIELD:,} characters together")
    return text
