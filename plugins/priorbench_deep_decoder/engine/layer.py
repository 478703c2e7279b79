"""One hidden layer: Z = B C is kept, its activation X exists only in tiles, made again whenever it is needed.

With U the upsampling (or nothing), V = U Z, and x^ the normalisation without its trainable scale and shift:

* after activation: X = x^ = (relu(V) - mean) / std; scale and shift are part of the mixing that follows;
* before activation: X = relu(scale x^ + shift) with x^ = (V - mean) / std.

Either way X = max(max(V, inner) a + b, outer), a and b a number for each channel: all that the kernels know.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from priorbench_deep_decoder.engine import flat, narrow, upsampled

#: bytes of a tile of activations: small enough for the cache, large enough for a matrix product
TILE_BYTES = 2 * 2**20
#: elements below which a kernel is not worth a second thread
SERIAL = 1 << 15
#: a mixing into so few channels is not left to matrix products
NARROW = 8


@dataclass(frozen=True, slots=True)
class Tile:
    """Rows of cells (upsampling) or pixels (not) of Z, and the pixels of X that belong to them."""

    cells: slice
    pixels: slice


@dataclass(eq=False, slots=True)
class HiddenLayer:
    """The memory of a layer and what is done with it, for images of one size.

    Attributes
    ----------
    height, width, channels : of Z.
    upsample : X is twice as high and wide.
    normalise_last : normalisation after the activation.
    z : Z (pixels, channels); if nothing is upsampled the gradient takes its place in the backward pass.
    tile : memory for a tile of X.
    threads : for the kernels.
    """

    height: int
    width: int
    channels: int
    upsample: bool
    normalise_last: bool
    z: torch.Tensor
    tile: torch.Tensor
    threads: int = 1
    eps: float = 1e-5
    mean: Any = field(init=False)
    rstd: Any = field(init=False)
    scale: Any = field(init=False)
    offset: Any = field(init=False)

    @property
    def pixels(self) -> int:
        """Pixels of X."""
        return self.height * self.width * (4 if self.upsample else 1)

    def tiles(self) -> Iterator[Tile]:
        """Cut X into tiles, from top to bottom."""
        row = self.channels * self.z.element_size()
        if not self.upsample:
            step = max(1, TILE_BYTES // row)
            for start in range(0, self.pixels, step):
                pixels = slice(start, min(start + step, self.pixels))
                yield Tile(pixels, pixels)
            return
        wide = 2 * self.width
        step = max(1, TILE_BYTES // (2 * wide * row))
        for begin in range(-1, self.height, step):
            end = min(begin + step, self.height)
            pixels = slice(max(2 * begin + 1, 0) * wide, min(2 * end + 1, 2 * self.height) * wide)
            yield Tile(slice(begin, end), pixels)

    @property
    def _bounds(self) -> tuple[Any, Any]:
        """The lower bounds before and after scaling."""
        number = self._z.dtype.type
        low, zero = number(-math.inf), number(0)
        return (zero, low) if self.normalise_last else (low, zero)

    @property
    def _z(self) -> Any:
        z = self.z.numpy()
        return z.reshape(self.height, self.width, self.channels) if self.upsample else z

    def normalise(self, gamma: Any, beta: Any) -> None:
        """Find the statistics of the layer; gamma and beta are scale and shift, (channels,)."""
        z, (inner, _) = self._z, self._bounds
        shift = np.maximum(z.reshape(-1, self.channels)[0], inner)
        totals = np.zeros((2, self.channels))
        kernel = upsampled if self.upsample else flat
        kernel.statistics(z, inner, shift, totals, self.threads)
        first, second = totals / self.pixels
        self.mean = shift + first
        self.rstd = 1 / np.sqrt(np.maximum(second - first**2, 0) + self.eps)
        scale = self.rstd if self.normalise_last else gamma * self.rstd
        offset = (0 if self.normalise_last else beta) - self.mean * scale
        self.scale, self.offset = scale.astype(z.dtype), offset.astype(z.dtype)

    def expand(self, tile: Tile) -> torch.Tensor:
        """Return X in a tile, (pixels, channels)."""
        x = self.tile[: tile.pixels.stop - tile.pixels.start]
        z, (inner, outer) = self._z, self._bounds
        if self.upsample:
            rows = x.numpy().reshape(-1, 2 * self.width, self.channels)
            cells = tile.cells
            upsampled.expand(
                z, cells.start, cells.stop, inner, self.scale, self.offset, outer, rows, self.threads
            )
        else:
            flat.expand(z[tile.pixels], inner, self.scale, self.offset, outer, x.numpy(), self.threads)
        return x

    def mix(self, weight: torch.Tensor, bias: torch.Tensor, out: torch.Tensor) -> None:
        """Write X weight^T + bias to `out` (pixels, outputs)."""
        if self.upsample and weight.shape[0] <= NARROW:
            inner, outer = self._bounds
            image = out.numpy().reshape(2 * self.height, 2 * self.width, -1)
            w, b = weight.numpy(), bias.numpy()
            narrow.read_out(self._z, inner, self.scale, self.offset, outer, w, b, image, self.threads)
            return
        for tile in self.tiles():
            torch.addmm(bias, self.expand(tile), weight.t(), out=out[tile.pixels])

    def correlate(self, d: torch.Tensor) -> torch.Tensor:
        """Return d^T X (outputs, channels) for the gradient d (pixels, outputs)."""
        outputs = d.shape[1]
        if self.upsample and outputs <= NARROW:
            inner, outer = self._bounds
            totals = np.zeros((outputs, self.channels))
            image = d.numpy().reshape(2 * self.height, 2 * self.width, -1)
            narrow.correlate(self._z, inner, self.scale, self.offset, outer, image, totals, self.threads)
            return torch.from_numpy(totals).to(d.dtype)
        product = d.new_empty(outputs, self.channels)
        for number, tile in enumerate(self.tiles()):
            torch.addmm(product, d[tile.pixels].t(), self.expand(tile), beta=min(number, 1), out=product)
        return product

    def _spread(self, d: torch.Tensor, weight: torch.Tensor, tile: Tile) -> torch.Tensor:
        g = self.tile[: tile.pixels.stop - tile.pixels.start]
        if weight.shape[0] <= NARROW:
            narrow.spread(d[tile.pixels].numpy(), weight.numpy(), g.numpy(), self.threads)
        else:
            torch.mm(d[tile.pixels], weight, out=g)
        return g

    def through_activation_last(
        self, d: torch.Tensor, weight: torch.Tensor, gamma: Any, spare: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, Any, Any]:
        """Turn dL/d(next Z) into dL/dZ, normalisation before activation.

        Returns
        -------
        dL/dZ, memory that is free now, dL/dscale and dL/dshift.
        """
        z, k, threads = self._z, self.channels, self.threads
        totals = np.zeros((2, k))
        centre = self.mean.astype(z.dtype)
        tiles = list(self.tiles())
        gradient = spare[: self.z.shape[0]] if self.upsample else self.z
        if self.upsample:
            gradient.zero_()
        none = np.zeros(k, z.dtype)
        for tile in tiles:
            g = self._spread(d, weight, tile).numpy()
            if self.upsample:
                rows, cells = g.reshape(-1, 2 * self.width, k), tile.cells
                upsampled.moments(
                    z, cells.start, cells.stop, rows, self.scale, self.offset, centre, totals, threads
                )
                image = gradient.numpy().reshape(z.shape)
                upsampled.adjoint(
                    z, cells.start, cells.stop, rows, self.scale, self.offset, none, none, image, threads
                )
            else:
                flat.moments(z[tile.pixels], g, self.scale, self.offset, centre, totals, threads)
        d_beta, d_gamma = totals[0], totals[1] * self.rstd
        share = 4 if self.upsample else 1
        factor = gamma * self.rstd
        slope = -factor * self.rstd * d_gamma / self.pixels
        constant = -share * (factor * d_beta / self.pixels + slope * self.mean)
        a, b, c = (value.astype(z.dtype) for value in (factor, slope, constant))
        if self.upsample:
            upsampled.smooth(z, a, b, c, gradient.numpy().reshape(z.shape), threads)
            return gradient, self.z, d_gamma, d_beta
        for tile in tiles:
            g = self._spread(d, weight, tile).numpy()
            flat.gradient(z[tile.pixels], g, self.scale, self.offset, a, b, c, False, threads)
        return self.z, spare, d_gamma, d_beta

    def through_normalisation_last(
        self, d: torch.Tensor, weight: torch.Tensor, m1: Any, m2: Any, spare: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Turn dL/d(next Z) into dL/dZ, normalisation after activation.

        Parameters
        ----------
        d : dL/d(next Z).
        weight : of the next mixing, with the scale in it.
        m1, m2 : means over pixels of dL/dx^ and of x^ dL/dx^.
        spare : memory for dL/dZ of a layer that upsamples.

        Returns
        -------
        dL/dZ and memory that is free now.
        """
        z, k, threads = self._z, self.channels, self.threads
        slope = (-(self.rstd**2) * m2).astype(z.dtype)
        constant = (self.rstd * (self.mean * self.rstd * m2 - m1)).astype(z.dtype)
        one, none = np.ones(k, z.dtype), np.zeros(k, z.dtype)
        weight = weight * torch.from_numpy(self.rstd).to(weight.dtype)
        gradient = spare[: self.z.shape[0]] if self.upsample else self.z
        if self.upsample:
            gradient.zero_()
        for tile in self.tiles():
            g = self._spread(d, weight, tile).numpy()
            if self.upsample:
                rows, cells = g.reshape(-1, 2 * self.width, k), tile.cells
                image = gradient.numpy().reshape(z.shape)
                upsampled.adjoint(
                    z, cells.start, cells.stop, rows, one, none, slope, constant, image, threads
                )
            else:
                flat.gradient(z[tile.pixels], g, one, none, one, slope, constant, True, threads)
        return (gradient, self.z) if self.upsample else (self.z, spare)
