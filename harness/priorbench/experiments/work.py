"""The interface of experiments: their sizes, their work, and what they conclude from its results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from priorbench.contract.records import Record
from priorbench.experiments.claims import Claim
from priorbench.experiments.figures import Figure, Table


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """How much of the paper's own run is run.

    Attributes
    ----------
    name : str
        for example ``"quick"`` or ``"full"``.
    seconds : float
        about what it takes on two processor cores, measured.
    reduced : str, default ''
        what is smaller than in the paper, for example ``"300 of 10,010 iterations"``; empty for the paper's
        own size.
    """

    name: str
    seconds: float
    reduced: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trials:
    """Fits of images: a suite, run as any other, so that its records have the same keys as anybody's.

    Attributes
    ----------
    name : str
        by which `Results` has them.
    suite : Mapping
        as in a suite's file: ``images``, ``noises``, ``denoisers``, ``stopping``, ``repetitions``. A method
        whose plugin is not installed is left out, and that is said.
    limit : int or None, optional
        usable images of each set; None = all.
    """

    name: str
    suite: Mapping[str, Any]
    limit: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Computation:
    """Anything else: a function of a seed, called once for each seed in processes of its own.

    A result is kept and not computed again while the function's code, its parameters and the seed are the
    same. So cut long work into many computations.

    Attributes
    ----------
    name : str
        by which `Results` has its values; one name for each.
    function : str
        ``"module:function"``. It is called with `seed` and the parameters by name, and returns a mapping of
        numbers, texts, sequences and arrays.
    parameters : Mapping, default {}
        JSON values.
    seeds : tuple of int, default (0,)
        one result each.
    """

    name: str
    function: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0,)


Work = Trials | Computation


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """A record under the labels of the suite that asked for it.

    Attributes
    ----------
    denoiser, image_set, noise, operator, stopping : str
        labels; `stopping` is empty for a method that does not iterate.
    record : Record
        what was found.
    """

    denoiser: str
    image_set: str
    noise: str
    operator: str
    stopping: str
    record: Record

    @property
    def errors(self) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """Iterations of the curve, and the mean squared error to the clean image at each."""
        curve = self.record.curve
        if curve is None:
            return (), ()
        return curve.iteration, tuple(0.0 if psnr is None else 10 ** (-psnr / 10) for psnr in curve.psnr)

    @property
    def losses(self) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """Iterations of the curve, and the mean squared error to what was fitted (the training loss)."""
        curve = self.record.curve
        if curve is None:
            return (), ()
        kept = [(at, r) for at, r in zip(curve.iteration, curve.residual, strict=True) if r is not None]
        return tuple(at for at, _ in kept), tuple(r * r for _, r in kept)


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    """What an experiment's work gave.

    Attributes
    ----------
    outcomes : Mapping of str to tuple of Outcome
        by the name of the `Trials`; failed trials are there too, with their status.
    values : Mapping of str to tuple of Mapping
        by the name of the `Computation`, in the order of its seeds; arrays came back as lists.
    crop : callable
        PNG file of the middle of an image by its digest (``Record.noisy_sha256``, ``output_sha256``,
        ``image_sha256``), or None where none is kept.
    """

    outcomes: Mapping[str, tuple[Outcome, ...]] = field(default_factory=dict)
    values: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    crop: Callable[[str], bytes | None] = lambda digest: None

    def good(self, trials: str, **labels: str) -> tuple[Outcome, ...]:
        """Return the outcomes without a failure that have these labels, in the order of the images.

        Parameters
        ----------
        trials : str
            name of the `Trials`.
        **labels : str
            ``denoiser``, ``image_set``, ``noise``, ``operator``, ``stopping``.
        """
        return tuple(
            one
            for one in self.outcomes.get(trials, ())
            if one.record.status == "ok" and all(getattr(one, key) == label for key, label in labels.items())
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Conclusion:
    """What an experiment says of its results.

    Attributes
    ----------
    claims : sequence of Claim
        to be judged.
    figure : Figure or None, optional
        the paper's figure, re-made.
    tables : sequence of Table, default ()
        numbers to be read.
    conditions : sequence of str, default ()
        what differs from the paper's run, beside the size: pictures, versions, choices that it does not
        state.
    data : Mapping, default {}
        numbers for who wants to go on with them, JSON values.
    """

    claims: Sequence[Claim]
    figure: Figure | None = None
    tables: Sequence[Table] = ()
    conditions: Sequence[str] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row of a paper's checklist: something that the paper has, and the command that shows it here.

    Attributes
    ----------
    number : str
        its number in the list; claims refer to it.
    name : str
        what it is.
    place : str
        where the paper has it.
    command : str
        a command, or the documented function.
    """

    number: str
    name: str
    place: str
    command: str


class Experiment(Protocol):
    """Re-makes one figure or table of a paper.

    Its factory's parameters can be given by name, as those of all plugins; one called ``images`` is what
    ``priorbench reproduce --images`` sets. It may have ``rows``, a sequence of `Row`.
    """

    @property
    def sizes(self) -> Sequence[Size]:
        """Its sizes, from the quickest to the paper's own."""
        ...

    def work(self, size: Size) -> Iterable[Work]:
        """Return what has to be run; the names are unique."""
        ...

    def conclude(self, size: Size, results: Results) -> Conclusion:
        """Return what the results say. It is quick: no fit, no random number."""
        ...
