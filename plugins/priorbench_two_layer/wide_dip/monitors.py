"""Quantities of the lemmas of the wide deep inverse prior, measured on a network (Lemmas 1 to 4).

The Jacobian of g with respect to W is J = (1 / sqrt(k)) [phi'(w_i . u) V_i u^T]_i, n x k d. Its Gram matrix H
= J J^T = (||u||^2 / k) sum_i phi'(w_i . u)^2 V_i V_i^T has everything that the theory needs, without d. J has
rank k at most: for n > k sigma_min(J) = 0, and Theorem 1 is silent, although only A J matters and fits
succeed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from priorbench.toolkit.checks import at_least, within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from priorbench_two_layer.wide_dip.activation import Activation


def gram(V: NDArray[Any], slope: NDArray[Any], u_energy: float = 1.0) -> NDArray[np.float64]:
    """Return H = J J^T, (n, n).

    Parameters
    ----------
    V : ndarray
        (n, k).
    slope : ndarray
        phi'(W u), (k,).
    u_energy : float, default 1.0
        ||u||^2.
    """
    scaled = V * slope
    H: NDArray[np.float64] = u_energy / V.shape[1] * scaled @ scaled.T
    return H


def smallest_singular_value(V: NDArray[Any], slope: NDArray[Any], u_energy: float = 1.0) -> float:
    """Return sigma_min(J), from V diag(phi') itself and not from its square; 0 where n > k."""
    n, k = V.shape
    if n > k:
        return 0.0
    return float(np.linalg.svd(V * slope, compute_uv=False)[-1]) * math.sqrt(u_energy / k)


def jacobian_distance(
    V: NDArray[Any], slope: NDArray[Any], other: NDArray[Any], u_energy: float = 1.0
) -> float:
    """Return ||J(W) - J(W~)||, given phi' at both, (k,)."""
    return float(np.linalg.norm(V * (slope - other), 2)) * math.sqrt(u_energy / V.shape[1])


def smallest_singular_value_of(A: NDArray[Any]) -> float:
    """Return sigma_A = inf over Im A of ||A^T z|| / ||z||: the smallest non-zero singular value of A."""
    values = np.linalg.svd(A, compute_uv=False)
    return float(values[values > values[0] * max(A.shape) * np.finfo(np.float64).eps][-1])


def lemma_2_failure(phi: Activation, *, n: int, k: int, D: float, delta: float = 0.5) -> float:
    """Return the matrix Chernoff bound on P(sigma_min(J_0) <= delta C_phi'), 1 where it says nothing.

    n exp(-(1 - delta)^2 k C_phi'^2 / (2 B^2 D^2 n)). Lemma 2 has delta = 1/2: sigma_min(J_0) >= C_phi' / 2
    with probability at least 1 - 1 / n if k >= C n log n. B bounds phi' here.

    Parameters
    ----------
    phi : Activation
        the activation.
    n, k : int
        dimensions.
    D : float
        bound on the entries of V.
    delta : float, default 0.5
        in [0, 1).
    """
    at_least(1, n=n, k=k)
    within(0, 1, delta=delta)
    exponent = (1 - delta) ** 2 * k * phi.C_phi_prime**2 / (2 * phi.slope_bound**2 * D**2 * n)
    return min(1.0, n * math.exp(-exponent))


def lemma_3(phi: Activation, *, n: int, k: int, D: float) -> float:
    """Return B D sqrt(n / k), the bound on the Lipschitz constant of J."""
    return phi.B * D * math.sqrt(n / k)


def lemma_4(A: NDArray[Any], x: NDArray[Any], noise: NDArray[Any], *, d: int, constant: float = 1.0) -> float:
    """Return ||A|| (C sqrt(n log d) + sqrt(n) ||x||_inf + sqrt(m) ||eps||_inf), which bounds ||y(0) - y||.

    With probability 1 - 1 / d; the constant C is not published. As printed: ||A|| multiplies the noise, too.
    """
    m, n = A.shape
    terms = constant * math.sqrt(n * math.log(d)) + math.sqrt(n) * float(np.abs(x).max())
    return float(np.linalg.norm(A, 2)) * (terms + math.sqrt(m) * float(np.abs(noise).max(initial=0.0)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Radii:
    """Lemma 1's radii.

    Attributes
    ----------
    R : float
        sigma_min(J_0) / (2 Lip J): within it sigma_min(J) >= sigma_min(J_0) / 2.
    R_prime : float
        2 ||y(0) - y|| / (sigma_A sigma_min(J_0)): the trajectory stays within it.
    """

    R: float
    R_prime: float

    @property
    def stays(self) -> bool:
        """Whether R' < R, so that the Jacobian stays well conditioned for all t."""
        return self.R_prime < self.R


def lemma_1(*, sigma_min: float, lipschitz: float, sigma_A: float, r0: float) -> Radii:
    """Return Lemma 1's radii.

    Parameters
    ----------
    sigma_min : float
        sigma_min(J_0).
    lipschitz : float
        Lipschitz constant of J, for example that of `lemma_3`.
    sigma_A : float
        see `smallest_singular_value_of`.
    r0 : float
        ||y(0) - y||.
    """
    return Radii(
        R=sigma_min / (2 * lipschitz),
        R_prime=math.inf if sigma_min == 0 else 2 * r0 / (sigma_A * sigma_min),
    )
