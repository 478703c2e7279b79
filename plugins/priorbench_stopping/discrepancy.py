"""The discrepancy principle: the first iterate whose residual is no larger than the noise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from pydantic import Field

from priorbench import Identity, PriorbenchError
from priorbench.toolkit.checks import Count
from priorbench.toolkit.clipping import clipped_noise_energies
from priorbench.toolkit.noise_estimates import estimate_noise
from priorbench.toolkit.rules import entries, mean_square_error
from priorbench_stopping.choosing import first_crossing

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from priorbench import Look, Observation, Trajectory, Verdict

Tau = Annotated[float, Field(gt=0, allow_inf_nan=False)]
#: values for which the energy of clipped noise is computed once
_STEPS = 65536


class Residual:
    """A x and y of an observation, where both count: the pixels that may enter the loss.

    Parameters
    ----------
    observation : Observation
        on the host.
    """

    def __init__(self, observation: Observation) -> None:
        self._operator = observation.operator
        self._identity = isinstance(observation.operator, Identity)
        mask = observation.mask
        self._mask = None if mask is None else mask.expand(observation.image.shape)
        self._y = entries(self._counted(observation.image)).copy()
        if not self._y.size:
            raise PriorbenchError("no pixel may enter the loss, so there is no residual to compare with")

    def explained(self, output: torch.Tensor) -> NDArray[np.floating]:
        """Return A x where it counts."""
        with torch.no_grad():
            return entries(self._counted(output if self._identity else self._operator.A(output)))

    def mean_square(self, explained: NDArray[np.floating]) -> float:
        """Return mean |A x - y|^2."""
        return mean_square_error(explained, self._y)

    def _counted(self, measurement: torch.Tensor) -> torch.Tensor:
        return measurement if self._mask is None else measurement[self._mask]


class ClippedEnergy:
    """The energy of Gaussian noise clipped to [0, 1], of one estimate after another.

    `priorbench.toolkit.clipping.clipped_noise_energy` of values rounded to 1 / 65536, by a table: so it costs
    a hundredth.

    Parameters
    ----------
    sigma : float
        standard deviation before clipping, above 0.
    """

    def __init__(self, sigma: float) -> None:
        self._table = clipped_noise_energies(np.linspace(0, 1, _STEPS + 1), sigma)

    def __call__(self, values: NDArray[np.floating]) -> float:
        """Return the mean energy over some clean values; those outside [0, 1] are brought there."""
        places = np.clip(values, 0, 1) * _STEPS + 0.5
        counts = np.bincount(places.astype(np.intp), minlength=_STEPS + 1)
        return float(np.sum(counts * self._table)) / values.size


class Crossing:
    """What the three rules do with one fit.

    Parameters
    ----------
    trajectory : Trajectory
        of the fit.
    iterations : int or None
        the rule's own budget.
    most : float
        the residual, mean |A x - y|^2, at or below which it may fire.
    level : callable, optional
        what A x says of that bound itself, never more than `most`: asked only below it.
    """

    def __init__(
        self,
        trajectory: Trajectory,
        iterations: int | None,
        most: float,
        level: Callable[[NDArray[np.floating]], float] | None = None,
    ) -> None:
        self.budget = trajectory.budget(iterations)
        self._residual = Residual(trajectory.observation)
        self._most, self._level = most, level

    def verdict(self, look: Look) -> Verdict:
        """Return the verdict on an iterate."""
        explained = self._residual.explained(look.output)
        residual = self._residual.mean_square(explained)
        crossed = residual <= self._most and (self._level is None or residual <= self._level(explained))
        return first_crossing(look.iteration, self.budget, crossed)


class Discrepancy:
    """Stop at the first iterate with mean |A x_t - y|^2 <= tau^2 E, with E the energy of the noise drawn.

    E = mean |y - A x|^2 of this very noise, one number, clipping included, which is what the principle
    assumes to be known. Where it never fires, the last iterate of the budget is its result.

    Parameters
    ----------
    tau : float, default 1.0
        usually 1 to 1.1; more stops earlier.
    iterations : int or None, optional
        the budget; null takes the method's own, published one.
    """

    def __init__(self, *, tau: Tau = 1.0, iterations: Count | None = None) -> None:
        self._tau, self._iterations = _checked(tau), iterations

    def begin(self, trajectory: Trajectory) -> None:
        """Take the budget and the energy."""
        energy = trajectory.noise_energy
        if energy is None:
            raise PriorbenchError(
                "the energy of the noise is not known: use discrepancy-sigma or discrepancy-blind"
            )
        self._crossing = Crossing(trajectory, self._iterations, self._tau**2 * energy)

    def wants(self, iteration: int) -> bool:
        """Every iteration of the budget."""
        return iteration <= self._crossing.budget

    def observe(self, look: Look) -> Verdict:
        """Keep the first whose residual is small enough, or the last."""
        return self._crossing.verdict(look)


class DiscrepancyOfSigma:
    """Stop at the first iterate with mean |A x_t - y|^2 <= tau^2 E, with E as sigma tells it.

    E = sigma^2. Of Gaussian noise that was clipped to [0, 1] it is the mean of E (clip(A x_t + n) - A x_t)^2,
    n ~ N(0, sigma^2), at the iterate itself, which is less: sigma^2 would let it stop too early. Where it
    never fires, the last iterate of the budget is its result.

    Parameters
    ----------
    tau : float, default 1.0
        usually 1 to 1.1; more stops earlier.
    iterations : int or None, optional
        the budget; null takes the method's own, published one.
    """

    def __init__(self, *, tau: Tau = 1.0, iterations: Count | None = None) -> None:
        self._tau, self._iterations = _checked(tau), iterations

    def begin(self, trajectory: Trajectory) -> None:
        """Take the budget and sigma."""
        noise = trajectory.observation.noise
        if noise is None or noise.sigma is None:
            raise PriorbenchError("sigma is not known: use discrepancy-blind")
        most, level = self._tau**2 * noise.sigma**2, None
        # of signal-dependent noise sigma is estimated from the clipped picture, and is its energy as it is
        if noise.clipped and not noise.signal_dependent and noise.sigma:
            if noise.family != "gaussian":
                raise PriorbenchError(
                    f"the energy of clipped noise is known of Gaussian noise only, not of '{noise.family}': "
                    "use discrepancy"
                )
            level = _scaled(ClippedEnergy(noise.sigma), self._tau**2)
        self._crossing = Crossing(trajectory, self._iterations, most, level)

    def wants(self, iteration: int) -> bool:
        """Every iteration of the budget."""
        return iteration <= self._crossing.budget

    def observe(self, look: Look) -> Verdict:
        """Keep the first whose residual is small enough, or the last."""
        return self._crossing.verdict(look)


class DiscrepancyBlind:
    """Stop at the first iterate with mean |x_t - y|^2 <= tau^2 s^2, with s estimated from y.

    s is the median absolute deviation of y's finest diagonal wavelet coefficients, as
    `priorbench.toolkit.noise_estimates` has it. It is meant for white noise, and a picture's own detail makes
    it too large. Where the rule never fires, the last iterate of the budget is its result.

    Parameters
    ----------
    tau : float, default 1.0
        usually 1 to 1.1; more stops earlier.
    iterations : int or None, optional
        the budget; null takes the method's own, published one.
    """

    def __init__(self, *, tau: Tau = 1.0, iterations: Count | None = None) -> None:
        self._tau, self._iterations = _checked(tau), iterations

    def begin(self, trajectory: Trajectory) -> None:
        """Take the budget, and estimate the noise."""
        observation = trajectory.observation
        if not isinstance(observation.operator, Identity):
            raise PriorbenchError("the noise of a measurement cannot be estimated: use discrepancy-sigma")
        sigma = estimate_noise(observation.image.numpy()).sigma
        if not sigma > 0:
            raise PriorbenchError(
                "no noise can be estimated from this picture (it is flat, or narrower than 4 pixels): "
                "use discrepancy-sigma"
            )
        self._crossing = Crossing(trajectory, self._iterations, self._tau**2 * sigma**2)

    def wants(self, iteration: int) -> bool:
        """Every iteration of the budget."""
        return iteration <= self._crossing.budget

    def observe(self, look: Look) -> Verdict:
        """Keep the first whose residual is small enough, or the last."""
        return self._crossing.verdict(look)


def _checked(tau: float) -> float:
    if not (math.isfinite(tau) and tau > 0):
        raise ValueError(f"tau must be a number above 0, usually 1 to 1.1, not {tau}")
    return tau


def _scaled(
    energy: Callable[[NDArray[np.floating]], float], factor: float
) -> Callable[[NDArray[np.floating]], float]:
    return lambda values: factor * energy(values)
