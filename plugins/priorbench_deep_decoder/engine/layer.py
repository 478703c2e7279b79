# mypy: allow-untyped-calls
"""One hidden layer of a decoder: its memory, and what is done with it by the kernels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from priorbench.toolkit.fused.crew import Crew
from priorbench_deep_decoder.engine import kernels, small
from priorbench_deep_decoder.engine.bands import number_of

#: multiplications below which a second thread, which takes 60 microseconds to wake, is not worth it
ALONE = 1 << 21
#: added to the variance
EPSILON = 1e-5


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Workspace:
    """Memory that layers use one after the other.

    Attributes
    ----------
    crew : the threads.
    tiles : (threads, pixels, k).
    edges : bands x (largest width) x k numbers.
    """

    crew: Crew
    tiles: Any
    edges: Any


@dataclass(kw_only=True, eq=False, slots=True)
class HiddenLayer:
    """A layer for images of one size; see `priorbench_deep_decoder.engine.kernels` for the formulas.

    Attributes
    ----------
    z : Z (height, width, k); if nothing is upsampled the gradient takes its place in the backward pass.
    up : X is twice as high and wide.
    normalise_last : normalisation after the activation.
    workspace : shared with the other layers.
    gamma, beta : trainable scale and shift of the normalisation.
    """

    z: Any
    up: bool
    normalise_last: bool
    workspace: Workspace
    gamma: Any = field(init=False)
    beta: Any = field(init=False)
    mean: Any = field(init=False)
    rstd: Any = field(init=False)
    scale: Any = field(init=False)
    offset: Any = field(init=False)

    @property
    def pixels(self) -> int:
        """Pixels of X."""
        height, width, _ = self.z.shape
        return int(height * width * (4 if self.up else 1))

    @property
    def _bands(self) -> int:
        return number_of(*self.z.shape[:2], up=self.up)

    @property
    def _bounds(self) -> tuple[Any, Any]:
        """The lower bounds before and after scaling."""
        low, zero = self.z.dtype.type(-np.inf), self.z.dtype.type(0)
        return (zero, low) if self.normalise_last else (low, zero)

    def _share(self, kernel: Any, *given: Any, outputs: int = 0) -> None:
        """Call a kernel that makes X, a dozen multiplications each, and mixes it into so many outputs."""
        alone = self.pixels * self.z.shape[2] * (12 + outputs) < ALONE
        self.workspace.crew.share(kernel, self._bands, self.z, self.up, *given, alone=alone)

    def normalise(self, gamma: Any, beta: Any) -> None:
        """Find the statistics of the layer; gamma and beta are scale and shift, (k,)."""
        lower, _ = self._bounds
        shift = np.maximum(self.z[0, 0], lower)
        totals = np.zeros((self._bands, 2, len(shift)))
        self._share(kernels.statistics, lower, shift, totals)
        k = len(shift)
        self.gamma, self.beta = gamma, beta
        self.mean, self.rstd = np.empty((2, k))
        self.scale, self.offset = np.empty((2, k), self.z.dtype)
        given = gamma, beta, self.pixels, EPSILON, self.normalise_last
        small.standardise(totals, shift, *given, self.mean, self.rstd, self.scale, self.offset)

    def mix(self, mixing: Any, out: Any) -> None:
        """Write the mixing (outputs, k) of what the layer passes on to `out` (pixels, outputs)."""
        lower, outer = self._bounds
        weight, bias = mixing, np.empty(0, mixing.dtype)
        if self.normalise_last:
            weight, bias = np.empty_like(mixing), np.empty(len(mixing), mixing.dtype)
            small.fold(mixing, self.gamma, self.beta, weight, bias)
        tiles = self.workspace.tiles
        given = lower, self.scale, self.offset, outer, weight, bias, out, tiles
        self._share(kernels.mix, *given, outputs=len(mixing))

    def _correlate(self, d: Any) -> tuple[Any, Any]:
        """Return d^T X (outputs, k) and, if normalisation is last, each band's sum of d (bands, outputs)."""
        lower, outer = self._bounds
        shape = d.shape[1], self.z.shape[2]
        parts = np.empty((self._bands, *shape), self.z.dtype)
        spares = np.empty((self.workspace.crew.threads, *shape), self.z.dtype)
        columns = np.zeros((self._bands, shape[0] if self.normalise_last else 0))
        given = lower, self.scale, self.offset, outer, d, parts, spares, columns, self.workspace.tiles
        self._share(kernels.correlate, *given, outputs=d.shape[1])
        small.add_up(parts, spares[0])
        return spares[0], columns

    def backward(self, d: Any, mixing: Any, free: Any) -> tuple[Any, Any, tuple[Any, Any, Any]]:
        """Take dL/d(next Z) through the layer.

        Parameters
        ----------
        d : dL/d(next Z), (pixels, outputs).
        mixing : that follows the layer, (outputs, k).
        free : memory for dL/dZ of a layer that upsamples.

        Returns
        -------
        dL/dZ, memory that is free now, and the gradients of mixing, scale and shift.
        """
        target = free[: self.z.size].reshape(self.z.shape) if self.up else self.z
        edges = self.workspace.edges[: self._bands * self.z[0].size].reshape(self._bands, *self.z.shape[1:])
        product, columns = self._correlate(d)
        through = self._normalisation_last if self.normalise_last else self._activation_last
        gradients = through(d, mixing, product, columns, target, edges)
        return target, self.z.reshape(-1) if self.up else free, gradients

    def _normalisation_last(
        self, d: Any, mixing: Any, product: Any, columns: Any, target: Any, edges: Any
    ) -> tuple[Any, Any, Any]:
        d_gamma, d_beta = np.zeros((2, len(self.gamma)))
        spread, (slope, constant) = np.empty_like(mixing), np.empty((2, len(self.gamma)), d.dtype)
        given = mixing, self.gamma, self.beta, self.mean, self.rstd, self.pixels
        small.unfold(product, columns, *given, d_gamma, d_beta, spread, slope, constant)
        one, none = np.ones_like(slope), np.zeros_like(slope)
        rest = one, none, slope, constant, target, edges, self.workspace.tiles
        self._share(kernels.through_normalisation_last, d, spread, *rest, outputs=d.shape[1])
        if self.up:
            kernels.join(self._bands, target, edges)
        return product, d_gamma, d_beta

    def _activation_last(
        self, d: Any, mixing: Any, product: Any, columns: Any, target: Any, edges: Any
    ) -> tuple[Any, Any, Any]:
        totals = np.zeros((self._bands, 2, self.z.shape[2]))
        centre, none = self.mean.astype(d.dtype), np.zeros_like(self.scale)
        given = self.scale, self.offset, centre, none, target, totals, edges, self.workspace.tiles
        self._share(kernels.masked_adjoint, d, mixing, *given, outputs=d.shape[1])
        if self.up:
            kernels.join(self._bands, target, edges)
        d_beta, d_gamma = totals.sum(0)
        d_gamma *= self.rstd
        share = 4 if self.up else 1  # the sum of a column of U*
        factor = self.gamma * self.rstd
        slope = -factor * self.rstd * d_gamma / self.pixels
        constant = -share * (factor * d_beta / self.pixels + slope * self.mean)
        combined = [value.astype(d.dtype) for value in (factor, slope, constant)]
        given = self.scale, self.offset, *combined, target, self.workspace.tiles
        self._share(kernels.through_activation_last, d, mixing, *given, outputs=0 if self.up else d.shape[1])
        return product, d_gamma, d_beta
