"""Lemmas and theorems as inequalities on draws: a ratio of at most 1 is one that holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from priorbench_two_layer.circulant import Circulant, triangle
from priorbench_two_layer.closeness import Constants, theorem_4
from priorbench_two_layer.dense.reference import reference_jacobian
from priorbench_two_layer.jacobian import expected_gram, gram, jacobian, output_weights
from priorbench_two_layer.lemmas import lemma_3, lemma_5, lemma_6, lemma_7, start_energy


def nonlinear_least_squares(*, seed: int, n: int = 10, a: float = 1e-3, longest: int = 200) -> dict[str, Any]:
    """Fit f(theta) = J theta + a sin(theta), of which everything in Theorem 4 is known.

    ||J(theta) - J(theta_0)|| <= 2 a, and J(0) = J + a.

    Returns
    -------
    dict
        `residual`, `parameters` and `radius`: the largest ratios of what the theorem bounds to its bounds;
        `applies`, whether all its conditions were met.
    """
    rng = np.random.default_rng(seed)
    W, _ = np.linalg.qr(rng.standard_normal((n, n)))
    J, y, eta = W @ np.diag(np.linspace(0.5, 0.9, n)) @ W.T, rng.standard_normal(n), 1.0
    constants = Constants(alpha=0.45, beta=1.0, e0=a, e=2 * a)
    solved = float(np.linalg.norm(np.linalg.solve(J, y)))
    theta, linear, ratios, applies = np.zeros(n), np.zeros(n), [], True
    for tau in range(longest + 1):
        r, r_linear = J @ theta + a * np.sin(theta) - y, J @ linear - y
        said = theorem_4(
            constants,
            eta=eta,
            tau=tau,
            longest=longest,
            r0=float(np.linalg.norm(y)),
            pseudo_inverse_r0=solved,
        )
        applies = applies and said.applies
        ratios.append(
            (
                np.linalg.norm(r - r_linear) / said.residual,
                np.linalg.norm(theta - linear) / said.parameters,
                2 * np.linalg.norm(theta) / said.radius,
            )
        )
        theta = theta - eta * (J + a * np.diag(np.cos(theta))).T @ r
        linear = linear - eta * J.T @ r_linear
    names = ("residual", "parameters", "radius")
    return dict(zip(names, map(float, np.max(ratios, axis=0)), strict=True)) | {"applies": applies}


def lemmas(*, seed: int, n: int = 40, k: int = 200, p: float = 4.0, delta: float = 0.05) -> dict[str, Any]:
    """Return the ratio of what Lemmas 3, 5, 6 and 7 bound to their bounds, on one draw, and the reference's
    e0.

    Returns
    -------
    dict
        `lemma_3`, with its constant as 1; `lemma_5`; `lemma_6`; `lemma_7`, the largest of three radii;
        `reference` = ||J_ref - J|| / sqrt(||J J^T - Sigma||), see `priorbench_two_layer.dense.reference`;
        `start` = ||G(C_0)||^2 / E ||G(C_0)||^2.
    """
    rng, circulant = np.random.default_rng(seed), Circulant(triangle(n, p))
    U, v, C = scipy.linalg.circulant(circulant.u), output_weights(k), rng.standard_normal((n, k))
    J, expected = jacobian(U, C, v), expected_gram(U)
    away = float(np.linalg.norm(gram(U, C, v) - expected, 2))
    energy = float(np.sum((np.maximum(U @ C, 0) @ v) ** 2))
    return {
        "lemma_3": away / lemma_3(circulant, k, delta),
        "lemma_5": float(np.linalg.norm(J, 2)) / lemma_5(circulant),
        "lemma_6": energy**0.5 / lemma_6(circulant, 1.0, delta),
        "lemma_7": max(
            _moved(U, C, v, rng, radius) / lemma_7(circulant, k, radius) for radius in (0.1, 1, 7)
        ),
        "reference": float(np.linalg.norm(reference_jacobian(J, expected) - J, 2)) / away**0.5,
        "start": energy / start_energy(circulant, 1.0),
    }


def _moved(U: np.ndarray, C: np.ndarray, v: np.ndarray, rng: np.random.Generator, radius: float) -> float:
    """Return ||J(C') - J(C)|| for a C' at a distance: the blocks +-v_j diag(flipped) U."""
    direction = rng.standard_normal(C.shape)
    moved = C + radius * direction / np.linalg.norm(direction)
    flipped = ((U @ C > 0) != (U @ moved > 0)) * v
    return float(np.linalg.norm((flipped @ flipped.T) * (U @ U.T), 2) ** 0.5)
