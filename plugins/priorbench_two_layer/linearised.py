"""Gradient descent on linear(ised) least squares in closed form: any iteration number at once.

Heckel & Soltanolkotabi 2020: Proposition 1, eq. 2, Theorem 5. For a circulant U everything is diagonal in the
Fourier domain, where sigma comes from `priorbench_two_layer.dual_kernel.dual_kernel`. `tau` may be one number
or an array of T numbers (whole or not); the result then has a leading axis of length T.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.fft

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def contraction(sigma: NDArray[Any] | float, eta: float, tau: ArrayLike) -> NDArray[np.float64]:
    """Return (1 - eta sigma_i^2)^tau, shaped (T,) + sigma's shape, or sigma's shape for one tau.

    Raises
    ------
    ValueError
        Where eta sigma^2 exceeds 1: steps that long are outside the theorems (eta <= 1 / beta^2).
    """
    factor = 1 - eta * np.square(sigma)
    if factor.min() < 0 or not eta > 0:
        raise ValueError(f"eta must lie in (0, 1/sigma_1^2] = (0, {np.max(sigma) ** -2.0:.6g}], not {eta}")
    exponents = np.asarray(tau, dtype=np.float64)
    powers: NDArray[np.float64] = np.power(factor, exponents.reshape(exponents.shape + (1,) * factor.ndim))
    return powers


def residual(sigma: NDArray[Any], eta: float, tau: ArrayLike, r0: NDArray[Any]) -> NDArray[np.float64]:
    """Return r_tau = sum_i (1 - eta sigma_i^2)^tau w_i <w_i, r_0> for a circulant U (Proposition 1, Theorem
    5).

    Parameters
    ----------
    sigma : ndarray
        dual kernel in the order of the discrete Fourier transform, shaped like a signal.
    eta : float
        step size.
    tau : ArrayLike
        iterations.
    r0 : ndarray
        first residual, shaped like sigma.
    """
    axes = tuple(range(-sigma.ndim, 0))
    decay = _half(contraction(sigma, eta, tau))
    residuals: NDArray[np.float64] = scipy.fft.irfftn(
        decay * scipy.fft.rfftn(r0, axes=axes), s=sigma.shape, axes=axes
    )
    return residuals


def prediction(
    sigma: NDArray[Any], eta: float, tau: ArrayLike, y: NDArray[Any], g0: NDArray[Any] | float = 0.0
) -> NDArray[np.float64]:
    """Return the linearised outputs y + sum_i (1 - eta sigma_i^2)^tau w_i <w_i, G(C_0) - y> (Theorem 5)."""
    return y + residual(sigma, eta, tau, np.broadcast_to(g0, y.shape) - y)


def distance(sigma: NDArray[Any], eta: float, tau: ArrayLike, r0: NDArray[Any]) -> NDArray[np.float64]:
    """Return ||theta_tau - theta_0|| of the linearised fit (Theorem 5):

    the root of sum_i <w_i, r_0>^2 ((1 - (1 - eta sigma_i^2)^tau) / sigma_i)^2.
    """
    values = np.square(sigma)
    moved = np.square(1 - contraction(sigma, eta, tau)) / np.where(values > 0, values, 1)
    return _root_sum(moved * fourier_energies(r0), sigma.ndim)


def error_bound(
    sigma: NDArray[Any], eta: float, tau: ArrayLike, *, p: int, x_norm: float, noise: NDArray[Any]
) -> NDArray[np.float64]:
    """Return the right-hand side of eq. 2, (1 - eta sigma_p^2)^tau ||x|| + E(z).

    E(z)^2 = sum_i ((1 - eta sigma_i^2)^tau - 1)^2 <w_i, z>^2.

    Parameters
    ----------
    sigma : ndarray
        singular values (n,), in the order of `noise`.
    eta, tau : float or ArrayLike
        step size, iterations.
    p : int
        x lies in the span of the first p basis functions.
    x_norm : float
        ||x||.
    noise : ndarray
        coefficients <w_i, z>, (n,).
    """
    fitted = np.square(1 - contraction(sigma, eta, tau)) * np.square(noise)
    slowest = np.min(sigma[:p])
    return contraction(slowest, eta, tau) * x_norm + _root_sum(fitted, 1)


def fourier_energies(x: NDArray[Any]) -> NDArray[np.float64]:
    """Return |F x|^2 / n; over each set of frequencies with one sigma it sums to that of <w_i, x>^2."""
    energies: NDArray[np.float64] = np.abs(scipy.fft.fftn(x)) ** 2 / np.size(x)
    return energies


def matrix_residual(J: NDArray[Any], y: NDArray[Any], eta: float, tau: ArrayLike) -> NDArray[np.float64]:
    """Return r_tau = y - J c_tau of gradient descent on (1/2) ||y - J c||^2 from c_0 = 0, any J (Proposition
    1).

    Parameters
    ----------
    J : ndarray
        matrix (n, m).
    y : ndarray
        target (n,).
    eta, tau : float or ArrayLike
        step size, iterations.
    """
    W, singular, _ = np.linalg.svd(J, full_matrices=False)
    coefficients = W.T @ y
    remaining = contraction(singular, eta, tau) * coefficients
    outside = y - W @ coefficients
    decayed: NDArray[np.float64] = outside + remaining @ W.T
    return decayed


def _half(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keep the frequencies that a real transform keeps."""
    return values[..., : values.shape[-1] // 2 + 1]


def _root_sum(squares: NDArray[np.float64], dimensions: int) -> NDArray[np.float64]:
    total: NDArray[np.float64] = np.sqrt(squares.sum(axis=tuple(range(-dimensions, 0))))
    return total
