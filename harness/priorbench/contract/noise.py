"""Noise models, and what they tell a method of the noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True)
class NoiseDescriptor:
    """What a method may know of the noise. Intensities are on the 0..1 scale.

    Attributes
    ----------
    family : str
        name of the noise model, for example ``"gaussian"``.
    parameters : Mapping[str, Any], optional
        its parameters, as resolved numbers.
    sigma : float or None, optional
        standard deviation of one pixel, or None where a single number says nothing useful (impulse noise).
        For signal-dependent noise: the root mean variance, estimated from the noisy image alone.
    channel_covariance : tuple[tuple[float, ...], ...] or None, optional
        covariance between the channels of one pixel, (C, C) nested tuples, or None where it varies with the
        signal. The diagonal is sigma**2 for Gaussian noise.
    clipped : bool, default False
        the noisy image was clipped to [0, 1].
    white : bool, default True
        neighbouring pixels are independent.
    signal_dependent : bool, default False
        the noise depends on the clean image.
    """

    family: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    sigma: float | None = None
    channel_covariance: tuple[tuple[float, ...], ...] | None = None
    clipped: bool = False
    white: bool = True
    signal_dependent: bool = False


class NoiseModel(Protocol):
    """Draws noise and says what a method may know of it."""

    def corrupt(self, clean: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the noisy image, float64, shaped like `clean` (channels, height, width)."""
        ...

    def describe(self, noisy: NDArray[np.float64]) -> NoiseDescriptor:
        """Return the descriptor; it may look at the noisy image, never at the clean one."""
        ...


class GivenNoise(NoiseModel, Protocol):
    """Says what a method may know of a noisy picture that an image set brings; its ``corrupt`` refuses."""

    def describe_given(self, noisy: NDArray[np.float64], sigma: float | None) -> NoiseDescriptor:
        """Return the descriptor; `sigma` is what the set says of its noise, None = unknown."""
        ...
