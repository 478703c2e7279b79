"""The data of a leaderboard: boards, rows and intervals, without any layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from priorbench.contract.choice import DENOISING
from priorbench.ranking.claims import Claims
from priorbench.ranking.names import shown_name

#: an interval of a ratio of times that reaches beyond it by such a factor says nothing, and is not shown
USELESS = 1000.0


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Setting:
    """Names of an image set, a noise and an operator; what is compared is compared within one setting.

    Attributes
    ----------
    image_set, noise, operator : str
        Labels; where one label stands for several things, with what tells them apart in parentheses. The
        operator is the identity for denoising.
    salt : str, default ''
        Hash of the secret that the noise was drawn with; empty for the noise that everybody has.
    """

    image_set: str
    noise: str
    operator: str = DENOISING.label
    salt: str = ""

    def __str__(self) -> str:
        """Return the setting in words; denoising, and the noise of everybody, go without saying."""
        operator = [] if self.is_denoising else [self.operator]
        salted = [f"salted {self.salt}"] if self.salt else []
        return ", ".join([self.image_set, *operator, self.noise, *salted])

    @property
    def is_denoising(self) -> bool:
        """Whether the operator is the identity."""
        return self.operator == DENOISING.label


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """An interval over images, at the level of the board.

    Attributes
    ----------
    low, high : float
        its ends.
    """

    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A method's PSNR minus another's, on the images that both restored from the same noisy pixels.

    Attributes
    ----------
    images : int
        how many; an image that either restored exactly has no PSNR and is not among them.
    mean : float
        in dB.
    interval : Interval or None
        None for fewer than two images, and where all say the same.
    p : float
        two-sided, of the sign-flip test of the mean; an exact image counts like the largest difference.
    p_adjusted : float or None
        the same, adjusted for all comparisons of its family; None for a row that is not ranked.
    win_rate : float
        share of the images with the higher PSNR, or restored exactly; a tie counts one half.
    verdict : str
        ``better`` or ``worse`` where the methods are told apart, ``equivalent`` where the interval lies in
        the region of practical equivalence, or empty.
    """

    images: int
    mean: float
    interval: Interval | None
    p: float = 1.0
    p_adjusted: float | None = None
    win_rate: float
    verdict: str = ""

    @property
    def ends(self) -> tuple[float, float]:
        """Of the interval; the mean twice where there is none."""
        found = self.interval
        return (self.mean, self.mean) if found is None else (found.low, found.high)


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeRatio:
    """A method's time over another's, on the images that both were timed on under the same conditions.

    Attributes
    ----------
    images : int
        how many.
    value : float
        ratio of the geometric means.
    interval : Interval or None
        Student's, of the mean logarithm (kind "student"), over images, and over occasions where there are
        several. None for fewer than two images, and without a shared occasion.
    occasions : int
        occasions of the trials that are compared; 0 where the two were not timed in one, or records do not
        say when. See `priorbench.ranking.times.occasions`.
    """

    images: int
    value: float
    interval: Interval | None
    occasions: int

    @property
    def shown_interval(self) -> Interval | None:
        """The interval, if it says anything: its ends are within a factor of `USELESS` of the ratio."""
        found = self.interval
        if found is None or found.low * USELESS < self.value or found.high > self.value * USELESS:
            return None
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One method under one stopping rule on one board.

    Attributes
    ----------
    name : str
        the shortest name of the row that is unique on its board, ``label``, ``label@rule``, ..., with its
        `conditions`.
    rank : int or None, optional
        the best that the data allow: 1 and the number of rows that are shown to be better. None for a row
        that is not ranked, with `unranked` saying why.
    rank_worst : int or None, optional
        the worst that they allow: the number of ranked rows less those that are shown to be worse.
    tied : bool, default False
        another row is not told apart from it.
    groups : tuple of int, default ()
        numbers of the groups that it belongs to: largest sets of rows none of which are told apart.
    conditions : tuple of str, default ()
        device, threads, batch and environment, as far as the rows of the board differ in them.
    denoiser, stopping_rule, device, threads : str or int or None
        what ran; `denoiser` and `stopping_rule` are labels, `device` is the kind of device.
    images : int
        images with a usable result; repetitions are averaged within an image first.
    failures : dict[str, int]
        status -> trials without a result.
    psnr, ssim, gain : float or None
        means over the images; `gain` over the noisy image, in dB.
    metrics : Mapping[str, float or None], optional
        means of further metrics, by name; None where no image has one.
    psnr_interval : Interval or None, optional
        of the mean; how far it would move with other images of the kind.
    fewer : Mapping[str, int], optional
        of a field, or of ``metrics.NAME``: images that have a value, where these are fewer than `images`.
    unmeasured : Mapping[str, int], optional
        of a further metric that other results of the board have: usable results of this row that were made
        without it.
    never_fired : float or None, optional
        share of the images on which the stopping rule's criterion was not met before the budget was spent;
        None for a rule without a criterion.
    infinite : int
        images that were restored exactly; their PSNR is in no mean.
    difference : Difference or None, optional
        to the board's reference; None for the reference itself, and without a common image.
    oracle_psnr : float or None
        mean of the best iterates that the harness saw, a bound that uses the clean image.
    seconds : float or None
        geometric mean of the wall times for one image, over its repetitions and over images; None where
        timings were taken under unlike conditions.
    time_ratio : TimeRatio or None, optional
        to the board's reference, among trials of one environment, device and number of threads.
    memory_bytes : int or None
        largest peak.
    tainted : int
        trials whose timing is marked.
    iterations : float or None
        median number of iterations until the returned iterate.
    noise_correlation : float or None, optional
        mean correlation of the error and the noise that was drawn; None with another operator.
    flags : tuple of str, default ()
        what makes the row doubtful, in words: questions, and no verdict. See `priorbench.ranking.suspicion`.
    remarks : Mapping[str, int], optional
        what was odd about outputs that were scored all the same -> trials. Remarks that differ in their
        numbers are one, told as of the first image.
    settings : str, default ''
        hash of the method and the rule behind the labels, with all parameters.
    """

    name: str
    rank: int | None = None
    rank_worst: int | None = None
    tied: bool = False
    groups: tuple[int, ...] = ()
    unranked: str = ""
    conditions: tuple[str, ...] = ()
    denoiser: str
    stopping_rule: str | None
    device: str
    threads: int
    images: int
    failures: dict[str, int]
    psnr: float | None
    psnr_interval: Interval | None = None
    ssim: float | None
    gain: float | None
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    fewer: Mapping[str, int] = field(default_factory=dict)
    unmeasured: Mapping[str, int] = field(default_factory=dict)
    never_fired: float | None = None
    infinite: int
    difference: Difference | None = None
    oracle_psnr: float | None
    seconds: float | None
    time_ratio: TimeRatio | None = None
    memory_bytes: int | None
    tainted: int
    iterations: float | None
    noise_correlation: float | None = None
    flags: tuple[str, ...] = ()
    remarks: Mapping[str, int] = field(default_factory=dict)
    trained_on: tuple[str, ...] = ()
    settings: str = ""

    @property
    def shown(self) -> str:
        """The name as boards show it, in rows and in what is said of them."""
        return shown_name(self.name, self.conditions)


@dataclass(frozen=True, kw_only=True, slots=True)
class Apart:
    """Two ranked rows of a board that are told apart.

    Attributes
    ----------
    better, worse : str
        names of the rows.
    p : float
        the smallest error rate at which they are: at a level up to 1 - p, the test of all pairs and the
        interval of the difference both say so.
    """

    better: str
    worse: str
    p: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """The ranking on one image set under one noise and operator.

    Attributes
    ----------
    setting : Setting
        image set, noise and operator, by names that tell unlike ones apart.
    labels : Setting
        the same as suites call them.
    images : int
        images that ranks are over; where no row is ranked, those that any method was run on.
    repetitions : int, default 1
        noise draws of an image, of the image that has most.
    noisy_psnr : float or None
        mean PSNR of the noisy ones, in dB; with another operator than the identity, of A^+ y.
    unclipped : bool, default False
        `noisy_psnr`, and with it every gain, is of noisy images that are not clipped; outputs are.
    reference : str or None
        name of the row that the others are compared with; None where no row can be.
    reference_fixed : bool, default False
        the reference was named beforehand, so that only comparisons with it are a family of their own.
    claims : Claims
        when methods are told apart.
    rows : tuple of Row
        ranked rows first, in the order of their paired differences; then the others.
    apart : tuple of Apart, default ()
        every pair of ranked rows that is told apart.
    higher_is_better : Mapping[str, bool], optional
        of further metrics, as far as that is known.
    notes : tuple of str, default ()
        what a reader must know.
    """

    protocol: int
    setting: Setting
    labels: Setting
    images: int
    repetitions: int = 1
    noisy_psnr: float | None
    unclipped: bool = False
    reference: str | None
    reference_fixed: bool = False
    claims: Claims
    rows: tuple[Row, ...]
    apart: tuple[Apart, ...] = ()
    higher_is_better: Mapping[str, bool] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the further metrics that any row has."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row.metrics))

    @property
    def reference_shown(self) -> str:
        """The name of the reference as its row shows it; empty where there is none."""
        return next((row.shown for row in self.rows if row.name == self.reference), self.reference or "")

    @property
    def start(self) -> str:
        """What `noisy_psnr` is of, and gains are counted from, for people."""
        return "noisy" if self.setting.is_denoising else "least squares"
