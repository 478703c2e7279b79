"""The wide deep inverse prior as a method: any linear operator, any image.

V is random and knows nothing of images: whatever is recovered beyond the row space of A comes from the start.
It is the theory's network, a control that shows what over-parameterisation does without an image prior.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, get_args

import torch
from pydantic import Field

from priorbench import Iterate, Observation
from priorbench.toolkit.checks import Count, at_least, one_of
from priorbench.toolkit.initialisation import stream
from priorbench.toolkit.sizes import image_shape
from priorbench_two_layer.wide_dip.activation import Activation, ActivationName, activation
from priorbench_two_layer.wide_dip.problem import Columns

#: power iterations for the largest eigenvalue; the step is made this much smaller for what they miss
_POWER, _SAFETY = 30, 0.9


class WideDeepInversePrior:
    """Fit g(u, W) = V phi(W u) / sqrt(k) to y = A x + noise by gradient descent on ||A g - y||^2 / (2 m).

    The fit runs through h = W u, which is exact, with ||u|| = 1 and h_0 ~ N(0, I). Memory is 4 k bytes for
    each value of the image. The loss of an iterate is the mean squared residual before its step, twice the
    paper's.

    Parameters
    ----------
    k : int, default 1000
        width; zero loss needs about ten times the number of measurements.
    phi : {'sigmoid', 'tanh'}, default 'sigmoid'
        activation, ``sigmoid`` or ``tanh``.
    columns : {'rademacher', 'uniform'}, default 'rademacher'
        entries of V, ``rademacher`` or ``uniform``.
    eta : float or None, optional
        step size; null takes 0.9 / lambda_max(K_0), which is stable. The paper's experiments have 1.
    iterations : int, default 1000
        the budget.
    """

    def __init__(
        self,
        *,
        k: Count = 1000,
        phi: ActivationName = "sigmoid",
        columns: Columns = "rademacher",
        eta: Annotated[float, Field(gt=0)] | None = None,
        iterations: Count = 1000,
    ) -> None:
        one_of(get_args(Columns), columns=columns)
        if eta is not None and not (math.isfinite(eta) and eta > 0):
            raise ValueError(f"eta must be a finite number above 0, not {eta}")
        at_least(1, k=k, iterations=iterations)
        self._k, self._phi, self._columns, self._eta = k, activation(phi), columns, eta
        self.iterations = iterations

    def iterate(self, observation: Observation) -> Iterator[Iterate]:
        """Take one step of gradient descent for each iterate; its image is made where it is looked at."""
        network = _Network(observation, self._k, self._phi, self._columns)
        h = torch.randn(self._k, generator=stream(observation.seed, "weights")).to(observation.device)
        r = network.residual(h)
        rate = (self._eta or _SAFETY / network.largest_rate(h)) / (network.m * self._k**0.5)
        while True:
            loss = r.square().sum() / network.m
            h = h - rate * network.slope(h) * network.back(r)
            r = network.residual(h)
            yield Iterate(None, loss=loss, estimate=_Image(network, h))


class _Network:
    """V phi(h) / sqrt(k) in front of an operator: forward and backward."""

    def __init__(self, observation: Observation, k: int, phi: Activation, columns: Columns) -> None:
        self._shape = image_shape(observation)
        self._operator, self._y, self._phi = observation.operator, observation.image, phi
        self._allowed: torch.Tensor | None = None
        if observation.mask is not None:
            self._allowed = observation.mask.to(self._y.device).expand_as(self._y)
        self.m = self._y.numel() if self._allowed is None else int(self._allowed.sum())
        if not self.m:
            raise ValueError("the mask leaves no pixel for the loss")
        self._V = _drawn(columns, math.prod(self._shape), k, observation)

    def image(self, h: torch.Tensor) -> torch.Tensor:
        """Return g, (channels, height, width)."""
        return self._combined(self._phi.low + self._phi.span * torch.sigmoid(self._phi.steepness * h))

    def residual(self, h: torch.Tensor) -> torch.Tensor:
        """Return A g - y, 0 where the mask forbids."""
        return self._masked(self._operator.A(self.image(h)) - self._y)

    def back(self, r: torch.Tensor) -> torch.Tensor:
        """Return V^T A^T r, (k,)."""
        return self._V.T @ self._operator.A_adjoint(r).reshape(-1)

    def slope(self, h: torch.Tensor) -> torch.Tensor:
        """Return phi'(h)."""
        s = torch.sigmoid(self._phi.steepness * h)
        return self._phi.span * self._phi.steepness * s * (1 - s)

    def largest_rate(self, h: torch.Tensor) -> float:
        """Return lambda_max of K = (1 / (m k)) B diag(phi'(h)^2) B^T, by power iterations."""
        slope = self.slope(h)
        x = torch.ones_like(h)
        largest = 0.0
        for _ in range(_POWER):
            x = x / x.norm()
            x = slope * self.back(self._masked(self._operator.A(self._combined(slope * x))))
            largest = float(x.norm())
        if not largest > 0:
            raise ValueError("the operator gives nothing but zeros: there is nothing to fit")
        return largest / (self.m * math.sqrt(len(h)))

    def _combined(self, a: torch.Tensor) -> torch.Tensor:
        return torch.mv(self._V, a).div(math.sqrt(len(a))).reshape(self._shape)

    def _masked(self, r: torch.Tensor) -> torch.Tensor:
        return r if self._allowed is None else torch.where(self._allowed, r, 0)


class _Image:
    """The image of one h, when it is asked for."""

    def __init__(self, network: _Network, h: torch.Tensor) -> None:
        self._network, self._h = network, h

    def __call__(self) -> torch.Tensor:
        return self._network.image(self._h)


def _drawn(columns: Columns, n: int, k: int, observation: Observation) -> torch.Tensor:
    """Draw V, (n, k), on the CPU, so that every device has the same one."""
    V = torch.empty(n, k)
    random = stream(observation.seed, "columns")
    if columns == "rademacher":
        V.random_(0, 2, generator=random).mul_(2).sub_(1)
    else:
        V.uniform_(-(3**0.5), 3**0.5, generator=random)
    return V.to(observation.device)
