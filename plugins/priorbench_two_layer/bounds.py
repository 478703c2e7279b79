"""The denoising bounds of Heckel & Soltanolkotabi 2020, Theorems 1 to 3, with their conditions reported.

The constants of the theorems are not published; `constant` stands for the one in front, 1 if not said
otherwise. With the exponent 18 of beta / alpha the widths that the theorems ask for are astronomic (10^27 for
a triangle of half-width 10): the conditions are reported, never enforced, since the bounds are found to hold
at widths that a computer can hold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from priorbench.toolkit.checks import at_least, within
from priorbench_two_layer.linearised import contraction, error_bound

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Normed(Protocol):
    """A matrix U of which the norm is known."""

    @property
    def norm(self) -> float:
        """Beta = ||U||, ||F u||_inf for a circulant one."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One assumption of a theorem: `statement` in the paper's symbols, and whether value <= limit."""

    statement: str
    value: float
    limit: float

    @property
    def met(self) -> bool:
        """Whether it holds."""
        return self.value <= self.limit


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """What a theorem promises.

    Attributes
    ----------
    theorem : str
        which.
    value : float
        the bound, the sum of `terms`.
    terms : Mapping[str, float]
        its parts.
    probability : float
        with which it holds, at least; 0 where the formula gives less.
    iterations : float
        stopping time that it is for; not rounded.
    conditions : tuple of Condition
        of the theorem, met or not.
    """

    theorem: str
    value: float
    terms: Mapping[str, float]
    probability: float
    iterations: float
    conditions: tuple[Condition, ...]

    @property
    def applies(self) -> bool:
        """Whether every condition is met."""
        return all(condition.met for condition in self.conditions)


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What Theorems 1 and 2 speak of.

    Attributes
    ----------
    U : Normed
        a `priorbench_two_layer.circulant.Circulant`, or for Theorem 3 any
        `priorbench_two_layer.dense.matrix.Dense`.
    sigma : ndarray
        all singular values (n,), decreasing in the order of the functions that `p` counts; the smallest is
        alpha.
    p : int
        the clean x lies in the span of the first p functions.
    k : int
        width.
    eta : float
        step size.
    x_norm, y_norm : float
        ||x||, ||y||.
    eps : float
        accuracy, in (0, 1].
    constant : float, default 1.0
        C_u is this times (beta / alpha)^18.
    """

    U: Normed
    sigma: NDArray[Any]
    p: int
    k: int
    eta: float
    x_norm: float
    y_norm: float
    eps: float
    constant: float = 1.0

    def __post_init__(self) -> None:
        at_least(1, p=self.p, k=self.k)
        if self.p >= len(self.sigma):
            raise ValueError(f"p must be below n = {len(self.sigma)}, not {self.p}")
        within(0, math.inf, eps=self.eps, x_norm=self.x_norm, y_norm=self.y_norm)

    @property
    def condition_number(self) -> float:
        """Beta / alpha."""
        return self.U.norm / float(np.min(self.sigma))

    def common(self) -> tuple[Condition, ...]:
        """Return the conditions on width and step size."""
        n = len(self.sigma)
        needed = self.constant * self.condition_number**18 * n / self.eps**8
        step = Condition(
            statement="eta <= 1 / ||U||^2",
            value=self.eta,
            limit=self.U.norm**-2 * (1 + 1e-12),
        )
        return Condition(statement="C_u n / eps^8 <= k", value=needed, limit=self.k), step


def stopping_time(sigma: NDArray[Any], eta: float, p: int) -> float:
    """Return T = log(1 - sqrt(p / n)) / log(1 - eta sigma_{p+1}^2) (Theorem 1).

    Parameters
    ----------
    sigma : ndarray
        singular values (n,), decreasing.
    eta : float
        step size, below 1 / sigma_{p+1}^2.
    p : int
        dimension of the signal, 1 <= p < n.
    """
    n = len(sigma)
    return math.log1p(-math.sqrt(p / n)) / math.log1p(-eta * float(sigma[p]) ** 2)


def theorem_1(setting: Setting, *, s: float) -> Bound:
    """Return (1 - eta sigma_p^2)^T ||x|| + s sqrt(2 p / n) + eps ||y||, Gaussian noise z ~ N(0, (s^2 / n) I).

    At T, `stopping_time`; the signal's spectrum ends at p.
    """
    n, p = len(setting.sigma), setting.p
    tau = stopping_time(setting.sigma, setting.eta, p)
    terms = {
        "signal": float(contraction(setting.sigma[p - 1], setting.eta, tau)) * setting.x_norm,
        "noise": s * math.sqrt(2 * p / n),
        "linearisation": setting.eps * setting.y_norm,
    }
    return Bound(
        theorem="Theorem 1",
        value=sum(terms.values()),
        terms=terms,
        probability=max(0.0, 1 - math.exp(-(setting.k**2)) - n**-2),
        iterations=tau,
        conditions=setting.common(),
    )


def theorem_2(setting: Setting, *, tau: float, noise: NDArray[Any]) -> Bound:
    """Return the bound for a given noise after tau iterations.

    (1 - eta sigma_p^2)^tau ||x|| + sqrt(sum_i ((1 - eta sigma_i^2)^tau - 1)^2 <w_i, z>^2) + eps ||y||

    Parameters
    ----------
    setting : Setting
        see `Setting`.
    tau : float
        iterations.
    noise : ndarray
        coefficients <w_i, z> of the noise, (n,), in the order of ``setting.sigma``.
    """
    sigma_1, sigma_p = float(setting.sigma[0]), float(setting.sigma[setting.p - 1])
    linear = float(
        error_bound(setting.sigma, setting.eta, tau, p=setting.p, x_norm=setting.x_norm, noise=noise)
    )
    signal = float(contraction(sigma_p, setting.eta, tau)) * setting.x_norm
    terms = {"signal": signal, "noise": linear - signal, "linearisation": setting.eps * setting.y_norm}
    return Bound(
        theorem="Theorem 2",
        value=sum(terms.values()),
        terms=terms,
        probability=max(0.0, 1 - math.exp(-(setting.k**2)) - len(setting.sigma) ** -2),
        iterations=tau,
        conditions=(
            *setting.common(),
            Condition(
                statement="tau <= 100 / (eta sigma_p^2)", value=tau, limit=100 / (setting.eta * sigma_p**2)
            ),
            Condition(statement="eps <= sigma_p / sigma_1", value=setting.eps, limit=sigma_p / sigma_1),
        ),
    )


def theorem_3(setting: Setting, *, tau: float, noise: NDArray[Any], delta: float, omega: float) -> Bound:
    """Return the bound for any U, with xi, `setting.eps`, in the place of eps; probability 1 - e^{-k^2} -
    delta.

    For a U that is not circulant, `setting.sigma` and the order of `noise` are those of a
    `priorbench_two_layer.dense.matrix.Dense`: noise = W^T z, and x lies in the span of the first p columns of
    W.

    The width's middle factor and the scale of the weights, omega = (||y|| / sqrt(n)) xi alpha^2 / beta^3, are
    read from garbled print.
    """
    within(0, 1, delta=delta)
    n, xi, eta, beta = len(setting.sigma), setting.eps, setting.eta, setting.U.norm
    alpha = beta / setting.condition_number
    stated = theorem_2(setting, tau=tau, noise=noise)
    middle = (1 + xi * alpha * eta * tau * beta) ** 2
    width = setting.constant * n * xi**-8 * middle * setting.condition_number**18
    scale = setting.y_norm / n**0.5 * xi * alpha**2 / beta**3
    longest = 32 * beta**2 / (eta * xi**2 * alpha**4)
    return Bound(
        theorem="Theorem 3",
        value=stated.value,
        terms=stated.terms,
        probability=max(0.0, 1 - math.exp(-(setting.k**2)) - delta),
        iterations=tau,
        conditions=(
            Condition(
                statement="c n xi^-8 (1 + xi alpha eta T beta)^2 (beta / alpha)^18 <= k",
                value=width,
                limit=setting.k,
            ),
            setting.common()[1],
            Condition(
                statement="xi <= 1 / sqrt(32 log(2 n / delta))",
                value=xi,
                limit=(32 * np.log(2 * n / delta)) ** -0.5,
            ),
            Condition(statement="T <= 2^5 beta^2 / (eta xi^2 alpha^4)", value=tau, limit=longest),
            Condition(
                statement="omega = (||y|| / sqrt(n)) xi alpha^2 / beta^3 (relative difference)",
                value=abs(omega / scale - 1),
                limit=1e-6,
            ),
        ),
    )
