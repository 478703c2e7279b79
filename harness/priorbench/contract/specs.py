"""What a plugin registers: small frozen records whose `factory` names the code without importing it.

A plugin module yields these from its hooks (see `priorbench.contract.hookspecs`). Listing plugins therefore
imports neither torch nor numpy; the factory is imported only where the thing is used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

_NAME = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*\Z")
_FACTORY = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Spec:
    """What every registered thing has.

    Attributes
    ----------
    name : globally unique; lower-case letters, digits, ``-`` and ``.``.
    factory : ``"module:attribute"``, imported only where the thing is used. Its keyword arguments,
        typed and with defaults, are the parameters that suites and the command line may set.
    summary : one line for ``priorbench list``.
    citation : the publication; ``unpublished`` where there is none.
    licence : SPDX name or short text of what this wraps.
    preset : parameter values that differ from the factory's defaults. Two specs may share a factory
        with different presets.
    requires : distribution names that must be installed; where one is missing the thing is listed as
        unusable, with the reason.
    install : what to type to get them, for example ``pip install 'priorbench[bm3d]'``.
    """

    kind: ClassVar[str] = "thing"

    name: str
    factory: str
    summary: str = ""
    citation: str = ""
    licence: str = ""
    preset: Mapping[str, Any] = field(default_factory=dict)
    requires: tuple[str, ...] = ()
    install: str = ""

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise ValueError(
                f"{self.kind} name {self.name!r} is not valid: use lower-case letters, digits, '-' and '.'"
            )
        if not _FACTORY.match(self.factory):
            raise ValueError(
                f"{self.kind} '{self.name}': factory {self.factory!r} must be written 'module:attribute'"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class DenoiserSpec(Spec):
    """A denoising method; its factory makes an object with ``denoise`` or ``iterate``.

    Attributes
    ----------
    channels : numbers of channels that it takes.
    devices : torch device types that it runs on, or ``"any"``.
    noises : names of the noise models that it is meant for (see `NoiseSpec.family`), or ``"any"``.
    needs_sigma : it cannot run blind.
    stochastic : other seeds give other results.
    accepts_mask : it can leave pixels out of its loss.
    accepts_operator : it solves y = A x + noise, not only A = identity.
    reuses_output : iterative: the tensor of an iterate is written to again by later ones. The harness copies
        what it keeps.
    min_size : smallest height and width, in pixels.
    trained_on : data it was trained on; empty for a training-free method. Others are shown but never
        ranked among the training-free ones.
    """

    kind: ClassVar[str] = "denoiser"

    channels: tuple[int, ...] = (1, 3)
    devices: tuple[str, ...] | str = ("cpu",)
    noises: tuple[str, ...] | str = "any"
    needs_sigma: bool = False
    stochastic: bool = False
    accepts_mask: bool = False
    accepts_operator: bool = False
    reuses_output: bool = False
    min_size: int = 1
    trained_on: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageSetSpec(Spec):
    """Named, ordered, clean images; its factory makes a `priorbench.contract.images.ImageSet`.

    Attributes
    ----------
    label_from : name of the parameter (a path) whose last part names the set in records,
        where the suite gives no label.
    takes_folder : a bare folder on the command line (``--images pictures/kodak``) means this set, with
        the folder as the parameter ``label_from``.
    selection : parameters that only choose among the images, such as ``limit``; they are not in the
        set's label, so that a part of a set and the whole of it share their records.
    """

    kind: ClassVar[str] = "image set"

    label_from: str = ""
    takes_folder: bool = False
    selection: tuple[str, ...] = ("limit",)


@dataclass(frozen=True, kw_only=True, slots=True)
class NoiseSpec(Spec):
    """A noise model; its factory makes a `priorbench.contract.noise.NoiseModel`.

    Attributes
    ----------
    family : the model's name in the noise seed; presets of one model share it, so that
        ``gaussian-25`` and ``gaussian: {sigma: 25/255}`` draw the same numbers. Empty = the name.
    level : parameters that only scale the noise; they are left out of the seed, so that all
        levels share one draw.
    """

    kind: ClassVar[str] = "noise model"

    family: str = ""
    level: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorSpec(Spec):
    """A linear operator A of y = A x + noise; its factory makes an `OperatorModel`.

    Attributes
    ----------
    family : the operator's name in its seed; presets of one operator share it. Empty = the name.
    level : parameters that say how much is measured, and not which; they are left out of the seeds, so that
        all levels share one draw.
    """

    kind: ClassVar[str] = "operator"

    family: str = ""
    level: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class StoppingRuleSpec(Spec):
    """Decides which iterate counts; its factory makes a `priorbench.contract.stopping.StoppingRule`.

    Attributes
    ----------
    oracle : it sees the clean image: a marked control, never ranked.
    needs : what it needs of a trial: any of ``"loss"``, ``"sigma"``.
    """

    kind: ClassVar[str] = "stopping rule"

    oracle: bool = False
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricSpec(Spec):
    """A score; its factory is a function of (estimate, clean), two float arrays (channels, height, width)."""

    kind: ClassVar[str] = "metric"

    higher_is_better: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecutorSpec(Spec):
    """A way to run trials: see `priorbench.executors`."""

    kind: ClassVar[str] = "executor"


@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentSpec(Spec):
    """A paper's figure or table, re-made and checked: see `priorbench.contract.experiments.Experiment`."""

    kind: ClassVar[str] = "experiment"


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteSpec:
    """A suite file inside a package.

    Attributes
    ----------
    name : globally unique.
    resource : ``"package:file.yaml"``.
    summary : one line for ``priorbench list suites``.
    """

    kind: ClassVar[str] = "suite"

    name: str
    resource: str
    summary: str = ""


AnySpec = Spec | SuiteSpec
