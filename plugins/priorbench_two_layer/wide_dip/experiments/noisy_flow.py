"""The gradient flow with noise: eq. 8's rate and eq. 6's time, after which ||y(t) - ybar|| <= 2 ||eps||."""

from __future__ import annotations

from typing import Any

import numpy as np

from priorbench_two_layer.wide_dip.activation import ActivationName, activation
from priorbench_two_layer.wide_dip.bounds import Start
from priorbench_two_layer.wide_dip.flow import integrate
from priorbench_two_layer.wide_dip.monitors import (
    lemma_3,
    smallest_singular_value,
    smallest_singular_value_of,
)
from priorbench_two_layer.wide_dip.problem import draw


def noisy_flow(
    *,
    seed: int,
    m: int = 4,
    n: int = 12,
    k: int = 400,
    noise: float = 0.1,
    points: int = 60,
    phi: ActivationName = "sigmoid",
) -> dict[str, Any]:
    """Integrate the flow of one problem up to twice eq. 6's time.

    Parameters
    ----------
    seed : int
        of the draws.
    m, n, k : int
        sizes, k at least n: for n > k sigma_min(J_0) = 0 and the theorem gives no time.
    noise : float, default 0.1
        standard deviation of eps.
    points : int, default 60
        times, evenly spaced in the logarithm, and 0.
    phi : {'sigmoid', 'tanh'}, default 'sigmoid'
        activation.

    Returns
    -------
    dict
        `t`; `residual` = ||y(t) - y||; `rate_bound`, eq. 8's; `error` = ||y(t) - ybar||; lists. `noise` =
        ||eps||; `time`, eq. 6's; `late`, the largest error after it, over 2 ||eps||; `first`, the first time
        that was looked at with an error of at most 2 ||eps||; `condition`, whether eq. 5 holds.
    """
    if k < n:
        raise ValueError(f"k must be at least n = {n}, not {k}: else sigma_min(J_0) is 0")
    rng, function = np.random.default_rng([seed, m, n, k]), activation(phi)
    instance = draw(m=m, n=n, k=k, d=2, rng=rng, noise=noise)
    reduced = instance.reduce()
    eps = float(np.linalg.norm(instance.y - instance.A @ instance.x))
    start = Start(
        m=m,
        sigma_A=smallest_singular_value_of(instance.A),
        sigma_min=smallest_singular_value(instance.V, function.slope(reduced.h[0])),
        lipschitz=lemma_3(function, n=n, k=k, D=1.0),
        r0=float(np.linalg.norm(reduced.B[0] @ function.phi(reduced.h[0]) / k**0.5 - instance.y)),
    )
    time = start.stopping_time(eps)
    t = np.append(0.0, np.geomspace(max(time, 1.0) * 1e-5, 2 * max(time, 1.0), points))
    flow = integrate(reduced, function, t)
    errors = np.linalg.norm(flow.r + instance.y - instance.A @ instance.x, axis=1)
    within = np.flatnonzero(errors <= 2 * eps)
    return {
        "t": t.tolist(),
        "residual": np.linalg.norm(flow.r, axis=1).tolist(),
        "rate_bound": [start.residual_bound(float(now)) for now in t],
        "error": errors.tolist(),
        "noise": eps,
        "time": time,
        "late": float(errors[t >= time].max() / (2 * eps)),
        "first": float(t[within[0]]) if len(within) else None,
        "condition": start.condition.met,
    }
