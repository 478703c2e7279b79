"""Methods: what a denoiser plugin's factory makes, and what an iterative one yields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch

    from priorbench.contract.observation import Observation


@dataclass(frozen=True, slots=True)
class Iterate:
    """What an iterative method yields where a bare image would not do.

    Attributes
    ----------
    output : torch.Tensor or None
        an estimate that the method has anyway, (channels, height, width), possibly of the step before. None
        where only `estimate` makes one, so that an iterate nobody looks at costs nothing.
    loss : float or torch.Tensor or None, optional
        training loss of this iteration, a float or a scalar tensor (read only when it is looked at).
    estimate : callable or None, optional
        returns what the method would return if it were stopped now, where that costs another pass; called
        only when the iterate is looked at. None: `output` is that.
    estimate_is_next_output : bool, default False
        what `estimate` returns now is, bit for bit, the `output` of the next iterate. Whoever looks at every
        iterate then takes it from there, and no pass is made for it.
    """

    output: torch.Tensor | None
    loss: float | torch.Tensor | None = None
    estimate: Callable[[], torch.Tensor] | None = None
    estimate_is_next_output: bool = False


class OneShot(Protocol):
    """A method that returns its estimate at once."""

    def denoise(self, observation: Observation) -> torch.Tensor:
        """Return an image (channels, height, width) of ``observation.shape``."""
        ...


class Iterative(Protocol):
    """A method that yields what it would return if it were stopped now, again and again."""

    def iterate(self, observation: Observation) -> Iterator[torch.Tensor | Iterate]:
        """Yield an estimate for each iteration."""
        ...


class Together(Protocol):
    """An iterative method that can also fit several images of one shape at once."""

    def iterate_together(
        self, observations: Sequence[Observation]
    ) -> Iterator[Sequence[torch.Tensor | Iterate]]:
        """Yield for each iteration what `Iterative.iterate` would yield for each image, in order."""
        ...
