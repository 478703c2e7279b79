"""Circular convolution of many fields with one symmetric kernel: by FFT or by banded sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from priorbench_two_layer.circulant import Circulant

#: banded sums beat torch's FFT up to this many taps, over all axes ...
_FEW_TAPS = 18
#: ... along one axis, or on a torus of at least this many entries (a smaller one gains less than a pass
#: costs)
_LARGE_TORUS = 2**16
#: entries that are convolved at a time, so that a slice stays in a core's cache
_SLICE = 2**15
#: relative size below which a tap of a kernel is rounding
_NEGLIGIBLE = 1e-12


class GramConvolution:
    """x -> U U^T x along the trailing axes of a batch; U U^T is the convolution with u's auto-correlation.

    Parameters
    ----------
    circulant : Circulant
        U, on the ring (n,) or torus (height, width) of the fields.
    dtype, device : torch.dtype or torch.device or str
        of the fields.
    banded : bool or None, optional
        True or False forces the way; None takes the faster one (measured on CPUs; FFT elsewhere). It depends
        on the sizes alone, so that the same fit has the same bits everywhere.
    """

    def __init__(
        self,
        circulant: Circulant,
        *,
        dtype: torch.dtype,
        device: torch.device | str = "cpu",
        banded: bool | None = None,
    ) -> None:
        kernel = circulant.autocorrelation
        self._shape = kernel.shape
        self._axes = tuple(range(-kernel.ndim, 0))
        self._bands = separable_bands(kernel)
        taps = sum(len(band) for band in self._bands if len(band) > 1)
        if banded and not self._bands:
            raise ValueError(
                "banded sums need a kernel that is a product of symmetric bands shorter than its axes"
            )
        small = sum(n > 1 for n in kernel.shape) > 1 and kernel.size < _LARGE_TORUS
        worth = torch.device(device).type == "cpu" and 0 < taps <= _FEW_TAPS and not small
        self.banded = worth if banded is None else banded
        response = np.square(np.abs(circulant.spectrum))[..., : kernel.shape[-1] // 2 + 1]
        self._response = torch.from_numpy(response).to(device, dtype)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return U U^T x for fields (batch, ...), as a new tensor."""
        if not self.banded:
            spectrum = torch.fft.rfftn(x, dim=self._axes)
            fields: torch.Tensor = torch.fft.irfftn(
                spectrum.mul_(self._response), s=self._shape, dim=self._axes
            )
            return fields
        step = max(1, _SLICE // int(np.prod(self._shape)))
        return torch.cat([self._sum_bands(part) for part in torch.split(x, step)])

    def _sum_bands(self, x: torch.Tensor) -> torch.Tensor:
        for axis, band in zip(self._axes, self._bands, strict=True):
            x = _banded(x, band, axis)
        return x


def separable_bands(kernel: np.ndarray) -> tuple[tuple[float, ...], ...]:
    """Return the taps along each axis of a kernel that is an outer product of symmetric bands; () if it is
    not.

    Parameters
    ----------
    kernel : ndarray
        centre at index 0, positive there.

    Returns
    -------
    tuple[tuple[float, ...], ...]
        Taps -r..r for each axis, whose outer product is the kernel; each band is shorter than its axis.
    """
    centre = kernel.flat[0]
    lines = [
        kernel[tuple(slice(None) if axis == other else 0 for other in range(kernel.ndim))] / centre
        for axis in range(kernel.ndim)
    ]
    product = lines[0]
    for line in lines[1:]:
        product = np.multiply.outer(product, line)
    if np.abs(product * centre - kernel).max() > _NEGLIGIBLE * centre:
        return ()
    bands = [_band(line) for line in lines]
    if any(band is None for band in bands):
        return ()
    found = [band for band in bands if band is not None]
    found[0] = tuple(tap * float(centre) for tap in found[0])
    return tuple(found)


def _band(line: np.ndarray) -> tuple[float, ...] | None:
    n = len(line)
    offsets = np.minimum(np.arange(n), n - np.arange(n))
    reach = int(offsets[np.abs(line) > _NEGLIGIBLE].max())
    if 2 * reach + 1 > n:
        return None
    return tuple(float(line[i % n]) for i in range(-reach, reach + 1))


def _banded(x: torch.Tensor, taps: Sequence[float], axis: int) -> torch.Tensor:
    if len(taps) == 1:
        return x if taps[0] == 1 else x * taps[0]
    n, reach = x.shape[axis], len(taps) // 2
    ends = [x.narrow(axis, n - reach, reach), x, x.narrow(axis, 0, reach)]
    wrapped = torch.cat(ends, dim=axis)
    total = wrapped.narrow(axis, 0, n) * taps[0]
    for offset, tap in enumerate(taps[1:], start=1):
        total.add_(wrapped.narrow(axis, offset, n), alpha=tap)
    return total
