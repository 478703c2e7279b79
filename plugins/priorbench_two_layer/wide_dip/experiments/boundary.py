"""The width at which half of the runs converge, and how it grows with m or n."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import linregress

from priorbench_two_layer.wide_dip.experiments.cell import cell

#: widths that are tried, in units of m
FACTORS = (3.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 14.0, 16.0, 20.0, 28.0)


def half_width(
    *, seed: int, m: int, n: int, runs: int = 20, steps: int = 25_000, factors: Sequence[float] = FACTORS
) -> dict[str, Any]:
    """Return the width k at which the share of runs that converge goes through 1/2.

    Parameters
    ----------
    seed, m, n, runs, steps : int
        see `priorbench_two_layer.wide_dip.experiments.cell.cell`.
    factors : Sequence[float], default FACTORS
        widths to try, in units of m, rising.

    Returns
    -------
    dict
        `k` tried; `success` with step 1 and `success_stable` with the stable step, lists; `half` and
        `half_stable`, the widths, interpolated, or None where the share does not go through 1/2.
    """
    widths = [round(factor * m) for factor in factors]
    cells = [cell(seed=seed, m=m, n=n, k=k, runs=runs, steps=steps, programmes=0) for k in widths]
    shares = {name: [one[name] for one in cells] for name in ("success", "success_stable")}
    return {
        "m": m,
        "n": n,
        "k": widths,
        **shares,
        "half": crossing(widths, shares["success"]),
        "half_stable": crossing(widths, shares["success_stable"]),
    }


def crossing(widths: Sequence[float], shares: Sequence[float], level: float = 0.5) -> float | None:
    """Return the width after which the share stays at or above `level`, interpolated; None for none."""
    below = [i for i, share in enumerate(shares) if share < level]
    if not below or below[-1] == len(shares) - 1:
        return None
    i = below[-1]
    part = (level - shares[i]) / (shares[i + 1] - shares[i])
    return float(widths[i] + part * (widths[i + 1] - widths[i]))


def exponent(sizes: Sequence[float], widths: Sequence[float]) -> float:
    """Return b of the line log k = a + b log size through the half-success widths, by least squares."""
    return float(linregress(np.log(sizes), np.log(widths)).slope)
