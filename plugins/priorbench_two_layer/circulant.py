"""Circulant operators U, given by a kernel u on a ring or a torus: circular convolutions.

R. Heckel and M. Soltanolkotabi, ICLR 2020, Section 4. A kernel is an array with its centre at index 0, so
that it is the first column of U; n is its number of entries. Nothing here makes an n x n matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import scipy.fft

from priorbench.toolkit.checks import at_least, one_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

KernelName = Literal["triangle", "gaussian"]


@dataclass(frozen=True, eq=False)
class Circulant:
    """U x = u * x, circularly.

    Attributes
    ----------
    u : ndarray of float64
        the kernel, real, any shape; finite and not 0.
    """

    u: NDArray[np.float64]

    def __post_init__(self) -> None:
        u = np.asarray(self.u, dtype=np.float64)
        if not u.size or not np.isfinite(u).all() or not u.any():
            raise ValueError(f"the kernel u must be finite and not zero everywhere (its shape: {u.shape})")
        object.__setattr__(self, "u", u)

    @property
    def n(self) -> int:
        """Number of entries of a signal."""
        return self.u.size

    @property
    def energy(self) -> float:
        """||u||_2^2, the squared norm of every row of U."""
        return float(np.square(self.u).sum())

    @property
    def spectrum(self) -> NDArray[np.complex128]:
        """F u, unnormalised, shaped like u; its moduli are the singular values of U."""
        transformed: NDArray[np.complex128] = scipy.fft.fftn(self.u)
        return transformed

    @property
    def norm(self) -> float:
        """Beta = ||U|| = ||F u||_inf."""
        return float(np.abs(self.spectrum).max())

    @property
    def step_size(self) -> float:
        """The largest step size of Theorems 1 to 3, eta = 1 / ||F u||_inf^2."""
        return self.norm**-2

    @property
    def autocorrelation(self) -> NDArray[np.float64]:
        """First column of U U^T, of the spectrum |F u|^2: the inner products of the rows of U."""
        correlation: NDArray[np.float64] = scipy.fft.ifftn(np.abs(self.spectrum) ** 2).real
        return correlation

    def apply(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """Return U x; leading axes of `x` are a batch."""
        return _filtered(x, self.spectrum)

    def adjoint(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """Return U^T x; leading axes of `x` are a batch."""
        return _filtered(x, self.spectrum.conj())

    def normalised(self) -> Circulant:
        """Return U / ||u||_2."""
        return Circulant(self.u / self.energy**0.5)


def triangle(n: int, p: float) -> NDArray[np.float64]:
    """Return u_i = p - |i| for |i| < p, on a ring of n entries, with ||u||_2 = 1 (Fig. 6).

    Parameters
    ----------
    n : int
        number of entries; taps beyond n / 2 wrap around.
    p : float
        half-width, at least 1; p = 1 is the identity.
    """
    if not p >= 1:
        raise ValueError(f"a triangle's half-width must be at least 1, not {p}")
    return _wrapped(n, int(np.ceil(p)) - 1, lambda i: p - np.abs(i))


def gaussian(n: int, s: float) -> NDArray[np.float64]:
    """Return u_i = exp(-i^2 / s^2), on a ring of n entries, with ||u||_2 = 1 (Fig. 6: s = 0.005 n ... 0.05
    n).

    Parameters
    ----------
    n : int
        number of entries.
    s : float
        width in entries, above 0; there is no factor 2, so that the standard deviation is s / sqrt(2).
    """
    if not s > 0:
        raise ValueError(f"a Gaussian's width must be above 0, not {s}")
    return _wrapped(n, int(np.ceil(7 * s)), lambda i: np.exp(-((i / s) ** 2)))


KERNELS: dict[KernelName, Callable[[int, float], NDArray[np.float64]]] = {
    "triangle": triangle,
    "gaussian": gaussian,
}


def separable(name: KernelName, shape: tuple[int, ...], width: float) -> Circulant:
    """Return the convolution with the outer product of the named kernel along every axis, ||u||_2 = 1."""
    one_of(list(KERNELS), kernel=name)
    return Circulant(reduce(np.multiply.outer, (KERNELS[name](n, width) for n in shape)))


def _wrapped(n: int, reach: int, value: Callable[[NDArray[Any]], NDArray[np.float64]]) -> NDArray[np.float64]:
    at_least(1, n=n)
    offsets = np.arange(-reach, reach + 1)
    u = np.zeros(n)
    np.add.at(u, offsets % n, value(offsets))
    normalised: NDArray[np.float64] = u / np.linalg.norm(u)
    return normalised


def _filtered(x: NDArray[Any], response: NDArray[np.complex128]) -> NDArray[np.float64]:
    axes = tuple(range(-response.ndim, 0))
    result: NDArray[np.float64] = scipy.fft.ifftn(scipy.fft.fftn(x, axes=axes) * response, axes=axes).real
    return result
