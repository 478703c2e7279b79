"""What a leaderboard says: plain records, for whatever draws them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from priorbench.contract.setting import Setting


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """A 95 % interval over images.

    Attributes
    ----------
    low, high : its ends.
    kind : "bca" for the bias-corrected and accelerated bootstrap; "percentile" where that is undefined;
        "constant" where all images say the same.
    """

    low: float
    high: float
    kind: str = "bca"


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A method's PSNR minus another's, on the images that both restored from the same noisy pixels.

    Attributes
    ----------
    images : how many; an image that either restored exactly has no PSNR and is not among them.
    mean : in dB.
    interval : None for fewer than two images.
    p : two-sided, Wilcoxon signed-rank.
    p_holm : the same, corrected by Holm's method for all comparisons that are shown with it.
    win_rate : share of the images with the higher PSNR; a tie counts one half.
    """

    images: int
    mean: float
    interval: Interval | None
    p: float
    p_holm: float
    win_rate: float


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeRatio:
    """A method's time over another's, on the images that both were timed on under the same conditions.

    Attributes
    ----------
    images : how many.
    value : ratio of the geometric means.
    interval : None for fewer than two images.
    """

    images: int
    value: float
    interval: Interval | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One method under one stopping rule on one board.

    Attributes
    ----------
    name : the shortest name of the row that is unique on its board: ``label``, ``label@rule``, ...
    rank : by mean PSNR among the rows that may be ranked; None with `unranked` saying why.
    tied : the rank is shared.
    denoiser, stopping_rule, device, threads : what ran; `denoiser` is the label.
    images : images with a usable result; repetitions are averaged within an image first.
    failures : status -> trials without a result.
    psnr, ssim, gain : means over the images; `gain` over the noisy image, in dB.
    metrics : means of further metrics, by name; None where no image has one.
    psnr_interval : of the mean; how far it would move with other images of the kind.
    infinite : images that were restored exactly; their PSNR is in no mean.
    difference : to the board's reference; None for the reference itself, and without a common image.
    oracle_psnr : mean of the best iterates that the harness saw, a bound that uses the clean image.
    seconds : median wall time for one image; None where timings were taken under unlike conditions.
    seconds_mean : geometric mean, likewise.
    time_ratio : to the board's reference, among trials of one environment, device and number of threads.
    memory_bytes : largest peak.
    tainted : trials whose timing is marked.
    iterations : median number of iterations until the returned iterate.
    """

    name: str
    rank: int | None = None
    tied: bool = False
    unranked: str = ""
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
    infinite: int
    difference: Difference | None = None
    oracle_psnr: float | None
    seconds: float | None
    seconds_mean: float | None
    time_ratio: TimeRatio | None = None
    memory_bytes: int | None
    tainted: int
    iterations: float | None
    trained_on: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """The ranking on one image set under one noise and operator.

    Attributes
    ----------
    setting : image set, noise and operator.
    images : images of the set that any method was run on.
    noisy_psnr : mean PSNR of the noisy images, in dB; with another operator than the identity, of A^+ y.
    reference : name of the row that the others are compared with; None where no row can be.
    resamples : how many made the intervals.
    rows : ranked rows first, best first; then the others.
    notes : what a reader must know.
    """

    protocol: int
    setting: Setting
    images: int
    noisy_psnr: float | None
    reference: str | None
    resamples: int
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    @property
    def start(self) -> str:
        """What `noisy_psnr` is of, and gains are counted from, for people."""
        return "noisy" if self.setting.is_denoising else "least squares"
