"""A suite: image sets x noises x denoisers x stopping rules x repetitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One entry of a suite's list: a registered name with all its parameters.

    Attributes
    ----------
    name : registered name.
    label : what tables and records show; the name, or the suite's ``label``.
    parameters : every parameter of the factory, resolved and checked, JSON values only.
    """

    name: str
    label: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Suite:
    """A checked suite.

    Attributes
    ----------
    name : shown in progress and records.
    images, noises, denoisers, stopping : the lists.
    repetitions : noise draws for each image.
    metrics : names of metrics beyond PSNR and SSIM.
    summary : one line.
    source : text of the file, or the command line that made it.
    """

    name: str
    images: tuple[Choice, ...]
    noises: tuple[Choice, ...]
    denoisers: tuple[Choice, ...]
    stopping: tuple[Choice, ...]
    repetitions: int = 1
    metrics: tuple[str, ...] = ()
    summary: str = ""
    source: str = ""
