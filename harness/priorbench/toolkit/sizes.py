"""Padded frames: images of any size for networks whose sides must be multiples of a number.

The network works on a padded frame with the image in its centre. Its output is cropped before it is
compared with anything, so that the loss sees true pixels only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from priorbench.toolkit.checks import at_least

if TYPE_CHECKING:
    import torch

    from priorbench.contract.observation import Observation


def image_shape(observation: Observation) -> tuple[int, int, int]:
    """Return (channels, height, width) of the image that is sought: `Observation.shape`."""
    return observation.shape


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """A padded frame around an image.

    The image lies in the centre, so that its opposite borders are treated alike; of an odd margin the
    larger part is at the bottom and on the right. An image whose sides are multiples already gets no margin.

    Attributes
    ----------
    height, width : int
        of the image, in pixels, at least 1.
    multiple : int, default 1
        the frame's sides are multiples of it, for example 32 for five halvings.
    coarsest : int, default 1
        the frame's sides are at least this many multiples: a network that halves five times and then needs 2
        x 2 values (for the statistics of its normalisation, or for a reflection) gets 64 x 64.
    """

    height: int
    width: int
    multiple: int = 1
    coarsest: int = 1

    def __post_init__(self) -> None:
        at_least(1, height=self.height, width=self.width, multiple=self.multiple, coarsest=self.coarsest)

    @property
    def coarse_size(self) -> tuple[int, int]:
        """Height and width of the frame in multiples: the size of a generator's input."""
        return (
            max(-(-self.height // self.multiple), self.coarsest),
            max(-(-self.width // self.multiple), self.coarsest),
        )

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the frame in pixels."""
        rows, columns = self.coarse_size
        return rows * self.multiple, columns * self.multiple

    @property
    def _corner(self) -> tuple[int, int]:
        height, width = self.size
        return (height - self.height) // 2, (width - self.width) // 2

    def crop(self, padded: torch.Tensor) -> torch.Tensor:
        """Return the true pixels (a view) of a tensor (..., frame height, frame width).

        Raises
        ------
        ValueError
            Where the tensor is not of the frame's size.
        """
        if tuple(padded.shape[-2:]) != self.size:
            raise ValueError(f"expected a frame of {self.size} pixels, not {tuple(padded.shape[-2:])}")
        top, left = self._corner
        return padded[..., top : top + self.height, left : left + self.width]

    def pad_reflect(self, image: torch.Tensor) -> torch.Tensor:
        """Return `image` (..., height, width) mirrored into the frame, for methods whose input is an image.

        The border pixel is not repeated; an image smaller than its margin is mirrored again and again.
        """
        if tuple(image.shape[-2:]) != (self.height, self.width):
            raise ValueError(f"expected {(self.height, self.width)} pixels, not {tuple(image.shape[-2:])}")
        (top, left), (height, width) = self._corner, self.size
        rows = _mirrored(-top, height - top, self.height, image.device)
        columns = _mirrored(-left, width - left, self.width, image.device)
        return image.index_select(-2, rows).index_select(-1, columns)


def _mirrored(start: int, stop: int, length: int, device: torch.device) -> torch.Tensor:
    """Return for the positions start..stop-1 their indices into 0..length-1, mirrored at both ends."""
    import torch

    period = max(2 * (length - 1), 1)
    index = torch.arange(start, stop, device=device).remainder(period)
    return torch.minimum(index, (period - index) % period) if length > 1 else torch.zeros_like(index)
