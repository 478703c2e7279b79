"""Activations phi, scaled logistic functions, with the constants that the theory needs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.special import expit

from priorbench.toolkit.checks import one_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

ActivationName = Literal["sigmoid", "tanh"]
#: points of the Gauss-Hermite quadrature; enough for the digits of a float, since the integrands are smooth
_POINTS = 180


@dataclass(frozen=True, kw_only=True, slots=True)
class Activation:
    """phi(h) = low + span s(steepness h), s the logistic function: bounded and increasing.

    Attributes
    ----------
    name : str
        its name.
    low, span : float
        phi maps the reals onto (low, low + span).
    steepness : float
        factor of h.
    """

    name: str
    low: float
    span: float
    steepness: float

    @property
    def high(self) -> float:
        """Supremum of phi."""
        return self.low + self.span

    def phi(self, h: NDArray[Any]) -> NDArray[np.float64]:
        """Return phi(h)."""
        values: NDArray[np.float64] = self.low + self.span * expit(self.steepness * h)
        return values

    def slope(self, h: NDArray[Any]) -> NDArray[np.float64]:
        """Return phi'(h)."""
        values: NDArray[np.float64] = (
            self.span * self.steepness * expit(self.steepness * h) * expit(-self.steepness * h)
        )
        return values

    def psi(self, h: NDArray[Any]) -> NDArray[np.float64]:
        """Return psi(h), psi' = 1 / phi': the mirror map, 2 (h + sinh h) for the logistic function."""
        b = self.steepness
        values: NDArray[np.float64] = 2 * (h + np.sinh(b * h) / b) / (self.span * b)
        return values

    @property
    def slope_bound(self) -> float:
        """Max |phi'|."""
        return self.span * self.steepness / 4

    @property
    def curvature_bound(self) -> float:
        """Max |phi''|."""
        return self.span * self.steepness**2 / (6 * 3**0.5)

    @property
    def B(self) -> float:  # noqa: N802
        """Bound on the first and second derivative (A-4)."""
        return max(self.slope_bound, self.curvature_bound)

    @property
    def C_phi(self) -> float:  # noqa: N802
        """Root of E phi(g)^2, g ~ N(0, 1)."""
        return math.sqrt(gaussian_mean(lambda g: np.square(self.phi(g))))

    @property
    def C_phi_prime(self) -> float:  # noqa: N802
        """Root of E phi'(g)^2, g ~ N(0, 1)."""
        return math.sqrt(gaussian_mean(lambda g: np.square(self.slope(g))))


SIGMOID = Activation(name="sigmoid", low=0.0, span=1.0, steepness=1.0)
TANH = Activation(name="tanh", low=-1.0, span=2.0, steepness=2.0)
ACTIVATIONS: dict[ActivationName, Activation] = {"sigmoid": SIGMOID, "tanh": TANH}


def activation(name: ActivationName) -> Activation:
    """Return an activation by its name."""
    one_of(list(ACTIVATIONS), activation=name)
    return ACTIVATIONS[name]


def gaussian_mean(f: Callable[[NDArray[Any]], NDArray[np.float64]]) -> float:
    """Return E f(g), g ~ N(0, 1), by Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_POINTS)
    return float(np.sum(weights * f(nodes)) / np.sum(weights))
