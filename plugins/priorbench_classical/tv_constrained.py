"""Total variation for any linear operator, the data term as a constraint."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import torch
from pydantic import Field

from priorbench.toolkit.initialisation import stream
from priorbench.toolkit.masking import masked

if TYPE_CHECKING:
    from priorbench import Observation, Operator

#: a bound of the norm of the difference operator in two dimensions is the root of 8
_DIFFERENCES = math.sqrt(8)

#: power iterations, and what they may miss of the norm of A
_POWER, _SAFETY = 30, 1.02


class ConstrainedTotalVariation:
    """Minimise TV(x) subject to ||A x - y|| <= discrepancy sqrt(m) sigma, for m measured values.

    The noise level is all that is told: there is no weight to choose. TV is isotropic and joint over the
    channels: the sum over pixels of the norm of all differences. Solved by the primal-dual iteration of
    A. Chambolle, T. Pock, A first-order primal-dual algorithm for convex problems with applications to
    imaging, Journal of Mathematical Imaging and Vision 40 (2011), Algorithm 1 with theta = 1.

    Parameters
    ----------
    discrepancy : float, default 1.0
        1 is Morozov's principle: the residual is as large as the noise.
    steps : int, default 1000
        of the iteration, at most.
    tolerance : float, default 1e-05
        ends when a step changes x by less than this, root mean square.
    balance : float, default 0.3
        ratio of primal to dual step sizes, for pictures with values of about 1.
    """

    def __init__(
        self,
        *,
        discrepancy: Annotated[float, Field(gt=0)] = 1.0,
        steps: Annotated[int, Field(ge=1)] = 1000,
        tolerance: Annotated[float, Field(ge=0)] = 1e-5,
        balance: Annotated[float, Field(gt=0)] = 0.3,
    ) -> None:
        self._discrepancy, self._steps = discrepancy, steps
        self._tolerance, self._balance = tolerance, balance

    def denoise(self, observation: Observation) -> torch.Tensor:
        """Return the solution; the standard deviation of the noise must be known."""
        operator, y = masked(observation)
        A, A_adjoint, mask = operator.A, operator.A_adjoint, observation.mask
        m = y.numel() if mask is None else int(mask.expand_as(y).sum())
        assert observation.sigma is not None
        radius = self._discrepancy * math.sqrt(m) * observation.sigma
        norm = operator_norm(operator, like=observation.image.new_empty(observation.shape))
        # tau (sigma_q ||A||^2 + sigma_p 8) = 1 with the dual steps in the ratio of the norms
        tau = self._balance / (norm + _DIFFERENCES)
        sigma_q, sigma_p = 1 / (self._balance * norm), 1 / (self._balance * _DIFFERENCES)
        x = A_adjoint(y) / norm**2
        ahead, p, q = x, torch.zeros_like(differences(x)), torch.zeros_like(y)
        for _ in range(self._steps):
            p = _shrunk(p + sigma_p * differences(ahead))
            q = _outside_ball(q + sigma_q * (A(ahead) - y), sigma_q * radius)
            following = x - tau * (differences_adjoint(p) + A_adjoint(q))
            change = following - x
            ahead, x = following + change, following
            if float(change.square().mean()) <= self._tolerance**2:
                break
        return x


def differences(x: torch.Tensor) -> torch.Tensor:
    """Return forward differences down and to the right, (2, channels, height, width), 0 at the last pixel."""
    result = x.new_zeros(2, *x.shape)
    result[0, :, :-1] = x[:, 1:] - x[:, :-1]
    result[1, :, :, :-1] = x[:, :, 1:] - x[:, :, :-1]
    return result


def differences_adjoint(p: torch.Tensor) -> torch.Tensor:
    """Return the adjoint of `differences`, minus the divergence, (channels, height, width)."""
    result = torch.zeros_like(p[0])
    result[:, 1:] += p[0, :, :-1]
    result[:, :-1] -= p[0, :, :-1]
    result[:, :, 1:] += p[1, :, :, :-1]
    result[:, :, :-1] -= p[1, :, :, :-1]
    return result


def operator_norm(operator: Operator, like: torch.Tensor) -> float:
    """Return an upper bound of the norm of A on images such as `like`, by power iterations on A* A."""
    x = torch.randn(like.shape, generator=stream(0, "power iteration")).to(like)
    norm = 1.0
    for _ in range(_POWER):
        x = operator.A_adjoint(operator.A(x / x.norm()))
        norm = math.sqrt(float(x.norm()))
    return _SAFETY * norm


def _shrunk(p: torch.Tensor) -> torch.Tensor:
    """Project on the dual ball of the total variation: at each pixel a norm of at most 1."""
    length = p.square().sum(dim=(0, 1), keepdim=True).sqrt()
    return p / length.clamp(min=1)


def _outside_ball(q: torch.Tensor, radius: float) -> torch.Tensor:
    """Return q minus its projection on the ball: the proximal map of the conjugate of the constraint."""
    length = q.norm()
    outside: torch.Tensor = q * (1 - radius / length).clamp(min=0)
    return outside
