"""Theorem 1's stopping time as a rule: from the spectrum of the model, never from a look at the fit.

Heckel & Soltanolkotabi 2020 prove it for a signal in the span of the first p basis functions. A photograph
is in the span of none, so that p is a choice here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from priorbench import Look, Observation, PriorbenchError, Trajectory, Verdict
from priorbench.toolkit.checks import Count
from priorbench_two_layer.bounds import stopping_time
from priorbench_two_layer.denoisers import Model
from priorbench_two_layer.dual_kernel import dual_kernel
from priorbench_two_layer.linearised import fourier_energies

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: registered names of the models that the theorem speaks of
MODELS = ("two-layer", "two-layer-linear")
#: relative difference of two singular values that is rounding: they belong to one frequency
_EQUAL = 1e-9
#: candidates of one search for the least bound
_GRID = 256


class TheoremOne:
    """Return the iterate at Theorem 1's time, T = log(1 - sqrt(p / n)) / log(1 - eta sigma_{p+1}^2).

    For the two-layer models alone: eta and the dual kernel sigma are those of the model's kernel on the
    picture's torus, of n places, and the functions are counted by falling sigma. The iteration is T rounded
    down, at least 1: until then the noise that is fitted stays below the theorem's s sqrt(2 p / n).

    Parameters
    ----------
    p : int or None, optional
        dimension of the signal, below n; null chooses it from y and sigma, see `Spectrum.dimension`.
    iterations : int or None, optional
        the budget; null takes the method's own, published one.
    """

    def __init__(self, *, p: Count | None = None, iterations: Count | None = None) -> None:
        if p is not None and p < 1:
            raise ValueError(f"p must be at least 1, not {p}")
        self._p, self._iterations = p, iterations

    def begin(self, trajectory: Trajectory) -> None:
        """Take the time from the model and, where p is to be chosen, from y."""
        if trajectory.denoiser not in MODELS:
            raise PriorbenchError(
                f"the rule 'theorem-1' speaks of the methods {' and '.join(MODELS)} alone, not of "
                f"'{trajectory.denoiser}': take another rule"
            )
        budget = trajectory.budget(self._iterations)
        spectrum = Spectrum.of(trajectory)
        #: dimension of the signal
        self.p = self._dimension(spectrum, trajectory.observation)
        #: T, not rounded; infinite where the model never fits what lies beyond p
        self.time = spectrum.time(self.p)
        self._budget = budget
        self._at = max(1, math.floor(min(self.time, budget)))

    def wants(self, iteration: int) -> bool:
        """The one iteration."""
        return iteration == self._at

    def observe(self, look: Look) -> Verdict:
        """Keep that iterate and stop."""
        there = look.iteration == self._at
        return Verdict(keep=there, stop=there, fired=there and self.time < self._budget + 1)

    def _dimension(self, spectrum: Spectrum, observation: Observation) -> int:
        n = len(spectrum.sigma)
        if n < 2:
            raise PriorbenchError("the rule 'theorem-1' needs a picture of at least 2 places")
        if self._p is None:
            if observation.sigma is None:
                raise PriorbenchError(
                    "the rule 'theorem-1' chooses p by sigma, which is not known here: give it p, for "
                    "example theorem-1:p=100"
                )
            return spectrum.dimension(observation.sigma)
        if self._p >= n:
            raise PriorbenchError(f"the rule 'theorem-1': p must be below n = {n}, not {self._p}")
        return self._p


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Spectrum:
    """A two-layer model on one picture's torus, its functions in the order of falling singular values.

    Attributes
    ----------
    sigma : ndarray of float64
        the dual kernel, (n,), falling.
    energies : ndarray of float64
        <w_i, y>^2 in that order, the mean over the channels, (n,). Functions of equal sigma share theirs in
        some order: their sum alone means something.
    eta : float
        step size.
    """

    sigma: NDArray[np.float64]
    energies: NDArray[np.float64]
    eta: float

    @classmethod
    def of(cls, trajectory: Trajectory) -> Spectrum:
        """Build the model that a trajectory's parameters describe."""
        given: dict[str, Any] = {name: trajectory.parameters[name] for name in ("kernel", "width", "margin")}
        model = Model(**given)
        torus = model.torus(trajectory.observation)
        circulant = model.circulant(torus)
        sigma = dual_kernel(circulant).ravel()
        order = np.argsort(-sigma, kind="stable")
        planes = torus.fill(trajectory.observation.image).double().numpy()
        energies = np.mean([fourier_energies(plane).ravel() for plane in planes], axis=0)
        return cls(sigma=sigma[order], energies=energies[order], eta=circulant.step_size)

    def time(self, p: int) -> float:
        """Return T, infinite where sigma_{p+1} is so small that one step leaves what lies there as it is."""
        if 1 - self.eta * float(self.sigma[p]) ** 2 == 1:
            return math.inf
        return stopping_time(self.sigma, self.eta, p)

    def dimension(self, deviation: float) -> int:
        """Return the p with the least bound on the error at its own T.

        The bound is the theorem's, sqrt(sum_i (1 - eta sigma_i^2)^(2 T) <w_i, x>^2) + s sqrt(2 p / n), with
        the signal's part as it stands in eq. 2. The theorem goes on to put the slowest of the first p
        factors in the place of all, and counts on nothing beyond p; with that, the least bound of a
        photograph is at p = n - 1, which is of no use. <w_i, x>^2 is <w_i, y>^2 less what white noise has
        there. The term eps ||y|| is the same for all p. A p that cuts a set of equal sigma is not considered.

        Parameters
        ----------
        deviation : float
            of the noise, in one value of the picture; s = deviation sqrt(n).
        """
        starts = np.flatnonzero(np.diff(self.sigma, prepend=math.inf) < -_EQUAL * self.sigma)
        counts = np.diff(starts, append=len(self.sigma))
        signal = np.add.reduceat(self.energies, starts) - counts * deviation**2
        kept = 1 - self.eta * np.square(self.sigma[starts])

        def bound(p: int) -> float:
            left = float(np.sum(np.power(kept, 2 * self.time(p)) * signal))
            return math.sqrt(max(left, 0)) + deviation * math.sqrt(2 * p)

        candidates = starts[1:]
        if not len(candidates):
            raise PriorbenchError(
                "the rule 'theorem-1' cannot choose p: all singular values of this model are equal; give it "
                "p, for example theorem-1:p=100, or the method a wider kernel"
            )
        return _least(bound, candidates)


def _least(value: Callable[[int], float], candidates: NDArray[np.int_]) -> int:
    """Return the candidate with the least value, from a coarse search to finer ones around its best."""
    while True:
        stride = max(1, len(candidates) // _GRID)
        best = int(np.argmin([value(int(one)) for one in candidates[::stride]]))
        if stride == 1:
            return int(candidates[best])
        candidates = candidates[max(best - 1, 0) * stride : (best + 1) * stride + 1]
