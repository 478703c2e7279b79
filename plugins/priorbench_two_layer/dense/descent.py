"""Gradient descent on C, and on v if asked, of ReLU(U C) v for any U.

c_j <- c_j - eta v_j U^T (1{U c_j > 0} * r), r = G(C) - y.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Trajectory:
    """A fit at the iterations that were asked for.

    Attributes
    ----------
    at : tuple of int
        iterations, (T,).
    outputs : ndarray of float64
        G(C_tau), (T, n).
    moved : ndarray of float64
        ||C_tau - C_0||, the Frobenius norm, (T,).
    flipped : ndarray of float64
        share of the signs of U C that are not what they were at first, (T,).
    C, v : ndarray of float64
        last weights.
    """

    at: tuple[int, ...]
    outputs: NDArray[np.float64]
    moved: NDArray[np.float64]
    flipped: NDArray[np.float64]
    C: NDArray[np.float64]
    v: NDArray[np.float64]


def descend(
    U: NDArray[Any],
    C: NDArray[Any],
    v: NDArray[Any],
    y: NDArray[Any],
    *,
    eta: float,
    at: Iterable[int],
    train_v: bool = False,
) -> Trajectory:
    """Fit y from the weights C and v, which are left as they are, on (1/2) ||G - y||^2.

    Parameters
    ----------
    U : ndarray
        any matrix (n, m).
    C, v : ndarray
        first weights (m, k) and (k,).
    y : ndarray
        target (n,).
    eta : float
        step size.
    at : Iterable[int]
        iterations to keep, from 0 on.
    train_v : bool, default False
        step on v, too; the paper's v is fixed.
    """
    wanted = sorted(set(at))
    C, v = np.array(C, dtype=np.float64), np.array(v, dtype=np.float64)
    first, Z = C.copy(), U @ C
    signs = Z > 0
    outputs: list[NDArray[np.float64]] = []
    moved, flipped = [], []
    for tau in range(wanted[-1] + 1):
        active = np.maximum(Z, 0)
        output = active @ v
        if tau == wanted[len(outputs)]:
            outputs.append(output)
            moved.append(float(np.linalg.norm(C - first)))
            flipped.append(float(np.mean((Z > 0) != signs)))
        if tau == wanted[-1]:
            break
        r = output - y
        step_v = active.T @ r
        C -= eta * (U.T @ ((Z > 0) * r[:, None])) * v
        if train_v:
            v -= eta * step_v
        Z = U @ C
    return Trajectory(
        at=tuple(wanted),
        outputs=np.array(outputs),
        moved=np.array(moved),
        flipped=np.array(flipped),
        C=C,
        v=v,
    )
