"""The trigonometric basis w_1 ... w_n, ordered by frequency (Heckel & Soltanolkotabi 2020, Definition 1).

The factor 1 / sqrt(n) that the printed eq. 5 lost is here, so that the basis is orthonormal. "The first p
basis functions" are the p lowest frequencies: constant, cosine 1, sine 1, cosine 2, ..., and not the index of
eq. 5, where the sines come last. Cosine and sine of one frequency share a singular value, so that p is best
odd.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.fft

from priorbench.toolkit.checks import at_least

if TYPE_CHECKING:
    from numpy.typing import NDArray


def frequencies(n: int) -> NDArray[np.int_]:
    """Return the frequency of each basis function, (n,): 0, 1, 1, 2, 2, ..., last n / 2 for an even n."""
    at_least(1, n=n)
    return (np.arange(n) + 1) // 2


def basis(n: int) -> NDArray[np.float64]:
    """Return the basis as the columns of an orthogonal matrix (n, n), eq. 5; j counts from 0.

    Amplitudes are 1 / sqrt(n) for the constant and the frequency n / 2, sqrt(2 / n) for all others. The sine
    of frequency f is the function i = n - f of eq. 5, that is, minus sin(2 pi j f / n).
    """
    return synthesise(np.eye(n)).T


def analyse(x: NDArray[Any]) -> NDArray[np.float64]:
    """Return the coefficients <w_i, x> along the last axis, in O(n log n)."""
    n = x.shape[-1]
    spectrum = scipy.fft.rfft(x, axis=-1) / n**0.5
    coefficients = np.empty(x.shape)
    coefficients[..., 0] = spectrum[..., 0].real
    pairs = (n - 1) // 2
    coefficients[..., 1 : 2 * pairs : 2] = spectrum[..., 1 : pairs + 1].real * 2**0.5
    coefficients[..., 2 : 2 * pairs + 1 : 2] = spectrum[..., 1 : pairs + 1].imag * 2**0.5
    if n % 2 == 0:
        coefficients[..., n - 1] = spectrum[..., n // 2].real
    return coefficients


def synthesise(coefficients: NDArray[Any]) -> NDArray[np.float64]:
    """Return sum_i coefficients_i w_i along the last axis, in O(n log n)."""
    n = coefficients.shape[-1]
    spectrum = np.zeros((*coefficients.shape[:-1], n // 2 + 1), dtype=np.complex128)
    spectrum[..., 0] = coefficients[..., 0]
    pairs = (n - 1) // 2
    cosines, sines = coefficients[..., 1 : 2 * pairs : 2], coefficients[..., 2 : 2 * pairs + 1 : 2]
    spectrum[..., 1 : pairs + 1] = (cosines + 1j * sines) / 2**0.5
    if n % 2 == 0:
        spectrum[..., n // 2] = coefficients[..., n - 1]
    signal: NDArray[np.float64] = scipy.fft.irfft(spectrum * n**0.5, n, axis=-1)
    return signal


def by_frequency(values: NDArray[Any]) -> NDArray[np.float64]:
    """Bring values of the n discrete Fourier frequencies, (n,), to the order of the basis functions."""
    ordered: NDArray[np.float64] = np.asarray(values)[frequencies(len(values))]
    return ordered
