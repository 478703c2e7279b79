"""What the theory speaks of beside m and n, varied: d, and the activation.

kappa(A) is varied by `priorbench_two_layer.wide_dip.experiments.cell.cell`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np

from priorbench.toolkit.checks import one_of
from priorbench_two_layer.wide_dip import full, smooth
from priorbench_two_layer.wide_dip.activation import ActivationName, activation
from priorbench_two_layer.wide_dip.problem import Instance, columns, curvature, draw_reduced
from priorbench_two_layer.wide_dip.reduced import Descent, fit

Other = Literal["softplus", "softmax"]


def dimensions(
    *, seed: int, m: int, n: int, k: int, ds: Sequence[int] = (1, 2, 50, 500), steps: int = 200
) -> dict[str, Any]:
    """Fit one problem through W in R^{k x d} for several d, from the same h_0 = W_0 u: d has no effect.

    Each W_0 is i.i.d. N(0, 1) and each u uniform on the sphere (A-1, A-2): W_0 is drawn, and its part along u
    replaced by h_0 ~ N(0, I), which is independent of the rest.

    Parameters
    ----------
    seed, m, n, k : int
        of the draws; sizes.
    ds : Sequence[int], default (1, 2, 50, 500)
        the dimensions.
    steps : int, default 200
        of gradient descent with the stable step.

    Returns
    -------
    dict
        `d`; `loss`, the last loss for each; `difference`, the largest difference between any two losses of
        one step, over the first loss; `reduced`, the last loss of the fit in h alone.
    """
    rng, phi = np.random.default_rng([seed, m, n, k]), activation("sigmoid")
    A, V = rng.standard_normal((m, n)), columns("rademacher", (n, k), rng)
    x, h = rng.standard_normal(n), rng.standard_normal(k)
    curves, eta = [], 1.0
    for d in ds:
        u, W = rng.standard_normal(d), rng.standard_normal((k, d))
        u /= np.linalg.norm(u)
        W += np.outer(h - W @ u, u)
        instance = Instance(A=A, V=V, u=u, W=W, x=x, y=A @ x)
        reduced = instance.reduce()
        eta = min(1.0, 1 / float(curvature(reduced, phi.slope(reduced.h))[0]))
        fitting = itertools.islice(full.descend(instance, phi, eta=eta), steps + 1)
        curves.append([loss for _, loss in fitting])
    alone = fit(reduced, phi, Descent(eta=eta, steps=steps, tolerance=0.0, check_every=0))
    return {
        "d": list(ds),
        "loss": [curve[-1] for curve in curves],
        "difference": float(np.ptp(curves, axis=0).max() / curves[0][0]),
        "reduced": float(alone.loss[0]),
    }


def other_activation(
    *,
    seed: int,
    phi: Other,
    m: int,
    n: int,
    k: int,
    runs: int = 20,
    steps: int = 5000,
    tolerance: float = 1e-7,
) -> dict[str, Any]:
    """Fit the runs of one cell with the softplus, or with a softmax over all units.

    Parameters
    ----------
    seed : int
        of the runs.
    m, n, k : int
        measurements, length of the signal, width.
    runs, steps : int, optional
        runs, and their steps at most.
    tolerance : float, default 1e-7
        loss at which a run has converged.
    phi : {'softplus', 'softmax'}
        which; the step is 1 / lambda_max(K_0) for the softplus and 1 for the softmax.

    Returns
    -------
    dict
        `success`, the share of runs that reach the tolerance; `feasible`, the share whose y the outputs
        contain; `predicted`, Wendel's probability of that for the softplus, 0 for the softmax; `loss`, the
        median.
    """
    one_of(get_args(Other), phi=phi)
    rng = np.random.default_rng([seed, m, n, k])
    batch = draw_reduced(runs, m=m, n=n, k=k, rng=rng)
    soft = phi == "softplus"
    etas = 1 / curvature(batch, smooth.SOFTPLUS.slope(batch.h)) if soft else np.ones(runs)
    function = smooth.softplus_step if soft else smooth.softmax_step
    reachable = smooth.in_cone if soft else smooth.in_simplex
    losses = [
        smooth.descend(B, y, h, function, eta=float(eta), steps=steps, tolerance=tolerance)[0]
        for B, y, h, eta in zip(batch.B, batch.y, batch.h, etas, strict=True)
    ]
    return {
        "m": m,
        "n": n,
        "k": k,
        "success": float(np.mean(np.array(losses) <= tolerance)),
        "feasible": float(np.mean([reachable(B, y) for B, y in zip(batch.B, batch.y, strict=True)])),
        "predicted": smooth.cone_probability(m, k) if soft else 0.0,
        "loss": float(np.median(losses)),
    }


def curvature_at_start(
    *, seed: int, m: int, n: int, k: int, runs: int = 4, phi: ActivationName = "sigmoid"
) -> dict[str, Any]:
    """Return lambda_max(K_0) of draws, and C_phi'^2 (sqrt(n) + sqrt(m))^2 / m, its value for n and k much
    above m.

    Gradient descent with step eta is linearly stable where eta lambda_max < 2.
    """
    rng, function = np.random.default_rng([seed, m, n, k]), activation(phi)
    batch = draw_reduced(runs, m=m, n=n, k=k, rng=rng)
    return {
        "curvature": curvature(batch, function.slope(batch.h)).tolist(),
        "predicted": function.C_phi_prime**2 * (n**0.5 + m**0.5) ** 2 / m,
    }
