"""Theorem 1 of the wide deep inverse prior: when the flow converges, how fast, which width suffices."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from priorbench.toolkit.checks import at_least
from priorbench_two_layer.bounds import Condition

if TYPE_CHECKING:
    from priorbench_two_layer.wide_dip.activation import Activation


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """What Theorem 1(i) asks of the first network.

    Attributes
    ----------
    m : int
        measurements.
    sigma_A : float
        smallest non-zero singular value of A.
    sigma_min : float
        sigma_min(J(theta_0)).
    lipschitz : float
        Lipschitz constant of J.
    r0 : float
        ||y - A g(theta_0)||.
    """

    m: int
    sigma_A: float  # noqa: N815
    sigma_min: float
    lipschitz: float
    r0: float

    @property
    def condition(self) -> Condition:
        """Eq. 5: ||y - A g(theta_0)|| / sigma_A < sigma_min(J_0)^2 / (4 Lip(J))."""
        return Condition(
            statement="||y - A g(theta_0)|| / sigma_A < sigma_min(J_0)^2 / (4 Lip(J))",
            value=self.r0 / self.sigma_A,
            limit=self.sigma_min**2 / (4 * self.lipschitz),
        )

    @property
    def rate(self) -> float:
        """Of eq. 8, sigma_min(J_0)^2 sigma_A^2 / (4 m)."""
        return (self.sigma_min * self.sigma_A) ** 2 / (4 * self.m)

    def residual_bound(self, t: float) -> float:
        """Return eq. 8's bound on ||y(t) - y||, ||y(0) - y|| exp(-sigma_min(J_0)^2 sigma_A^2 t / (4 m))."""
        return self.r0 * math.exp(-self.rate * t)

    def stopping_time(self, noise: float) -> float:
        """Return eq. 6's time, from which on ||y(t) - ybar|| <= 2 ||eps||.

        4 m log(||y - A g(theta_0)|| / ||eps||) / (sigma_A^2 sigma_min(J_0)^2)

        Parameters
        ----------
        noise : float
            ||eps||, above 0.
        """
        if not noise > 0:
            raise ValueError(f"||eps|| must be above 0, not {noise}: without noise there is no time to stop")
        return math.inf if self.rate == 0 else max(0.0, math.log(self.r0 / noise) / self.rate)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """Sizes of a two-layer problem, and D, the bound on the entries of V."""

    n: int
    m: int
    d: int
    D: float = 1.0

    def __post_init__(self) -> None:
        at_least(1, n=self.n, m=self.m)
        at_least(2, d=self.d)

    @property
    def spread(self) -> float:
        """sqrt(n) (sqrt(log d) + 1) + sqrt(m), the growth of ||y(0) - y|| in Theorem 1(ii)."""
        return math.sqrt(self.n) * (math.sqrt(math.log(self.d)) + 1) + math.sqrt(self.m)


def sufficient_width(sizes: Sizes, *, kappa: float = 1.0, constant: float = 1.0) -> float:
    """Return C_1 kappa(A)^2 n (sqrt(n) (sqrt(log d) + 1) + sqrt(m))^2, the k of Theorem 1(ii).

    The constant is not published, so that only exponents can be compared.
    """
    return constant * kappa**2 * sizes.n * sizes.spread**2


def proven_width(sizes: Sizes, phi: Activation, *, kappa: float = 1.0, constant: float = 1.0) -> float:
    """Return the k from which C_1 kappa (sqrt(n) (sqrt(log d) + 1) + sqrt(m)) < C_phi'^2 sqrt(k) / (16 B D
    sqrt(n)).

    This condition of the proof has all constants but C_1. Fits succeed at widths smaller by many orders of
    magnitude.
    """
    root = 16 * phi.B * sizes.D * math.sqrt(sizes.n) * constant * kappa * sizes.spread / phi.C_phi_prime**2
    return root**2


def sufficient_time(
    phi: Activation, *, m: int, sigma_A: float, r0: float, noise: float, constant: float = 16.0
) -> float:
    """Return C_2 m log(||y - A g(u, W(0))|| / ||eps||) / (sigma_A^2 C_phi'^2) (Theorem 1(ii)).

    Lemma 2 in eq. 6 gives C_2 = 16; the division by ||eps||, which the print lacks, is eq. 6's.
    """
    return constant * m * math.log(r0 / noise) / (sigma_A * phi.C_phi_prime) ** 2
