"""Circulant operators, dual kernels and Jacobians: what is exact, and how draws concentrate."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from priorbench_two_layer.circulant import Circulant, triangle
from priorbench_two_layer.dual_kernel import dual_kernel
from priorbench_two_layer.jacobian import expected_gram, sampled_gram


def circulant_operator(*, seed: int, n: int = 300) -> dict[str, Any]:
    """Compare the circulant operator of a random, asymmetric kernel with its dense matrix.

    Returns
    -------
    dict
        `apply` and `norm`, the largest differences of U x and of ||U||, relative; `singular_values`, the
        largest difference between the sorted |F u| and those of the matrix.
    """
    rng = np.random.default_rng(seed)
    circulant = Circulant(np.where(np.arange(n) < 9, rng.standard_normal(n), 0))
    U, x = scipy.linalg.circulant(circulant.u), rng.standard_normal(n)
    values = np.linalg.svd(U, compute_uv=False)
    return {
        "apply": float(np.abs(circulant.apply(x) - U @ x).max() / np.abs(x).max()),
        "norm": abs(circulant.norm / float(values[0]) - 1),
        "singular_values": float(np.abs(np.sort(np.abs(circulant.spectrum))[::-1] - values).max()),
    }


def expected_jacobian(*, seed: int, n: int = 300) -> dict[str, Any]:
    """Compare the eigenvalues of eq. 13 with the squared dual kernel, of a triangle and an asymmetric kernel.

    Returns
    -------
    dict
        `triangle` and `asymmetric`, the largest differences.
    """
    random = np.where(np.arange(n) < 9, np.random.default_rng(seed).standard_normal(n), 0)
    return {
        name: float(
            np.abs(
                np.linalg.eigvalsh(expected_gram(scipy.linalg.circulant(u)))
                - np.sort(dual_kernel(Circulant(u)) ** 2)
            ).max()
        )
        for name, u in (("triangle", triangle(n, 10)), ("asymmetric", random))
    }


def concentration(*, seed: int, k: int, n: int = 300, p: float = 10.0) -> dict[str, Any]:
    """Return how near one draw of J J^T at width k comes to Sigma(U) (Lemma 3).

    Returns
    -------
    dict
        `scaled` = ||J J^T - Sigma|| sqrt(k) / ||U||^2; `largest` and `smallest` eigenvalue of the draw.
    """
    circulant = Circulant(triangle(n, p))
    H = sampled_gram(circulant, k, np.random.default_rng([seed, k]))
    values = np.linalg.eigvalsh(H)
    distance = np.linalg.norm(H - expected_gram(scipy.linalg.circulant(circulant.u)), 2)
    return {
        "scaled": float(distance * k**0.5 / circulant.norm**2),
        "largest": float(values[-1]),
        "smallest": float(values[0]),
    }
