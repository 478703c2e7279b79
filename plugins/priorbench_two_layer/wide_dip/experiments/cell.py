"""One cell of Fig. 1 of Buskulic, Queau & Fadili 2023: how many runs reach the tolerance.

A grid is a list of cells, `grid`, each computed by itself from the same seed: the draws of a cell depend on
the seed and its sizes (m, n, k), not on the other cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from priorbench.toolkit.checks import at_least, one_of
from priorbench_two_layer.wide_dip.activation import ActivationName, activation
from priorbench_two_layer.wide_dip.problem import Columns, Reduced, curvature, draw_reduced
from priorbench_two_layer.wide_dip.reachability import least_margin
from priorbench_two_layer.wide_dip.reduced import Descent, Runs, fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from priorbench_two_layer.wide_dip.activation import Activation

Panel = Literal["1a", "1b"]
#: below this margin of the linear programme, runs may need more steps than the paper gives them
UNCLEAR = 0.015


def grid(panel: Panel, *, cells: int = 20) -> list[dict[str, int]]:
    """Return the sizes of the cells of Fig. 1a or 1b, k fastest.

    k runs from 20 to 1000 in both. In 1a m = 10 and n runs from 60 to 3000; in 1b n = 60 and m to 60. The
    paper gives the ends, but for the smallest n and the range of m, and no spacing: here it is even.

    Parameters
    ----------
    panel : {'1a', '1b'}
        which.
    cells : int, default 20
        for each axis.
    """
    one_of(get_args(Panel), panel=panel)
    at_least(2, cells=cells)
    widths = [int(k) for k in np.linspace(20, 1000, cells)]
    if panel == "1a":
        return [{"m": 10, "n": int(n), "k": k} for n in np.linspace(60, 3000, cells) for k in widths]
    return [{"m": int(m), "n": 60, "k": k} for m in np.linspace(60 / cells, 60, cells) for k in widths]


def cell(
    *,
    seed: int,
    m: int,
    n: int,
    k: int,
    runs: int = 50,
    steps: int = 25_000,
    tolerance: float = 1e-7,
    eta: float = 1.0,
    programmes: int | None = None,
    phi: ActivationName = "sigmoid",
    columns: Columns = "rademacher",
    kappa: float | None = None,
) -> dict[str, Any]:
    """Fit the runs of one cell with step `eta` and with a stable step, and ask the linear programme.

    A, V, x and h_0 are drawn anew for each run. The stable step is min(eta, 1 / lambda_max(K_0)): a run for
    which `eta` is no longer than that is not fitted twice. A run that is certified never to reach the
    tolerance ends early; its outcome is the same.

    Parameters
    ----------
    seed : int
        of the draws, together with m, n and k.
    m, n, k : int
        measurements, length of the signal, width.
    runs : int, default 50
        draws.
    steps : int, default 25000
        at most, for each run.
    tolerance : float, default 1e-7
        of the loss ||A g - y||^2 / (2 m).
    eta : float, default 1.0
        step size of the paper.
    programmes : int or None, optional
        how many of the runs get the linear programme; null takes all.
    phi : {'sigmoid', 'tanh'}, default 'sigmoid'
        activation.
    columns : {'rademacher', 'uniform'}, default 'rademacher'
        entries of V.
    kappa : float or None, optional
        condition number of A; null takes i.i.d. N(0, 1), see
        `priorbench_two_layer.wide_dip.problem.operator`.

    Returns
    -------
    dict
        m, n, k, runs; `success` and `success_stable`, shares of runs that reach the tolerance; `abandoned`,
        the share that is certified not to, and `spent`, that of runs that took all steps; `steps`, the median
        of successful runs or None; `unstable`, the share with eta lambda_max(K_0) > 2; `curvature`, the mean
        of lambda_max(K_0); `margins` of the linear programme, None for a y that is not in the range of B;
        `feasible`, the share of margins above 0; `clear` and `agree`, how many margins are further than 0.015
        from 0, and how many of these runs end, with the stable step, as their sign says.
    """
    activation_, rng = activation(phi), np.random.default_rng([seed, m, n, k])
    batch = draw_reduced(runs, m=m, n=n, k=k, rng=rng, kind=columns, kappa=kappa)
    descent = Descent(eta=eta, tolerance=tolerance, steps=steps)
    stated, largest = fit(batch, activation_, descent), curvature(batch, activation_.slope(batch.h))
    stable = _stable(batch, activation_, descent, stated, largest)
    asked = runs if programmes is None else min(programmes, runs)
    margins = [least_margin(batch.B[run], batch.y[run], activation_) for run in range(asked)]
    clear = [run for run, e in enumerate(margins) if abs(e) > UNCLEAR]
    return {
        "m": m,
        "n": n,
        "k": k,
        "runs": runs,
        "success": float(stated.converged.mean()),
        "success_stable": float(stable.mean()),
        "abandoned": float(stated.abandoned.mean()),
        "spent": float(np.mean(~stated.converged & ~stated.abandoned)),
        "steps": float(np.median(stated.steps[stated.converged])) if stated.converged.any() else None,
        "unstable": float((eta * largest > 2).mean()),
        "curvature": float(largest.mean()),
        "margins": [e if np.isfinite(e) else None for e in margins],
        "feasible": float(np.mean([e > 0 for e in margins])) if asked else None,
        "clear": len(clear),
        "agree": sum(bool(stable[run]) == (margins[run] > 0) for run in clear),
    }


def _stable(
    batch: Reduced, phi: Activation, descent: Descent, stated: Runs, largest: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return which runs converge with the step min(eta, 1 / lambda_max(K_0))."""
    converged, shorter = stated.converged.copy(), largest * (descent.eta or 1.0) > 1
    if shorter.any():
        part = Reduced(B=batch.B[shorter], y=batch.y[shorter], h=batch.h[shorter], u_energy=batch.u_energy)
        settings = Descent(
            eta=None, tolerance=descent.tolerance, steps=descent.steps, check_every=descent.check_every
        )
        converged[shorter] = fit(part, phi, settings).converged
    return converged
