"""What a method is given: the noisy image or measurement, what is known of the noise, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import torch


class Operator(Protocol):
    """A linear operator A of an inverse problem y = A x + noise.

    Both methods take and return tensors of any device and floating-point type, and are differentiable.
    An operator may have, besides,

    * ``A_dagger(y)``: the pseudo-inverse in closed form (see `priorbench.protocol.least_squares`);
    * ``measured``: a bool tensor, broadcastable to y, where some entries of y are not measured: A x is
      0 there.
    """

    def A(self, x: torch.Tensor) -> torch.Tensor:  # noqa: N802
        """Apply the operator to an image (channels, height, width)."""
        ...

    def A_adjoint(self, y: torch.Tensor) -> torch.Tensor:  # noqa: N802
        """Apply the adjoint to a measurement."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """The operator of denoising: A x = x."""

    def A(self, x: torch.Tensor) -> torch.Tensor:  # noqa: N802
        """Return `x`."""
        return x

    def A_adjoint(self, y: torch.Tensor) -> torch.Tensor:  # noqa: N802
        """Return `y`."""
        return y

    def A_dagger(self, y: torch.Tensor) -> torch.Tensor:  # noqa: N802
        """Return `y`."""
        return y


@dataclass(frozen=True, kw_only=True, slots=True)
class NoiseDescriptor:
    """What a method may know of the noise. Intensities are on the 0..1 scale.

    Attributes
    ----------
    family : name of the noise model, for example ``"gaussian"``.
    parameters : its parameters, as resolved numbers.
    sigma : standard deviation of one pixel, or None where a single number says nothing useful
        (impulse noise). For signal-dependent noise: the root mean variance, estimated from the noisy
        image alone.
    channel_covariance : covariance between the channels of one pixel, (C, C) nested tuples, or None
        where it varies with the signal. The diagonal is sigma**2 for Gaussian noise.
    clipped : the noisy image was clipped to [0, 1].
    white : neighbouring pixels are independent.
    signal_dependent : the noise depends on the clean image.
    """

    family: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    sigma: float | None = None
    channel_covariance: tuple[tuple[float, ...], ...] | None = None
    clipped: bool = False
    white: bool = True
    signal_dependent: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """One problem y = A x + noise, as a method sees it. The clean image x is never in it.

    Attributes
    ----------
    image : y, float32, on `device`. In denoising the noisy image (channels, height, width), nominal range
        [0, 1]; with another operator its noisy measurement, of whatever shape that has.
    noise : what is known of the noise; None when blind.
    device : where the method runs.
    seed : seeds the method's own randomness.
    operator : A of y = A x + noise; the identity for denoising.
    mask : pixels that may enter the loss, bool, broadcastable to `image`; None = all.
    image_shape : `shape`, where it is known without applying the operator.
    """

    image: torch.Tensor
    noise: NoiseDescriptor | None
    device: torch.device
    seed: int = 0
    operator: Operator = field(default_factory=Identity)
    mask: torch.Tensor | None = None
    image_shape: tuple[int, int, int] | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of the image to return: that of A*(y), in denoising that of y."""
        if self.image_shape is not None:
            return self.image_shape
        channels, height, width = self.operator.A_adjoint(self.image).shape
        return int(channels), int(height), int(width)

    @property
    def sigma(self) -> float | None:
        """Standard deviation of the noise on the 0..1 scale; None when blind or undefined."""
        return None if self.noise is None else self.noise.sigma

    def generator(self, device: torch.device | str | None = None) -> torch.Generator:
        """Return a fresh generator with this observation's seed (the same stream at every call).

        Parameters
        ----------
        device : where the generator draws; default the CPU, so that every device sees the same numbers.
        """
        import torch

        return torch.Generator(device=device or "cpu").manual_seed(self.seed)


@dataclass(frozen=True, slots=True)
class Iterate:
    """What an iterative method yields where a bare image would not do.

    Attributes
    ----------
    output : an estimate that the method has anyway, (channels, height, width), possibly of the step before.
        None where only `estimate` makes one, so that an iterate nobody looks at costs nothing.
    loss : training loss of this iteration, a float or a scalar tensor (read only when it is looked at).
    estimate : returns what the method would return if it were stopped now, where that costs another
        pass; called only when the iterate is looked at. None: `output` is that.
    """

    output: torch.Tensor | None
    loss: float | torch.Tensor | None = None
    estimate: Callable[[], torch.Tensor] | None = None
