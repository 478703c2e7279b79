"""The Jacobian of G(C) = ReLU(U C) v and its Gram matrix, expected and sampled: dense, for small n.

Heckel & Soltanolkotabi 2020, eq. 9, eq. 13, Lemma 3. These are instruments: fits use none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from priorbench.toolkit.checks import at_least
from priorbench_two_layer.dual_kernel import half_correlation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from priorbench_two_layer.circulant import Circulant


def output_weights(k: int) -> NDArray[np.float64]:
    """Return v = (1, ..., 1, -1, ..., -1) / sqrt(k), half and half, of norm 1."""
    if k < 2 or k % 2:
        raise ValueError(f"k must be even and at least 2, not {k}")
    v: NDArray[np.float64] = np.repeat([1.0, -1.0], k // 2) / k**0.5
    return v


def jacobian(U: NDArray[Any], C: NDArray[Any], v: NDArray[Any]) -> NDArray[np.float64]:
    """Return J(C), (n, k n): the blocks v_j diag(1{U c_j > 0}) U side by side (eq. 9).

    Parameters
    ----------
    U : ndarray
        any matrix (n, n).
    C : ndarray
        weights (n, k).
    v : ndarray
        output weights (k,).
    """
    active = (U @ C > 0) * v
    blocks = active[:, :, None] * U[:, None, :]
    J: NDArray[np.float64] = blocks.reshape(len(U), -1)
    return J


def gram(U: NDArray[Any], C: NDArray[Any], v: NDArray[Any]) -> NDArray[np.float64]:
    """Return J J^T = (relu'(U C) diag(v)^2 relu'(U C)^T) * (U U^T), the last product by entries, (n, n)."""
    active = (U @ C > 0) * v
    product: NDArray[np.float64] = (active @ active.T) * (U @ U.T)
    return product


def sampled_gram(circulant: Circulant, k: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return J J^T at weights drawn from N(0, 1), (n, n); its expectation is eq. 13 (Lemma 3).

    The scale of the weights does not matter. Signs of U C are drawn a slice of columns at a time, so that
    memory stays at O(n^2). One-dimensional kernels only.
    """
    at_least(1, k=k)
    n = circulant.n
    together = np.zeros((n, n), dtype=np.float32)  # counts up to k: exact below 2^24
    for start in range(0, k, 1024):
        columns = rng.standard_normal((min(1024, k - start), n))
        active = (circulant.apply(columns) > 0).astype(np.float32)
        together += active.T @ active
    lags = np.subtract.outer(np.arange(n), np.arange(n)) % n
    product: NDArray[np.float64] = together / k * circulant.autocorrelation[lags]
    return product


def expected_gram(U: NDArray[Any]) -> NDArray[np.float64]:
    """Return Sigma(U)_ij = (1/2) (1 - arccos(<u_i, u_j> / (||u_i|| ||u_j||)) / pi) <u_i, u_j>, (n, n) (eq.
    13).

    Parameters
    ----------
    U : ndarray
        any matrix (n, m) without a zero row; u_i is its row i.
    """
    norms = np.linalg.norm(U, axis=1)
    if not norms.all():
        raise ValueError(f"row {int(np.argmin(norms))} of U is zero: its direction is undefined")
    scale = np.outer(norms, norms)
    expected: NDArray[np.float64] = scale * half_correlation(np.asarray(U @ U.T) / scale)
    return expected
