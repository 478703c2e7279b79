"""sigma_min(J) and the Lipschitz constant of J along a fit, beside what Lemmas 1 to 4 say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from priorbench.toolkit.checks import at_least
from priorbench_two_layer.wide_dip.activation import ActivationName, activation
from priorbench_two_layer.wide_dip.monitors import (
    jacobian_distance,
    lemma_1,
    lemma_2_failure,
    lemma_3,
    lemma_4,
    smallest_singular_value,
    smallest_singular_value_of,
)
from priorbench_two_layer.wide_dip.problem import Reduced, columns, curvature, draw
from priorbench_two_layer.wide_dip.reduced import Descent, fit


def along_a_fit(
    *,
    seed: int,
    m: int,
    n: int,
    k: int,
    at: Sequence[int] = (0, 1, 10, 100, 1000),
    phi: ActivationName = "sigmoid",
) -> dict[str, Any]:
    """Fit one problem with a stable step and measure the Jacobian at some steps.

    Returns
    -------
    dict
        `at`; `loss`; `sigma_min`, of J; `moved` = ||W_t - W_0||; `lipschitz` = ||J_t - J_0|| / ||W_t - W_0||,
        None at the start; lists. `lemma_3`, the bound on the Lipschitz constant; `expected` = C_phi', which
        sigma_min tends to for k much above n; `R` and `R_prime` of Lemma 1 with the bound of Lemma 3.
    """
    rng, function = np.random.default_rng([seed, m, n, k]), activation(phi)
    instance = draw(m=m, n=n, k=k, d=2, rng=rng)
    start = instance.reduce()
    steps, h = sorted(set(at)), start.h
    seen: dict[str, list[Any]] = {name: [] for name in ("loss", "sigma_min", "moved", "lipschitz")}
    before, slope_0 = 0, function.slope(start.h[0])
    eta = 1 / float(curvature(start, slope_0[None])[0])
    for step in steps:
        now = Reduced(B=start.B, y=start.y, h=h)
        run = fit(now, function, Descent(eta=eta, steps=step - before, tolerance=0.0, check_every=0))
        h, before = run.h, step
        slope = function.slope(h[0])
        moved = float(np.linalg.norm(h[0] - start.h[0]))
        seen["loss"].append(float(run.loss[0]))
        seen["sigma_min"].append(smallest_singular_value(instance.V, slope))
        seen["moved"].append(moved)
        seen["lipschitz"].append(jacobian_distance(instance.V, slope, slope_0) / moved if moved else None)
    bound = lemma_3(function, n=n, k=k, D=1.0)
    radii = lemma_1(
        sigma_min=seen["sigma_min"][0],
        lipschitz=bound,
        sigma_A=smallest_singular_value_of(instance.A),
        r0=float(np.sqrt(2 * m * seen["loss"][0])),
    )
    return {
        "at": steps,
        **seen,
        "lemma_3": bound,
        "expected": function.C_phi_prime,
        "R": radii.R,
        "R_prime": radii.R_prime if np.isfinite(radii.R_prime) else None,
    }


def lemma_2(*, seed: int, n: int, k: int, draws: int = 50, phi: ActivationName = "sigmoid") -> dict[str, Any]:
    """Return how often sigma_min(J_0) >= C_phi' / 2 over draws, and what Lemma 2 and its proof say.

    Returns
    -------
    dict
        `share` of draws where it holds; `promised` = 1 - 1 / n; `chernoff`, the probability of failure that
        the proof gives for this k, 1 where it says nothing; `smallest` and `mean` of sigma_min / C_phi'.
    """
    at_least(1, draws=draws)
    rng, function = np.random.default_rng([seed, n, k]), activation(phi)
    values = [
        smallest_singular_value(columns("rademacher", (n, k), rng), function.slope(rng.standard_normal(k)))
        / function.C_phi_prime
        for _ in range(draws)
    ]
    return {
        "share": float(np.mean(np.array(values) >= 0.5)),
        "promised": 1 - 1 / n,
        "chernoff": lemma_2_failure(function, n=n, k=k, D=1.0),
        "smallest": float(np.min(values)),
        "mean": float(np.mean(values)),
    }


def first_residual(
    *,
    seed: int,
    m: int,
    n: int,
    k: int,
    d: int = 500,
    noise: float = 0.1,
    phi: ActivationName = "sigmoid",
) -> dict[str, Any]:
    """Return ||y(0) - y|| of one draw, Lemma 4's bound on it with C = 1, and their ratio."""
    rng, function = np.random.default_rng([seed, m, n, k]), activation(phi)
    instance = draw(m=m, n=n, k=k, d=2, rng=rng, noise=noise)
    reduced = instance.reduce()
    residual = float(np.linalg.norm(reduced.B[0] @ function.phi(reduced.h[0]) / k**0.5 - instance.y))
    bound = lemma_4(instance.A, instance.x, instance.y - instance.A @ instance.x, d=d)
    return {"residual": residual, "bound": bound, "ratio": residual / bound}
