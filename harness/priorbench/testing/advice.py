"""What to do about an exception of a plugin: the slips that authors make most, each with its remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from priorbench.contract.noise import NoiseDescriptor
from priorbench.contract.observation import Observation
from priorbench.errors import PriorbenchError, suggestion
from priorbench.loading.absent import absent_package, pip_name
from priorbench.protocol.failure import told_in_one_line

#: where the classes are whose objects plugins are given
_GIVEN = "priorbench.contract."
#: names under which people look for the image without noise
_CLEAN = re.compile(
    r"x0?|gt|(?:clean|truth|ground_?truth|true|reference|ref|target|original|noise(?:less|_?free)|sharp|label)"
    r"(?:_?(?:image|img|picture))?s?"
)
#: what makes an array, in numpy's words, of a tensor
_OF_ARRAYS = ("astype", "copy", "tolist", "item", "transpose")


def advice(error: BaseException) -> str:
    """Return what to do about an error; empty where there is no telling."""
    return next((text for one in _chain(error) if (text := _of(one))), "")


def told(error: BaseException) -> str:
    """Return an error in one line, with what to do about it, where that can be told."""
    remedy = advice(error)
    return told_in_one_line(error) + (f"; {remedy}" if remedy else "")


class NotYieldedError(PriorbenchError):
    """An iterative method returned in the place of yielding."""


def check_yields(made: Any, method: str) -> None:
    """Raise `NotYieldedError` for what cannot be iterated over.

    A tensor can, row by row: that is never meant.
    """
    if hasattr(made, "__next__") or (hasattr(made, "__iter__") and not hasattr(made, "shape")):
        return
    raise NotYieldedError(f"'{method}' returned {'None' if made is None else f'a {type(made).__name__}'}")


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error not in seen:
        seen.append(error)
        yield error
        if error.__cause__ is None:
            return
        error = error.__cause__


def _of(error: BaseException) -> str:
    if package := absent_package(error):
        name = pip_name(package)
        return f'pip install {name}; so that others are told: add requires=("{name}",) to the spec'
    if isinstance(error, NotYieldedError):
        return "yield, not return: 'while True: ...; yield x' hands over an iterate each time round"
    if isinstance(error, AttributeError) and error.name is not None:
        return _of_attribute(error.obj, error.name)
    return ""


def _of_attribute(owner: Any, name: str) -> str:
    """Say what an object has in the place of an attribute that it has not."""
    if owner is None and name in _names_of(NoiseDescriptor):
        return (
            "observation.noise is None where nobody knows the noise: take observation.sigma and handle its "
            "None, or say needs_sigma=True in the spec"
        )
    kind = type(owner)
    if kind.__module__.startswith(_GIVEN):
        if kind is Observation and _CLEAN.fullmatch(name):
            return (
                f"a method never sees the clean image. Observation has: {', '.join(sorted(_names_of(kind)))}"
            )
        near = suggestion(name, _names_of(kind)).removeprefix(".").removeprefix("; ").strip()
        return f"'{name}' is nothing that {kind.__name__} has: {near}"
    if kind.__name__ == "Tensor" and name in _OF_ARRAYS:
        return "it is a torch.Tensor: .cpu().numpy() makes an array of it"
    return ""


def _names_of(kind: type) -> list[str]:
    fields = getattr(kind, "__dataclass_fields__", {})
    return [name for name in {*fields, *dir(kind)} if not name.startswith("_")]
