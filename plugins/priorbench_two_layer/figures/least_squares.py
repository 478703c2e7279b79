"""Fig. 5: gradient descent on linear least squares fits what lies along large singular values first.

J = U diag(s) V^T with U, V and S from the singular value decomposition of a Gaussian matrix and s_i = (S_i /
S_1)^3; y = x + z with x the first left singular vector. The official code scales z to norm 1 exactly, where
the text has N(0, I / n), and its "step size 0.25" meets a gradient with a factor 1/2: eta = 0.125 on (1/2)
||y - J c||^2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from priorbench.toolkit.checks import at_least, one_of
from priorbench_two_layer.linearised import matrix_residual

if TYPE_CHECKING:
    from numpy.typing import NDArray

Reading = Literal["code", "text"]


def least_squares(*, seed: int, n: int = 100, steps: int = 1000, reading: Reading = "code") -> dict[str, Any]:
    """Return the curves of Fig. 5 for one draw, by gradient descent itself.

    Parameters
    ----------
    seed : int
        of the matrix and the noise.
    n : int, default 100
        size of the matrix.
    steps : int, default 1000
        of gradient descent from c = 0.
    reading : {'code', 'text'}, default 'code'
        ``code`` has noise of norm exactly 1 and eta = 0.125; ``text`` z ~ N(0, I / n) and eta = 0.25.

    Returns
    -------
    dict
        `singular_values`; `error` = ||J c - x|| and `residual` = ||J c - y|| after 0 ... steps steps; `least`
        and `at`, the smallest error and its step; `norm` = ||y|| and `overlap` = <x, z>; `rounding`, the
        largest difference from the closed form of Proposition 1.
    """
    one_of(get_args(Reading), reading=reading)
    at_least(1, steps=steps)
    at_least(2, n=n)
    rng = np.random.default_rng(seed)
    U, S, Vt = np.linalg.svd(rng.standard_normal((n, n)))
    s = (S / S[0]) ** 3
    x, z = U[:, 0], rng.standard_normal(n)
    z = z / (np.linalg.norm(z) if reading == "code" else n**0.5)
    J, y, eta = (U * s) @ Vt, x + z, 0.125 if reading == "code" else 0.25
    outputs = _descent(J, y, eta, steps)
    errors = np.linalg.norm(outputs - x, axis=1)
    exact = y - matrix_residual(J, y, eta, np.arange(steps + 1))
    return {
        "singular_values": s.tolist(),
        "error": errors.tolist(),
        "residual": np.linalg.norm(outputs - y, axis=1).tolist(),
        "least": float(errors.min()),
        "at": int(errors.argmin()),
        "norm": float(np.linalg.norm(y)),
        "overlap": float(x @ z),
        "rounding": float(np.abs(outputs - exact).max()),
    }


def _descent(J: NDArray[np.float64], y: NDArray[np.float64], eta: float, steps: int) -> NDArray[np.float64]:
    """Return J c_tau for tau = 0 ... steps, (steps + 1, n)."""
    c, outputs = np.zeros(J.shape[1]), np.zeros((steps + 1, len(y)))
    for step in range(1, steps + 1):
        c = c - eta * (J.T @ (outputs[step - 1] - y))
        outputs[step] = J @ c
    return outputs
