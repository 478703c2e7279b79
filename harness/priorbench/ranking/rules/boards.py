"""The data of a board of rules, without any layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from priorbench.ranking.boards import Difference, Setting
from priorbench.ranking.claims import Claims


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleRow:
    """One stopping rule of one method on one board.

    The image is the unit: repetitions are averaged within an image first. Shares are of images.

    Attributes
    ----------
    method : str
        label of the method, with its `conditions` as far as rows of the board differ in them.
    denoiser, device, threads, conditions : str or int or tuple of str
        what ran, as in a row of the leaderboard.
    stopping_rule : str
        label of the rule, with what is reported and ``+stop-now``: ``es-wmv+ema-0.99+stop-now``.
    rule : str
        its registered name; empty where it is not known.
    average : str, default 'raw'
        which image of the fit is reported: the iterate, or an average of the outputs until then.
    stop_now : bool, default False
        the fit was one of its own, which ended when the rule stopped.
    oracle : bool, default False
        it sees the clean image, and is in no comparison but where it is asked for.
    trained_on : tuple of str, default ()
        data that the method was trained on.
    unranked : str, default ''
        why the rule is not compared with the others as one of them.
    images : int
        with a usable result.
    psnr : float or None
        mean over the images, in dB.
    infinite : int, default 0
        images that were restored exactly; their PSNR is in no mean, their gap is 0.
    gap_median, gap_95 : float or None, optional
        median and 95th percentile (linearly interpolated), over images, of the gap: PSNR of the best iterate
        of the same trajectory less that of the result, in dB; of averages, if these are reported.
    over_gap : float or None, optional
        failure rate: share of the images with a gap over that of the board.
    gap_images : int, default 0
        images whose gap is known.
    full_bound : int, default 0
        of these, the images on which an oracle rule looked at the same trajectory. On the others the best
        iterate is known from the curve's points and the choices of rules alone, and the gap may be too small.
    short_bound : int, default 0
        images on which another row of the same trajectory found a better iterate: the fit of this row was
        shorter, or was looked at less, so that its gap is too small.
    never_fired : float or None, optional
        share of the images (of their repetitions) on which the criterion was not met before the budget was
        spent; None for a rule without a criterion, and where records do not say.
    stopped_at, iterations : float or None, optional
        medians over images of the iteration at which the rule stopped, and of that which it chose.
    fired_alike : int or None, optional
        the one iteration at which the rule fired on every image and draw; None where it did not, or at
        several.
    seconds : float or None, optional
        median over images of the wall time; None where timings were taken in unlike environments.
    tainted : int, default 0
        trials whose timing is marked.
    failed_fits, fits_judged : int, default 0
        images on which a fit failed (see `Record.fit_failed`), and images of
        which records say whether one did.
    failures : Mapping[str, int], optional
        status -> trials without a result, those that were refused among them.
    refusals : Mapping[str, int], optional
        reason -> trials that were refused; reasons that differ in numbers only are one.
    against : str or None, optional
        `stopping_rule` of the row that this one is compared with.
    difference : Difference or None, optional
        of this row's PSNR to that row's; None for that row itself, and without a common image.
    settings : str, default ''
        hash of the method and the rule behind the labels, with all parameters.
    """

    method: str
    denoiser: str
    device: str
    threads: int
    conditions: tuple[str, ...] = ()
    stopping_rule: str
    rule: str
    average: str = "raw"
    stop_now: bool = False
    oracle: bool = False
    trained_on: tuple[str, ...] = ()
    unranked: str = ""
    images: int
    psnr: float | None
    infinite: int = 0
    gap_median: float | None = None
    gap_95: float | None = None
    over_gap: float | None = None
    gap_images: int = 0
    full_bound: int = 0
    short_bound: int = 0
    never_fired: float | None = None
    stopped_at: float | None = None
    iterations: float | None = None
    fired_alike: int | None = None
    seconds: float | None = None
    tainted: int = 0
    failed_fits: int = 0
    fits_judged: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)
    refusals: Mapping[str, int] = field(default_factory=dict)
    against: str | None = None
    difference: Difference | None = None
    settings: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RulesBoard:
    """The rules of all methods on one image set under one noise and operator.

    Attributes
    ----------
    protocol : int
        version of the rules of noise, clock and score.
    setting, labels : Setting
        image set, noise and operator, by names that tell unlike ones apart, and as suites call them.
    images : int
        images that any row has a result for.
    gap : float
        a larger gap is a failure, in dB.
    against : str or None
        the rule that all others were asked to be compared with; None for the best of each method.
    claims : Claims
        when rules are told apart: all pairs of rules of the same method, on the whole board, are one family;
        with `against`, all comparisons with that rule are.
    rows : tuple of RuleRow
        by method; of a method by median gap, then rows that are not compared, oracles last.
    notes : tuple of str, default ()
        what a reader must know.
    """

    protocol: int
    setting: Setting
    labels: Setting
    images: int
    gap: float
    against: str | None
    claims: Claims
    rows: tuple[RuleRow, ...]
    notes: tuple[str, ...] = ()
