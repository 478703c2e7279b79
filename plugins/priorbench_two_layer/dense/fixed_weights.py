"""Output weights: for k >= 2 n, fixed ones reach whatever trained ones reach (Heckel & Soltanolkotabi 2020,
2.3).

ReLU is homogeneous: v_j ReLU(U c_j) = sign(v_j) ReLU(U |v_j| c_j). So the part of an output that positive
weights make is a sum of vectors ReLU(U c) with positive factors, and by Caratheodory's theorem n of them are
enough; the negative part needs n others. Fixed weights, half 1 / sqrt(k) and half -1 / sqrt(k), have n of
each for k >= 2 n.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import nnls

from priorbench_two_layer.dense.descent import descend
from priorbench_two_layer.jacobian import output_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray


def with_fixed_weights(U: NDArray[Any], C: NDArray[Any], v: NDArray[Any], k: int) -> NDArray[np.float64]:
    """Return weights C', (m, k), whose output with fixed weights is that of C with v.

    Parameters
    ----------
    U : ndarray
        any matrix (n, m).
    C, v : ndarray
        weights (m, K) and output weights (K,), any width K.
    k : int
        even, at least 2 n.
    """
    n = len(U)
    if k < 2 * n:
        raise ValueError(f"k must be at least 2 n = {2 * n}, not {k}: fewer may not do")
    fixed = output_weights(k)
    made = np.zeros((C.shape[0], k))
    for first, sign in ((0, 1), (k // 2, -1)):
        chosen = np.flatnonzero(sign * v > 0)
        columns = C[:, chosen] * np.abs(v[chosen])
        parts = np.maximum(U @ columns, 0)
        if not parts.any():
            continue
        factors, _ = nnls(parts, parts.sum(axis=1), maxiter=50 * (parts.shape[1] + 1))
        used = np.flatnonzero(factors)
        made[:, first : first + len(used)] = columns[:, used] * factors[used] / abs(fixed[0])
    return made


def fixed_against_trained(
    *, seed: int, n: int = 24, k: int = 64, width: int = 400, steps: int = 400
) -> dict[str, Any]:
    """Compare fixed with trained output weights: what they reach, and how fast they fit noise.

    U is a Gaussian matrix with rows of norm about 1.

    Parameters
    ----------
    seed : int
        of U, the weights and the target.
    n : int, default 24
        entries.
    k : int, default 64
        width of the network with fixed weights, at least 2 n.
    width : int, default 400
        width of the network with free, Gaussian weights.
    steps : int, default 400
        of gradient descent on both, from the same start of width k.

    Returns
    -------
    dict
        `gap`, the distance between an output of the wide free network and the fixed one made from it, over
        the output's norm; `used`, how many columns that needs; `fixed` and `trained`, ||G - y|| / ||y|| after
        `steps` steps on C, and on C and v.
    """
    rng = np.random.default_rng(seed)
    U = rng.standard_normal((n, n)) / n**0.5
    C, v = rng.standard_normal((n, width)), rng.standard_normal(width)
    output = np.maximum(U @ C, 0) @ v
    made, weights = with_fixed_weights(U, C, v, k), output_weights(k)
    y, C_0 = rng.standard_normal(n), rng.standard_normal((n, k))
    slope = float(np.linalg.norm(U, 2)) ** 2
    slope_v = slope + float(np.linalg.norm(np.maximum(U @ C_0, 0), 2)) ** 2
    ends = {
        name: descend(U, C_0, weights, y, eta=1 / bound, at=(steps,), train_v=train_v).outputs[-1]
        for name, train_v, bound in (("fixed", False, slope), ("trained", True, slope_v))
    }
    return {
        "gap": float(np.linalg.norm(np.maximum(U @ made, 0) @ weights - output) / np.linalg.norm(output)),
        "used": int(np.count_nonzero(made.any(axis=0))),
        **{name: float(np.linalg.norm(end - y) / np.linalg.norm(y)) for name, end in ends.items()},
    }
