"""The gradient flow of the wide deep inverse prior, as an ordinary differential equation in m dimensions.

dh/dt = -(||u||^2 / (m sqrt(k))) phi'(h) * B^T r. With psi' = 1 / phi', psi(h_t) = psi(h_0) - ||u||^2 B^T s_t
/ (m sqrt(k)) and s_t the integral of r: only s in R^m is integrated, and Newton's method recovers
h.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.integrate import solve_ivp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from priorbench_two_layer.wide_dip.activation import Activation
    from priorbench_two_layer.wide_dip.problem import Reduced

#: Newton steps at most; h + sinh(b h) / b is convex on each side of 0, so that about ten do
_NEWTON = 60


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Flow:
    """A trajectory at the times that were asked for.

    Attributes
    ----------
    t : ndarray of float64
        times, (T,).
    r : ndarray of float64
        residuals y(t) - y, (T, m); the loss is ||r||^2 / (2 m).
    h : ndarray of float64
        W u, (T, k).
    """

    t: NDArray[np.float64]
    r: NDArray[np.float64]
    h: NDArray[np.float64]


def integrate(reduced: Reduced, phi: Activation, times: NDArray[Any], *, accuracy: float = 1e-10) -> Flow:
    """Integrate the flow of a batch of one run from t = 0.

    Parameters
    ----------
    reduced : Reduced
        one run.
    phi : Activation
        the activation.
    times : ndarray
        increasing, from 0 on.
    accuracy : float, default 1e-10
        relative and absolute tolerance of the integrator.

    Raises
    ------
    ValueError
        For a batch of several runs.
    RuntimeError
        Where the integrator gives up.
    """
    if len(reduced) != 1:
        raise ValueError(f"one run at a time is integrated, not {len(reduced)}")
    B, y, m, k = reduced.B[0], reduced.y[0], reduced.m, reduced.k
    start, rate = phi.psi(reduced.h[0]), reduced.u_energy / (m * k**0.5)

    def h_of(s: NDArray[np.float64]) -> NDArray[np.float64]:
        return inverse_psi(start - rate * (s @ B), phi)

    def residual(s: NDArray[np.float64]) -> NDArray[np.float64]:
        r: NDArray[np.float64] = B @ phi.phi(h_of(s)) / k**0.5 - y
        return r

    def jacobian(_: float, s: NDArray[np.float64]) -> NDArray[np.float64]:
        scaled = B * phi.slope(h_of(s))
        J: NDArray[np.float64] = -rate / k**0.5 * scaled @ scaled.T
        return J

    times = np.asarray(times, dtype=np.float64)
    solved = solve_ivp(
        lambda _, s: residual(s),
        (0.0, float(times[-1])),
        np.zeros(m),
        method="LSODA",
        t_eval=times,
        jac=jacobian,
        rtol=accuracy,
        atol=accuracy,
    )
    if not solved.success:
        raise RuntimeError(f"the gradient flow was not integrated: {solved.message}")
    states = solved.y.T
    return Flow(t=times, r=np.stack([residual(s) for s in states]), h=np.stack([h_of(s) for s in states]))


def inverse_psi(values: NDArray[Any], phi: Activation) -> NDArray[np.float64]:
    """Return h with psi(h) = values, by Newton's method from above, where it cannot overshoot."""
    b = phi.steepness
    target = np.abs(np.asarray(values, dtype=np.float64)) * phi.span * b / 2
    # psi(h) span b / 2 = h + sinh(b h) / b is at least 2 h, and at least its second term
    h = np.minimum(np.arcsinh(b * target) / b, target / 2)
    for _ in range(_NEWTON):
        step = (h + np.sinh(b * h) / b - target) / (1 + np.cosh(b * h))
        h = h - step
        if np.abs(step).max(initial=0.0) <= 4e-16 * max(1.0, np.abs(h).max(initial=0.0)):
            break
    solution: NDArray[np.float64] = np.sign(values) * h
    return solution
