"""The two-layer generator of finite width, G(C) = ReLU(U C) v, and its fit by gradient descent.

R. Heckel and M. Soltanolkotabi, ICLR 2020, eq. 1, 3, 4. A step on (1/2) ||G(C) - y||^2 is
c_j <- c_j - eta v_j U^T (1{U c_j > 0} * r), r = G(C) - y. The weights enter through Z = U C alone, so that Z
is kept instead, and one convolution with U U^T takes the place of two:

z_j <- z_j - eta v_j U U^T (1{z_j > 0} * r).
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import torch

from priorbench.toolkit.checks import one_of
from priorbench_two_layer.circulant import Circulant
from priorbench_two_layer.convolution import GramConvolution

Start = Literal["independent", "symmetric"]

#: entries of Z that are worked on at a time, so that all passes over them find them in a core's cache
_SLICE = 2**16


class Generator:
    """G(C) for one signal or image plane, through Z = U C.

    Parameters
    ----------
    circulant : Circulant
        U, on the ring or torus of the signal.
    k : int
        width, even: v = (1, ..., 1, -1, ..., -1) / sqrt(k).
    omega : float
        the weights start as N(0, omega^2); the theorems take omega about ||y|| / sqrt(n).
    start : {'independent', 'symmetric'}, default 'independent'
        ``"independent"`` weights, as in the paper, or ``"symmetric"`` ones, whose second half equals the
        first, so that G(C_0) = 0.
    random : torch.Generator
        source of the weights, on the CPU.
    dtype, device : torch.dtype or torch.device or str, optional
        of everything.
    banded : bool or None, optional
        see `priorbench_two_layer.convolution.GramConvolution`.

    Attributes
    ----------
    Z : torch.Tensor
        U C, (k, ...).
    """

    def __init__(
        self,
        circulant: Circulant,
        *,
        k: int,
        omega: float,
        start: Start = "independent",
        random: torch.Generator,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        banded: bool | None = None,
    ) -> None:
        if k < 2 or k % 2:
            raise ValueError(f"k must be even and at least 2, not {k}")
        one_of(get_args(Start), start=start)
        self._gram = GramConvolution(circulant, dtype=dtype, device=device, banded=banded)
        self._k, self._together = k, max(1, _SLICE // circulant.n)
        drawn = k if start == "independent" else k // 2
        C = torch.randn((drawn, *circulant.u.shape), generator=random, dtype=dtype).mul_(omega)
        Z = _convolved(C.to(device), circulant)
        self.Z = Z if drawn == k else torch.cat([Z, Z])

    def output(self) -> torch.Tensor:
        """Return G = ReLU(Z) v, shaped like the signal."""
        half = self._k // 2
        # Slice by slice: the rectified Z as a whole would be another k fields, and as slow as memory.
        total: torch.Tensor = torch.zeros_like(self.Z[0])
        for part in torch.split(self.Z[:half], self._together):
            total += part.relu().sum(0)
        for part in torch.split(self.Z[half:], self._together):
            total -= part.relu().sum(0)
        return total.div_(math.sqrt(self._k))

    def step(self, r: torch.Tensor, eta: float) -> None:
        """Take one step of gradient descent, given the residual r = G - y."""
        half, alpha = self._k // 2, eta / self._k**0.5
        for sign, Z in ((-1, self.Z[:half]), (1, self.Z[half:])):
            for part in torch.split(Z, self._together):
                part.add_(self._gram((part > 0) * r), alpha=sign * alpha)


def _convolved(C: torch.Tensor, circulant: Circulant) -> torch.Tensor:
    """Return U C, in C's precision."""
    axes = tuple(range(-circulant.u.ndim, 0))
    half = circulant.spectrum[..., : circulant.u.shape[-1] // 2 + 1]
    kind = torch.complex128 if C.dtype == torch.float64 else torch.complex64
    response = torch.from_numpy(half).to(C.device, kind)
    spectrum = torch.fft.rfftn(C, dim=axes) * response
    convolved: torch.Tensor = torch.fft.irfftn(spectrum, s=circulant.u.shape, dim=axes)
    return convolved
