"""Images on a torus, with a mirrored margin: no jump where opposite borders meet."""

from __future__ import annotations

from dataclasses import dataclass

import scipy.fft
import torch

from priorbench.toolkit.checks import at_least


@dataclass(frozen=True, kw_only=True, slots=True)
class Torus:
    """A torus that holds an image and at least a margin around it.

    Attributes
    ----------
    height, width : int
        of the image, in pixels.
    margin : int
        mirrored pixels at each side, at least. 0 makes the image itself the torus, as the theory has it;
        otherwise its sides grow to the next length that is quick to transform. A side of one pixel gets no
        margin: such an image is a signal on a ring.
    """

    height: int
    width: int
    margin: int

    def __post_init__(self) -> None:
        at_least(1, height=self.height, width=self.width)
        at_least(0, margin=self.margin)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the torus."""
        return self._side(self.height), self._side(self.width)

    def fill(self, image: torch.Tensor) -> torch.Tensor:
        """Mirror an image (..., height, width) onto the torus; the border pixel is repeated."""
        rows, columns = (
            _mirrored(side, length, image.device)
            for side, length in zip(self.shape, (self.height, self.width), strict=True)
        )
        return image.index_select(-2, rows).index_select(-1, columns)

    def crop(self, field: torch.Tensor) -> torch.Tensor:
        """Return the image's pixels of fields (..., *shape), a view."""
        rows, columns = self.shape
        top, left = (rows - self.height) // 2, (columns - self.width) // 2
        return field[..., top : top + self.height, left : left + self.width]

    def _side(self, length: int) -> int:
        if length == 1 or self.margin == 0:
            return length
        return int(scipy.fft.next_fast_len(length + 2 * self.margin, real=True))


def _mirrored(side: int, length: int, device: torch.device) -> torch.Tensor:
    start = -((side - length) // 2)
    index = torch.arange(start, start + side, device=device).remainder(2 * length)
    return torch.minimum(index, 2 * length - 1 - index)
