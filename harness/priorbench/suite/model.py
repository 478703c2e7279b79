"""The classes `Suite` and `SuiteOptions`: a checked suite, and what the command line changes in it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from priorbench.contract.choice import DENOISING, Choice
from priorbench.contract.specs import (
    DenoiserSpec,
    ImageSetSpec,
    MetricSpec,
    NoiseSpec,
    OperatorSpec,
    Spec,
    StoppingRuleSpec,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Suite:
    """A checked suite.

    Attributes
    ----------
    name : str
        shown in progress and records.
    images, noises, denoisers, stopping, operators : tuple of Choice
        the lists.
    repetitions : int, default 1
        noise draws for each image.
    metrics : tuple of str, default ()
        names of metrics beyond PSNR and SSIM.
    summary : str, default ''
        one line.
    source : str, default ''
        text of the file, or the command line that made it.
    warnings : tuple of str, default ()
        one line for each entry of the file that was left out because it cannot be used here.
    remarks : tuple of str, default ()
        one line for each noise whose level was not written.
    """

    name: str
    images: tuple[Choice, ...]
    noises: tuple[Choice, ...]
    denoisers: tuple[Choice, ...]
    stopping: tuple[Choice, ...]
    operators: tuple[Choice, ...] = (DENOISING,)
    repetitions: int = 1
    metrics: tuple[str, ...] = ()
    summary: str = ""
    source: str = ""
    warnings: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteOptions:
    """What the command line says of a suite; each that is given replaces the suite's own.

    Attributes
    ----------
    images, noises, denoisers, stopping, operators : tuple of str, default ()
        choices in the command line's spelling; an image set may also be written as the path of a folder.
    added_denoisers : tuple of str, default ()
        likewise, beside those of the suite or of `denoisers`.
    metrics : tuple of str, default ()
        names.
    averaging : tuple of str, default ()
        what is reported of iterative methods: see `priorbench.contract.averages`.
    stop_now : bool, default False
        each stopping rule that is no oracle has a fit of its own, which ends when the rule stops.
    repetitions : int or None, optional
        noise draws for each image, 1 or more; None = the suite's.
    """

    images: tuple[str, ...] = ()
    noises: tuple[str, ...] = ()
    denoisers: tuple[str, ...] = ()
    added_denoisers: tuple[str, ...] = ()
    stopping: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    averaging: tuple[str, ...] = ()
    stop_now: bool = False
    repetitions: int | None = None

    def __str__(self) -> str:
        """Return the options as they would be typed."""
        words = [
            f"{spec.option} {shlex.quote(text)}" for key, spec in LISTS.items() for text in getattr(self, key)
        ]
        words += [f"--add-denoiser {shlex.quote(text)}" for text in self.added_denoisers]
        words += [f"--averaging {shlex.quote(text)}" for text in self.averaging]
        words += ["--stop-now"] if self.stop_now else []
        if self.repetitions is not None:
            words.append(f"--repetitions {self.repetitions}")
        return " ".join(words)


#: list of a suite -> class of the specs that it names, in the order of a suite file
LISTS: Mapping[str, type[Spec]] = {
    spec.suite_key: spec
    for spec in (ImageSetSpec, OperatorSpec, NoiseSpec, DenoiserSpec, StoppingRuleSpec, MetricSpec)
}
