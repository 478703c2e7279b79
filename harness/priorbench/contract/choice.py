"""A choice: a registered name with all its parameters and the label that tables show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One entry of a suite's list: a registered name with all its parameters.

    Attributes
    ----------
    name : str
        registered name.
    label : str
        what tables and records show; the name, or the suite's ``label``.
    parameters : Mapping[str, Any], optional
        every parameter of the factory, resolved and checked, JSON values only.
    """

    name: str
    label: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


#: the operator of denoising, which is what a suite means that names none
DENOISING = Choice(name="identity", label="identity")
