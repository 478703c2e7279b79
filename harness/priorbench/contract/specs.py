"""Specs: what a plugin registers, small and frozen; `factory` names the code without importing it.

A plugin module yields specs from its hooks (see `priorbench.contract.hookspecs`). Listing plugins therefore
imports neither torch nor numpy; the factory is imported only where the thing is used.

Each class says how its kind of thing is called, and what differs from kind to kind follows from that: `kind`
in messages, `plural` on the command line (``priorbench list image-sets``), `hook` which plugins yield it
from, `option` of ``priorbench run`` and `suite_key`, its list in a suite file (both empty where no suite
chooses it). `supplied` names the keyword arguments of a factory that the harness gives: no parameters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from priorbench.contract.stopping import NEEDS

_NAME = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*\Z")
_FACTORY = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Spec:
    """What every registered thing has.

    Attributes
    ----------
    name : str
        globally unique; lower-case letters, digits, ``-`` and ``.``.
    factory : str
        ``"module:attribute"``, imported only where the thing is used. Its keyword arguments, typed and with
        defaults, are the parameters that suites and the command line may set.
    summary : str, default ''
        one line for ``priorbench list``.
    citation : str, default ''
        the publication; ``unpublished`` where there is none.
    licence : str, default ''
        SPDX name or short text of what this wraps.
    preset : Mapping[str, Any], optional
        parameter values that differ from the factory's defaults. Two specs may share a factory with different
        presets.
    requires : tuple of str, default ()
        what must be installed: distributions (``scipy``, ``scipy>=1.12``) or modules (``cv2``). Either will
        do of ``"opencv-python | opencv-python-headless"``. Where one is missing the thing is listed as
        unusable, with the reason.
    install : str, default ''
        what to type to get them, for example ``pip install 'priorbench[bm3d]'``.
    """

    kind: ClassVar[str] = "thing"
    plural: ClassVar[str] = "things"
    hook: ClassVar[str] = ""
    option: ClassVar[str] = ""
    suite_key: ClassVar[str] = ""
    supplied: ClassVar[frozenset[str]] = frozenset()

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
    channels : tuple of int, default (1, 3)
        numbers of channels that it takes.
    devices : str or tuple of str, default ('cpu',)
        torch device types that it runs on, or ``"any"``.
    noises : str or tuple of str, default 'any'
        names of the noise models that it is meant for (see `NoiseSpec.family`), or ``"any"``.
    needs_sigma : bool, default False
        it cannot run blind.
    stochastic : bool, default False
        other seeds give other results.
    accepts_mask : bool, default False
        it can leave pixels out of its loss.
    accepts_operator : bool, default False
        it solves y = A x + noise, not only A = identity.
    reuses_output : bool, default False
        iterative: the tensor of an iterate is written to again by later ones. The harness copies what it
        keeps.
    min_size : int, default 1
        smallest height and width, in pixels.
    trained_on : tuple of str, default ()
        data it was trained on; empty for a training-free method. Others are shown but never ranked among the
        training-free ones.
    iterative : bool or None, optional
        it has ``iterate``, so that a stopping rule chooses the iterate. None: not said; a child process,
        which imports the method, is asked before a run.
    together : bool or None, optional
        it has ``iterate_together``, so that ``--batch`` may fit several images at once. None: not said, as
        for `iterative`.
    arithmetic : str, default ''
        name of a parameter that says how its products are computed. Where that is ``"bfloat16"``, a machine
        that has no such numbers in hardware is refused, and keys hold which product it was.
    arithmetic_refused : Mapping[str, str], optional
        torch device types for which the method has no products in bfloat16, each with the reason, as in
        ``{"cpu": "on CPUs they are hardly faster for this method"}``: there it is refused, too.
    """

    kind: ClassVar[str] = "denoiser"
    plural: ClassVar[str] = "denoisers"
    hook: ClassVar[str] = "priorbench_denoisers"
    option: ClassVar[str] = "--denoiser"
    suite_key: ClassVar[str] = "denoisers"

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
    iterative: bool | None = None
    together: bool | None = None
    arithmetic: str = ""
    arithmetic_refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageSetSpec(Spec):
    """Named, ordered, clean images; its factory makes an `ImageSet`.

    Attributes
    ----------
    label_from : str, default ''
        name of the parameter (a path) whose last part is the set's label, where the suite gives none.
    takes_folder : bool, default False
        a bare folder on the command line (``--images pictures/kodak``) means this set, with the folder as the
        parameter ``label_from``; the set has a method ``ids()``.
    paired : bool, default False
        its images bring noisy pictures of their own: its factory makes a `PairedImageSet`, with ``ids()``.
    places : tuple of str, default ('path',)
        parameters that say where its files lie on this machine; like that of `label_from`, they are not part
        of what the set is.
    files : tuple of str, default ()
        parameters that name other files, such as a list; in a suite file their relative paths, and those of
        `places`, are relative to that file.
    selection : tuple of str, default ('limit',)
        parameters that only choose among the images; they are not in the set's label, so that a part of a set
        and the whole of it share a board. All others change pixels, but `label_from` and `places`.
    """

    kind: ClassVar[str] = "image set"
    plural: ClassVar[str] = "image-sets"
    hook: ClassVar[str] = "priorbench_image_sets"
    option: ClassVar[str] = "--images"
    suite_key: ClassVar[str] = "images"

    label_from: str = ""
    takes_folder: bool = False
    paired: bool = False
    places: tuple[str, ...] = ("path",)
    files: tuple[str, ...] = ()
    selection: tuple[str, ...] = ("limit",)


@dataclass(frozen=True, kw_only=True, slots=True)
class NoiseSpec(Spec):
    """A noise model; its factory makes a `NoiseModel`.

    Attributes
    ----------
    family : str, default ''
        the model's name in the noise seed; presets of one model share it, so that ``gaussian-25`` and
        ``gaussian: {sigma: 25/255}`` draw the same numbers. Empty = the name.
    level : tuple of str, default ()
        parameters that only say how strong the noise is; they are left out of the seed, so that all levels
        share their random numbers.
    after_draw : tuple of str, default ()
        parameters that change no draw, only what is made of it, for example clipping; they enter the seed
        with the factory's default, whatever they are, so that ``clip: true`` is ``clip: false``, clipped.
    given : bool, default False
        nothing is drawn: y is the noisy picture that the image set brings. Only sets that are `paired` have
        one, and only for denoising; the model makes the descriptor, with ``describe_given``.

    Notes
    -----
    A model that is `given` is a `priorbench.contract.noise.GivenNoise`.
    """

    kind: ClassVar[str] = "noise model"
    plural: ClassVar[str] = "noises"
    hook: ClassVar[str] = "priorbench_noise_models"
    option: ClassVar[str] = "--noise"
    suite_key: ClassVar[str] = "noises"

    family: str = ""
    level: tuple[str, ...] = ()
    after_draw: tuple[str, ...] = ()
    given: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorSpec(Spec):
    """A linear operator A of y = A x + noise; its factory makes an `OperatorModel`.

    Attributes
    ----------
    family : str, default ''
        the operator's name in its seed; presets of one operator share it. Empty = the name.
    level : tuple of str, default ()
        parameters that say how much is measured, and not which; they are left out of the seeds, so that all
        levels share one draw.
    """

    kind: ClassVar[str] = "operator"
    plural: ClassVar[str] = "operators"
    hook: ClassVar[str] = "priorbench_operators"
    option: ClassVar[str] = "--operator"
    suite_key: ClassVar[str] = "operators"

    family: str = ""
    level: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class StoppingRuleSpec(Spec):
    """Decides which iterate counts; its factory makes a `StoppingRule`.

    Attributes
    ----------
    oracle : bool, default False
        it sees the clean image: a marked control, never ranked.
    criterion : bool, default True
        it has a criterion that may be met before its budget is spent. False for a rule that always runs to
        its end: of such a rule nothing is said about how often its criterion was met.
    needs : tuple of str, default ()
        what it needs of a trial, keys of `priorbench.contract.stopping.NEEDS`; where something is missing it
        is refused before the run.
    """

    kind: ClassVar[str] = "stopping rule"
    plural: ClassVar[str] = "stopping-rules"
    hook: ClassVar[str] = "priorbench_stopping_rules"
    option: ClassVar[str] = "--stopping"
    suite_key: ClassVar[str] = "stopping"

    oracle: bool = False
    criterion: bool = True
    needs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        Spec.__post_init__(self)
        for need in self.needs:
            if need not in NEEDS:
                raise ValueError(
                    f"stopping rule '{self.name}': it needs {need!r}, which is none of {', '.join(NEEDS)}"
                )


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricSpec(Spec):
    """A score; its factory is a function of (estimate, clean), two float arrays (channels, height, width)."""

    kind: ClassVar[str] = "metric"
    plural: ClassVar[str] = "metrics"
    hook: ClassVar[str] = "priorbench_metrics"
    option: ClassVar[str] = "--metric"
    suite_key: ClassVar[str] = "metrics"

    higher_is_better: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecutorSpec(Spec):
    """A way to run trials; its factory makes an `Executor`.

    The factory is called with ``registry``, ``jobs``, ``threads``, ``timeout`` and ``memory``, and with
    ``batch`` if it has that and more than one image is to be fitted at once. Its other keyword arguments are
    parameters: ``--executor 'name:key=value'``.

    Attributes
    ----------
    elsewhere : bool, default False
        trials run on other machines, so that devices and threads are not those of this one; what the factory
        makes is a `RemoteExecutor`.
    """

    kind: ClassVar[str] = "executor"
    plural: ClassVar[str] = "executors"
    hook: ClassVar[str] = "priorbench_executors"
    option: ClassVar[str] = "--executor"
    supplied: ClassVar[frozenset[str]] = frozenset(
        {"registry", "jobs", "threads", "timeout", "memory", "batch", "devices"}
    )

    elsewhere: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentSpec(Spec):
    """A paper's figure or table, re-made and checked: its factory makes an `Experiment`."""

    kind: ClassVar[str] = "experiment"
    plural: ClassVar[str] = "experiments"
    hook: ClassVar[str] = "priorbench_experiments"


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteSpec:
    """A suite file inside a package.

    Attributes
    ----------
    name : str
        globally unique.
    resource : str
        ``"package:file.yaml"``.
    summary : str, default ''
        one line for ``priorbench list suites``.
    """

    kind: ClassVar[str] = "suite"
    plural: ClassVar[str] = "suites"
    hook: ClassVar[str] = "priorbench_suites"
    option: ClassVar[str] = ""
    suite_key: ClassVar[str] = ""

    name: str
    resource: str
    summary: str = ""


AnySpec = Spec | SuiteSpec

#: kind -> class of its specs, in the order of lists
KINDS: Mapping[str, type[AnySpec]] = {
    cls.kind: cls
    for cls in (
        DenoiserSpec,
        ImageSetSpec,
        NoiseSpec,
        OperatorSpec,
        StoppingRuleSpec,
        MetricSpec,
        SuiteSpec,
        ExperimentSpec,
        ExecutorSpec,
    )
}
