"""One fit as a trajectory: when it first reaches a PSNR, and what it has at a given time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench.store.documents import PLAUSIBLE

Array = NDArray[np.float64]

#: curves are stored with five decimals, so a PSNR that is lower by less has reached its target
ROUNDING = 1e-5
#: the rule that returns the last iterate, which the log-spaced points may miss by a tenth
_LAST = "fixed"
_NONE = np.empty(0)


class DamagedError(Exception):
    """A curve whose numbers are none of a fit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fit:
    """What was seen of one fit, in the order of time; one result is one point, a failed fit has none.

    Attributes
    ----------
    seconds, iteration : ndarray of float64
        (points,) the method's own time and the iterations until then; NaN where unknown.
    psnr : ndarray of float64
        (points,) of that iterate, in dB; infinite where it equals the clean image.
    end_seconds, end_iteration : float
        of the whole fit; NaN where unknown.
    environment : str
        fingerprint of the machine and the software.
    batch : int
        images that were fitted at once, of whose time this one has a share.
    tainted : bool
        the timing is marked.
    """

    seconds: Array
    iteration: Array
    psnr: Array
    end_seconds: float
    end_iteration: float
    environment: str = ""
    batch: int = 1
    tainted: bool = False

    @property
    def failed(self) -> bool:
        """Whether nothing came of it."""
        return not len(self.psnr)

    def first(self, psnr: float) -> int | None:
        """Return the number of the first point with this PSNR at least; None where there is none."""
        reached = self.psnr >= psnr - ROUNDING
        number = int(reached.argmax()) if len(reached) else 0
        return number if len(reached) and reached[number] else None

    def last_until(self, seconds: float) -> float:
        """Return the PSNR of the last point until then; NaN where there is none."""
        number = int(self.seconds.searchsorted(seconds, side="right"))
        return float(self.psnr[number - 1]) if number else float("nan")

    def best_until(self, seconds: float) -> float:
        """Return the best PSNR of all points until then; NaN where there is none."""
        number = int(self.seconds.searchsorted(seconds, side="right"))
        return float(self.psnr[:number].max()) if number else float("nan")


def fit_of(data: Mapping[str, Any], elapsed: float) -> Fit | None:
    """Return the fit that a record's JSON form tells of; None where it tells of none.

    A curve counts whatever became of its stopping rule. Without one there is a point for a one-shot method
    or a fit that its rule ended, and a failed fit for a trial that failed. What was refused was no fit.

    Parameters
    ----------
    data : Mapping[str, Any]
        of the record.
    elapsed : float
        how long the trial took, as far as its record tells.

    Raises
    ------
    DamagedError
        If the curve is none.
    """
    seconds, iteration, psnr = _points(data)
    good = data.get("status", "ok") == "ok"
    if not len(psnr) and (data.get("status") == "refused" or (good and not _gives_one_result(data))):
        return None
    return Fit(
        seconds=seconds,
        iteration=iteration,
        psnr=psnr,
        end_seconds=float(seconds[-1]) if len(seconds) else elapsed,
        end_iteration=float(iteration[-1]) if len(iteration) else float("nan"),
        environment=data.get("environment", ""),
        batch=data.get("batch", 1),
        tainted=data.get("tainted") is not None,
    )


def _points(data: Mapping[str, Any]) -> tuple[Array, Array, Array]:
    """Return seconds, iteration and PSNR of what was seen of a fit."""
    good = data.get("status", "ok") == "ok"
    curve = data.get("curve")
    if _gives_one_result(data):
        value = _psnr(data.get("psnr"), exact=data.get("mse") == 0)
        if not good or np.isnan(value):
            return _NONE, _NONE, _NONE
        spent = data.get("iterations") if data.get("stopped_at") is None else data["stopped_at"]
        return _numbers([data.get("wall_seconds")]), _numbers([spent]), np.array([value])
    if curve is None or not curve["iteration"]:
        return _NONE, _NONE, _NONE
    seconds, iteration, psnr = _of_curve(curve)
    told = None not in (data.get("iterations"), data.get("wall_seconds"))
    if good and told and data["stopping_rule"] == _LAST:
        value = _psnr(data.get("psnr"), exact=data.get("mse") == 0)
        at = float(data["wall_seconds"]), float(data["iterations"])
        later = len(psnr) and at[0] >= seconds[-1] and at[1] > iteration[-1]
        if later and not np.isnan(value):
            return np.append(seconds, at[0]), np.append(iteration, at[1]), np.append(psnr, value)
    return seconds, iteration, psnr


def _gives_one_result(data: Mapping[str, Any]) -> bool:
    """Say whether there is nothing before the result: of one-shot methods, and of fits that a rule ended."""
    if data["stopping_rule"] is None:
        return True
    settings = data.get("stopping_parameters") or {}
    return bool(settings.get("stop_now")) and not (data.get("curve") or {}).get("iteration")


def _of_curve(curve: Mapping[str, Sequence[float | None]]) -> tuple[Array, Array, Array]:
    """Return the columns of a curve; points without a PSNR are left out."""
    seconds, iteration = _numbers(curve["wall_seconds"]), _numbers(curve["iteration"])
    _check(seconds, "wall_seconds")
    _check(iteration, "iterations")
    # no PSNR is that of an exact image, unless it is that of an iterate which is not finite
    psnr = _numbers(curve["psnr"])
    low, high = PLAUSIBLE["psnr"]
    missing = np.isnan(psnr)
    if not (missing | ((psnr >= low) & (psnr <= high))).all():
        raise DamagedError
    if not missing.any():
        return seconds, iteration, psnr
    exact = missing & ~np.isnan(_numbers(curve["residual"]))
    there = ~missing | exact
    return seconds[there], iteration[there], np.where(exact, np.inf, psnr)[there]


def _psnr(value: float | None, *, exact: bool) -> float:
    low, high = PLAUSIBLE["psnr"]
    if value is None:
        return float("inf") if exact else float("nan")
    if not low <= value <= high:
        raise DamagedError
    return float(value)


def _check(values: Array, name: str) -> None:
    """Raise `DamagedError` for what is missing, no measurement, or goes back."""
    low, high = PLAUSIBLE[name]
    if not ((values >= low) & (values <= high)).all() or (np.diff(values) < 0).any():
        raise DamagedError


def _numbers(values: Sequence[float | None]) -> Array:
    try:
        return np.array(values, dtype=np.float64)  # None becomes NaN
    except OverflowError:
        raise DamagedError from None
