"""The noise models that come with the protocol.

Intensities are on the 0..1 scale. Every model draws standard normal or uniform numbers from the generator
that it is given, in float64, as many whatever its level, and makes its noise of them afterwards: from one
generator state, two levels of a model see the same numbers. Clipping comes last, and draws nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Field

from priorbench.contract.noise import NoiseDescriptor
from priorbench.parameters.levels import LEAST, Level, checked_level
from priorbench.standard.photons import photons

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: most photons at intensity 1: the noise is a millionth of the picture, and a count far from the end of what
#: a float64 holds
_MOST_PHOTONS = 1e12
#: beyond it, no picture is left, and squares of numbers are not far from the end of their range
_LARGEST_LEVEL = 1e6


def _countable_gain(a: float) -> float:
    if 0 < a < 1 / _MOST_PHOTONS:
        raise ValueError(f"must be 0 (no photon noise) or at least {1 / _MOST_PHOTONS:.3g}, not {a:.3g}")
    return a


def _left(least: float) -> AfterValidator:
    """Return what refuses an amount that single precision rounds away."""

    def checked(amount: float) -> float:
        if 0 < amount < least:
            raise ValueError(
                f"must be 0 or at least {least:g}, not {amount:.3g}: less is rounded away in single precision"
            )
        return amount

    return AfterValidator(checked)


Deviation = Annotated[float, Field(ge=0, le=_LARGEST_LEVEL), _left(LEAST)]
Variance = Annotated[float, Field(ge=0, le=_LARGEST_LEVEL), _left(LEAST**2)]
Peak = Annotated[float, Field(ge=1 / _LARGEST_LEVEL, le=_MOST_PHOTONS)]
Gain = Annotated[float, Field(ge=0, le=_LARGEST_LEVEL), AfterValidator(_countable_gain)]
Fraction = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, kw_only=True)
class Gaussian:
    """Additive white Gaussian noise: y = x + sigma w, w ~ N(0, 1).

    Parameters
    ----------
    sigma : float, default 25 / 255
        standard deviation, written ``25/255``, ``25`` or ``0.098``.
    channels : {'independent', 'equal'}, default 'independent'
        ``independent``, or ``equal``: one field for all channels of a pixel.
    clip : bool, default False
        whether the noisy image is clipped to [0, 1].
    """

    sigma: Level = 25 / 255
    channels: Literal["independent", "equal"] = "independent"
    clip: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigma", checked_level(self.sigma))

    def corrupt(self, clean: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the noisy image, float64, shaped like `clean` (channels, height, width)."""
        shape = (1, *clean.shape[1:]) if self.channels == "equal" else clean.shape
        return _clipped(clean + self.sigma * rng.standard_normal(shape), self.clip)

    def describe(self, noisy: NDArray[np.float64]) -> NoiseDescriptor:
        """Return the descriptor: sigma, and the covariance between the channels of a pixel."""
        count = noisy.shape[0]
        covariance = np.eye(count) if self.channels == "independent" else np.ones((count, count))
        return NoiseDescriptor(
            family="gaussian",
            parameters=asdict(self),
            sigma=self.sigma,
            channel_covariance=tuple(tuple(row) for row in (self.sigma**2 * covariance).tolist()),
            clipped=self.clip,
        )


@dataclass(frozen=True, kw_only=True)
class Poisson:
    """Photon noise: y = Poisson(a x) / a, of variance x / a.

    Parameters
    ----------
    peak : float, default 25.0
        a, the mean photon count at intensity 1.
    clip : bool, default False
        whether the noisy image is clipped to [0, 1].
    """

    peak: Peak = 25.0
    clip: bool = False

    def corrupt(self, clean: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the noisy image, float64, shaped like `clean` (channels, height, width)."""
        return _clipped(photons(self.peak * clean, rng) / self.peak, self.clip)

    def describe(self, noisy: NDArray[np.float64]) -> NoiseDescriptor:
        """Return the descriptor; sigma**2 is mean(y) / a, since E y = x."""
        return _signal_dependent("poisson", self, float(np.mean(noisy)) / self.peak)


@dataclass(frozen=True, kw_only=True)
class PoissonGaussian:
    """Photon and read-out noise: y = a Poisson(x / a) + sqrt(b) w, of variance a x + b.

    Parameters
    ----------
    a : float, default 0.01
        gain: variance per intensity.
    b : float, default 0.0004
        variance of the read-out noise.
    clip : bool, default False
        whether the noisy image is clipped to [0, 1].

    Notes
    -----
    Model and symbols: A. Foi, M. Trimeche, V. Katkovnik, K. Egiazarian, "Practical Poissonian-Gaussian noise
    modeling and fitting for single-image raw-data", IEEE Transactions on Image Processing 17 (2008).
    """

    a: Gain = 0.01
    b: Variance = 0.0004
    clip: bool = False

    def corrupt(self, clean: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the noisy image, float64, shaped like `clean` (channels, height, width)."""
        # the normal field comes first: with a = 0 there is no other
        readout = np.sqrt(self.b) * rng.standard_normal(clean.shape)
        signal = self.a * photons(clean / self.a, rng) if self.a > 0 else clean
        return _clipped(signal + readout, self.clip)

    def describe(self, noisy: NDArray[np.float64]) -> NoiseDescriptor:
        """Return the descriptor; sigma**2 is a mean(y) + b, since E y = x."""
        return _signal_dependent("poisson-gaussian", self, self.a * float(np.mean(noisy)) + self.b)


@dataclass(frozen=True, kw_only=True)
class Speckle:
    """Multiplicative noise: y = x + s x w, w ~ N(0, 1), of variance (s x)**2.

    Parameters
    ----------
    s : float, default 0.2
        standard deviation relative to the signal.
    clip : bool, default False
        whether the noisy image is clipped to [0, 1].
    """

    s: Deviation = 0.2
    clip: bool = False

    def corrupt(self, clean: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the noisy image, float64, shaped like `clean` (channels, height, width)."""
        return _clipped(clean + self.s * clean * rng.standard_normal(clean.shape), self.clip)

    def describe(self, noisy: NDArray[np.float64]) -> NoiseDescriptor:
        """Return the descriptor; sigma**2 is s**2 mean(y**2) / (1 + s**2), since E y**2 = (1 + s**2) x**2."""
        power = float(np.mean(noisy**2))
        return _signal_dependent("speckle", self, self.s**2 * power / (1 + self.s**2))


@dataclass(frozen=True, kw_only=True)
class SaltPepper:
    """Impulse noise: every value becomes 0 or 1, equally often, with a given probability.

    Parameters
    ----------
    fraction : float, default 0.3
        probability that a value is replaced; the channels of a pixel are hit independently.
    """

    fraction: Fraction = 0.3

    def corrupt(self, clean: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the noisy image, float64, shaped like `clean` (channels, height, width)."""
        u = rng.random(clean.shape)
        noisy = np.where(u < self.fraction / 2, 0.0, clean)
        return np.where(u >= 1 - self.fraction / 2, 1.0, noisy)

    def describe(self, noisy: NDArray[np.float64]) -> NoiseDescriptor:
        """Return the descriptor, without a standard deviation."""
        return NoiseDescriptor(family="salt-and-pepper", parameters=asdict(self), signal_dependent=True)


def _clipped(noisy: NDArray[np.float64], clip: bool) -> NDArray[np.float64]:
    return np.clip(noisy, 0.0, 1.0) if clip else noisy


def _signal_dependent(
    family: str, model: Poisson | PoissonGaussian | Speckle, mean_variance: float
) -> NoiseDescriptor:
    return NoiseDescriptor(
        family=family,
        parameters=asdict(model),
        sigma=float(np.sqrt(max(mean_variance, 0.0))),
        clipped=model.clip,
        signal_dependent=True,
    )
