"""What a method is given: the noisy image or measurement, what is known of the noise, nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from priorbench.contract.noise import NoiseDescriptor
from priorbench.contract.operators import Identity, Operator

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """One problem y = A x + noise, as a method sees it. The clean image x is never in it.

    Attributes
    ----------
    image : torch.Tensor
        y, float32, on `device`. In denoising the noisy image (channels, height, width), nominal range [0, 1];
        with another operator its noisy measurement, of whatever shape that has.
    noise : NoiseDescriptor or None
        what is known of the noise; None when blind.
    device : torch.device
        where the method runs.
    seed : int, default 0
        seeds the method's own randomness.
    operator : Operator, optional
        A of y = A x + noise; the identity for denoising.
    mask : torch.Tensor or None, optional
        pixels that may enter the loss, bool, broadcastable to `image`; None = all.
    image_shape : tuple[int, int, int] or None, optional
        `shape`, where it is known without applying the operator.
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
        device : torch.device or str or None, optional
            where the generator draws; default the CPU, so that every device sees the same numbers.
        """
        import torch

        return torch.Generator(device=device or "cpu").manual_seed(self.seed)
