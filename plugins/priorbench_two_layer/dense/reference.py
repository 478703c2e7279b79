"""The reference Jacobian of the proof: the matrix nearest to J(C_0) whose Gram matrix is Sigma(U).

Theorem 4 compares a fit with a linear model J that need not be J(C_0). The proof takes one with J J^T =
Sigma(U), which makes the linear model the dual kernel's, and its distance e0 from J(C_0) is at most
sqrt(||J(C_0) J(C_0)^T - Sigma(U)||). By Lemma 3 this is about beta (c log(2 n / delta) / k)^(1/4), the
proof's choice.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from priorbench.toolkit.checks import at_least, within
from priorbench_two_layer.closeness import Constants

if TYPE_CHECKING:
    from numpy.typing import NDArray


def reference_jacobian(J: NDArray[Any], expected: NDArray[Any]) -> NDArray[np.float64]:
    """Return J_ref with J_ref J_ref^T = Sigma and ||J_ref - J|| <= sqrt(||J J^T - Sigma||).

    With J = P O, P = (J J^T)^(1/2) and O of orthonormal rows, it is Sigma^(1/2) O.

    Parameters
    ----------
    J : ndarray
        J(C_0), (n, N), N at least n.
    expected : ndarray
        Sigma(U), (n, n), for example `priorbench_two_layer.jacobian.expected_gram`.
    """
    n, columns = J.shape
    if columns < n:
        raise ValueError(f"J {J.shape} needs at least as many columns as rows")
    left, _, right = np.linalg.svd(J, full_matrices=False)
    values, vectors = np.linalg.eigh(expected)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    reference: NDArray[np.float64] = root @ left @ right
    return reference


def proof_constants(
    *, alpha: float, beta: float, n: int, k: int, delta: float, xi: float, constant: float = 1.0
) -> Constants:
    """Return the constants that the proof of Theorem 3 puts into Theorem 4.

    e0 = beta (c log(2 n / delta) / k)^(1/4) and e = xi alpha^2 / (8 beta); c is not published.

    Parameters
    ----------
    alpha, beta : float
        smallest sigma, ||U||.
    n, k : int
        entries, width.
    delta, xi : float
        of Theorem 3.
    constant : float, default 1.0
        c.
    """
    at_least(1, n=n, k=k)
    within(0, 1, delta=delta)
    within(0, math.inf, xi=xi)
    e0 = beta * (constant * math.log(2 * n / delta) / k) ** 0.25
    return Constants(alpha=alpha, beta=beta, e0=e0, e=xi * alpha**2 / (8 * beta))
