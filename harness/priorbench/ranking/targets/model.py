"""What a table of targets has, without any layout."""

from __future__ import annotations

from dataclasses import dataclass, field

from priorbench.ranking.boards import Setting
from priorbench.ranking.targets.notation import Target, default_targets

#: seconds a picture that a table is for, unless others are asked for
BUDGETS = (1.0, 10.0, 60.0, 600.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What is asked of the trajectories of a store.

    Attributes
    ----------
    targets : tuple of Target, optional
        what is to be reached.
    budgets : tuple of float, optional
        seconds a picture.
    shared : bool, default False
        over the images that every method has, not over as many as most methods have.
    """

    targets: tuple[Target, ...] = field(default_factory=default_targets)
    budgets: tuple[float, ...] = BUDGETS
    shared: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached:
    """How a method does on one target, over all fits.

    Attributes
    ----------
    target : str
        as it is written.
    fits : int
        on whose image there is this target.
    successes : int
        fits that reached it.
    expected_seconds, expected_iterations : float or None
        expected running time: what all fits spent until they reached it, or in vain, for each success. None
        where none did, and where times are unknown or not comparable.
    median_seconds, median_iterations : float or None
        of the fits that reached it.
    """

    target: str
    fits: int
    successes: int
    expected_seconds: float | None
    expected_iterations: float | None
    median_seconds: float | None
    median_iterations: float | None

    @property
    def rate(self) -> float | None:
        """Share of the fits that reached it."""
        return self.successes / self.fits if self.fits else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Within:
    """What a method has when the time is over.

    Attributes
    ----------
    seconds : float
        the time.
    reached : float or None
        share of the pairs of an image and a target that were reached by then.
    psnr, gain : float or None
        means over images of the last iterate until then, stopped by the clock: in dB, and over the noisy
        image. None for a method that is not compared.
    best_psnr, best_gain : float or None
        the same of the best iterate so far, which only somebody with the clean image could choose.
    without : int
        images without a result by then, which count as noisy as they were.
    """

    seconds: float
    reached: float | None
    psnr: float | None
    gain: float | None
    best_psnr: float | None
    best_gain: float | None
    without: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """PSNR over images along an axis.

    Attributes
    ----------
    at : tuple of float
        seconds or iterations, increasing.
    low, median, high : tuple of float
        quartiles over images, in dB.
    """

    at: tuple[float, ...]
    low: tuple[float, ...]
    median: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Steps:
    """Share of the pairs of an image and a target that were reached, against time."""

    at: tuple[float, ...]
    share: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MethodTimes:
    """One method with one average on a board.

    Attributes
    ----------
    name : str
        shortest that is unique on its board, with the conditions in which methods differ.
    label, average, rule : str or None
        label of the method, what is averaged (``raw`` for what it has itself), and the rule that ended the
        fits, if one did.
    device, threads, environment, batch : str or int
        where it ran; `environment` is empty where fits are of several. `batch` counts images that were fitted
        at once, at most.
    iterative : bool
        it has iterates.
    images, fits, failed, tainted : int
        images, fits (an image and a draw of noise), fits that gave nothing, and fits whose timing is marked.
    excluded : str
        why it is in no pick; empty for one that is compared.
    timed : bool
        its times can be compared.
    reached : tuple of Reached
        one for each target of the board.
    own_targets : tuple of str, default ()
        those that it reaches by definition: they are its own results, or lie below them.
    within : tuple of Within
        one for each time.
    against_seconds, against_iterations : Band or None
        of an iterative method, its trajectory. Of a one-shot method the first has one point.
    distribution : Steps or None
        None where times cannot be compared.
    """

    name: str
    label: str
    average: str
    rule: str | None
    device: str
    threads: int
    environment: str
    batch: int
    iterative: bool
    images: int
    fits: int
    failed: int
    tainted: int
    excluded: str
    timed: bool
    reached: tuple[Reached, ...]
    within: tuple[Within, ...]
    against_seconds: Band | None
    against_iterations: Band | None
    distribution: Steps | None
    own_targets: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Pick:
    """The method with the highest mean PSNR when the time is over, among those of one machine.

    Attributes
    ----------
    seconds : float
        the time.
    conditions : str
        device, threads and environment.
    method : str or None
        its name; None where no method has a result by then.
    psnr, gain, without : float or int, optional
        its `Within`.
    tainted : bool, default False
        some of its timings are marked.
    best_method, best_psnr, best_gain : str or float, optional
        the method with the highest mean of the best iterates so far.
    """

    seconds: float
    conditions: str
    method: str | None
    psnr: float | None = None
    gain: float | None = None
    without: int = 0
    tainted: bool = False
    best_method: str | None = None
    best_psnr: float | None = None
    best_gain: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetBoard:
    """Quality against time on one image set under one noise and operator.

    Attributes
    ----------
    protocol : int
        version of the rules.
    setting, labels : Setting
        as of a leaderboard's board.
    images, fits : int
        that methods are compared over.
    noisy_psnr : float or None
        mean over these images, in dB.
    unclipped : bool, default False
        it is of noisy images that are not clipped; outputs are.
    targets : tuple of str
        those that this board has.
    methods : tuple of MethodTimes
        compared ones first, those that reach more of the targets first.
    picks : tuple of Pick
        by machine, then by time.
    notes : tuple of str
        what a reader must know.
    """

    protocol: int
    setting: Setting
    labels: Setting
    images: int
    fits: int
    noisy_psnr: float | None
    unclipped: bool = False
    targets: tuple[str, ...]
    methods: tuple[MethodTimes, ...]
    picks: tuple[Pick, ...]
    notes: tuple[str, ...]

    @property
    def start(self) -> str:
        """What gains are counted from, for people."""
        return "noisy" if self.setting.is_denoising else "least squares"
