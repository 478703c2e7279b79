"""The distance of a nonlinear fit from its linearisation (Heckel & Soltanolkotabi 2020, Theorem 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from priorbench_two_layer.bounds import Condition


@dataclass(frozen=True, kw_only=True, slots=True)
class Closeness:
    """What Theorem 4 promises for tau <= T.

    Attributes
    ----------
    residual : float
        bound on ||r_tau - rlin_tau||.
    parameters : float
        bound on ||theta_tau - thetalin_tau||.
    radius : float
        R; ||theta_tau - theta_0|| <= R / 2.
    conditions : tuple of Condition
        of the theorem, met or not.
    """

    residual: float
    parameters: float
    radius: float
    conditions: tuple[Condition, ...]

    @property
    def applies(self) -> bool:
        """Whether every condition is met."""
        return all(condition.met for condition in self.conditions)


@dataclass(frozen=True, kw_only=True, slots=True)
class Constants:
    """What is known of the Jacobian J(theta) around the start.

    Attributes
    ----------
    alpha, beta : float
        of Assumption 1: alpha <= sigma_n(J) <= sigma_1(J) <= beta, and ||J(theta)|| <= beta.
    e0 : float
        ||J(theta_0) - J|| of the reference Jacobian J.
    e : float
        the most of ||J(theta) - J(theta_0)|| within the radius R.
    """

    alpha: float
    beta: float
    e0: float
    e: float

    def __post_init__(self) -> None:
        if not 0 < self.alpha <= self.beta < math.inf:
            raise ValueError(f"0 < alpha <= beta is needed, not alpha = {self.alpha}, beta = {self.beta}")
        if min(self.e0, self.e) < 0:
            raise ValueError(f"e0 and e are norms: not {self.e0} and {self.e}")


def theorem_4(
    constants: Constants, *, eta: float, tau: float, longest: float, r0: float, pseudo_inverse_r0: float
) -> Closeness:
    """Return Theorem 4's bounds at iteration tau.

    R / 2 = ||J^+ r_0|| + (1 / alpha^2) (e0 + e) (1 + 2 eta T beta^2) ||r_0||,
    ||r_tau - rlin_tau|| <= (2 beta / alpha^2) (e0 + e) ||r_0||,
    ||theta_tau - thetalin_tau|| <= (1 / alpha^2) (e0 + e) (1 + 2 eta tau beta^2) ||r_0||, for tau <= T <= 1 /
    (2 eta e^2).

    Parameters
    ----------
    constants : Constants
        see `Constants`.
    eta, tau : float
        step size, iteration.
    longest : float
        T.
    r0 : float
        ||r_0||.
    pseudo_inverse_r0 : float
        ||J^+ r_0||, for example `priorbench_two_layer.linearised.distance` for tau to infinity.
    """
    c = constants
    drift = (c.e0 + c.e) / c.alpha**2 * r0
    growth = 2 * eta * c.beta**2
    latest = math.inf if c.e == 0 else 1 / (2 * eta * c.e**2)
    return Closeness(
        residual=2 * c.beta * drift,
        parameters=drift * (1 + growth * tau),
        radius=2 * (pseudo_inverse_r0 + drift * (1 + growth * longest)),
        conditions=(
            Condition(statement="eta <= 1 / beta^2", value=eta, limit=c.beta**-2 * (1 + 1e-12)),
            Condition(statement="tau <= T", value=tau, limit=longest),
            Condition(statement="T <= 1 / (2 eta e^2)", value=longest, limit=latest),
        ),
    )
