"""The compiled inner loop of `priorbench_two_layer.wide_dip.reduced`: run after run, each in a core's cache.

B of one run is a few hundred kB at most, so that it is read from memory once and not at every step.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Counts = NDArray[np.int64]
#: low, span and steepness of an activation
Shape = tuple[float, float, float]

SPENT, CONVERGED, ABANDONED = 0, 1, 2

# exp(x) = 2^n exp(f): log 2 in two parts, the Taylor series to 12 terms (|f| <= log(2) / 2: below one unit in
# the last place), and a sum that leaves the integer n + 1023 in the lowest bits of a float, from where a
# shift makes it 2^n.
_LOG2_E = 1 / math.log(2)
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_TO_BITS = 1.5 * 2.0**52 + 1023
_C2, _C3, _C4, _C5, _C6, _C7 = (1 / math.factorial(i) for i in range(2, 8))
_C8, _C9, _C10, _C11, _C12 = (1 / math.factorial(i) for i in range(8, 13))

# Sums may be reordered, which vectorises them; infinities and NaN stay what they are.
_FAST = {"contract", "reassoc", "nsz"}


@numba.njit(fastmath=_FAST, error_model="numpy", cache=True, nogil=True)
def descend(
    B: Values,
    y: Values,
    h: Values,
    rate: Values,
    phi: Shape,
    steps: int,
    enough: float,
    check_every: int,
    squares: Values,
    taken: Counts,
    status: Counts,
) -> None:
    """Fit every run, in place.

    Parameters
    ----------
    B, y : ndarray of float64
        float64 (R, m, k) and (R, m), C order.
    h : ndarray of float64
        (R, k), overwritten.
    rate : ndarray of float64
        eta ||u||^2 / (m sqrt(k)) of each run, (R,).
    phi : tuple[float, float, float]
        (low, span, steepness) of the activation.
    steps : int
        at most.
    enough : float
        a run has converged where ||r||^2 <= enough.
    check_every : int
        steps between tests whether it is certified never to come so far, 0 = none.
    squares, taken, status : ndarray of float64 or ndarray of int64
        results: last ||r||^2, steps, how it ended; (R,).
    """
    runs, m, k = B.shape
    a, slope, back, r = np.empty(k), np.empty(k), np.empty(k), np.empty(m)
    scale = 1 / math.sqrt(k)
    for run in range(runs):
        for step in range(steps + 1):
            _activate(h[run], phi, a, slope)
            squares[run] = _residual(B[run], y[run], a, scale, r)
            taken[run], status[run] = step, SPENT
            if squares[run] <= enough:
                status[run] = CONVERGED
                break
            if step == steps:
                break
            _adjoint(B[run], r, back)
            if check_every and step % check_every == 0:
                gap = _gap(y[run], r, back, phi, scale)
                if gap > 0 and gap * gap > enough * squares[run]:
                    status[run] = ABANDONED
                    break
            for j in range(k):
                h[run, j] -= rate[run] * back[j] * slope[j]


@numba.njit(fastmath=_FAST, error_model="numpy", cache=True, nogil=True)
def _activate(h: Values, phi: Shape, a: Values, slope: Values) -> None:
    """Set a = phi(h) and slope = phi'(h)."""
    low, span, steepness = phi
    k = len(h)
    bits = np.empty(k, np.int64)
    powers = bits.view(np.float64)
    for j in range(k):
        x = max(-abs(steepness * h[j]), -708.0)
        n = np.floor(x * _LOG2_E + 0.5)  # math.floor gives an int, which is not vectorised
        f = (x - n * _LN2_HIGH) - n * _LN2_LOW
        f2 = f * f
        f4 = f2 * f2
        high = ((_C8 + _C9 * f) + f2 * (_C10 + _C11 * f)) + f4 * _C12
        middle = (_C4 + _C5 * f) + f2 * (_C6 + _C7 * f)
        slope[j] = ((1.0 + f) + f2 * (_C2 + _C3 * f)) + f4 * (middle + f4 * high)
        powers[j] = n + _TO_BITS
    for j in range(k):
        bits[j] <<= 52
    for j in range(k):
        e = slope[j] * powers[j]
        q = 1 / (1 + e)
        a[j] = low + span * (q if h[j] >= 0 else e * q)
        slope[j] = span * steepness * e * q * q


@numba.njit(fastmath=_FAST, error_model="numpy", cache=True, nogil=True)
def _residual(B: Values, y: Values, a: Values, scale: float, r: Values) -> float:
    """Set r = B a / sqrt(k) - y and return its squared norm."""
    squares = 0.0
    m, k = B.shape
    fives = m - m % 5  # several rows at a time, for one look at `a`
    for i in range(0, fives, 5):
        b0, b1, b2, b3, b4 = B[i], B[i + 1], B[i + 2], B[i + 3], B[i + 4]
        p0 = p1 = p2 = p3 = p4 = 0.0
        for j in range(k):
            p0 += b0[j] * a[j]
            p1 += b1[j] * a[j]
            p2 += b2[j] * a[j]
            p3 += b3[j] * a[j]
            p4 += b4[j] * a[j]
        r[i], r[i + 1], r[i + 2], r[i + 3], r[i + 4] = p0, p1, p2, p3, p4
    for i in range(fives, m):
        product = 0.0
        for j in range(len(a)):
            product += B[i, j] * a[j]
        r[i] = product
    for i in range(m):
        r[i] = r[i] * scale - y[i]
        squares += r[i] * r[i]
    return squares


@numba.njit(fastmath=_FAST, error_model="numpy", cache=True, nogil=True)
def _adjoint(B: Values, r: Values, back: Values) -> None:
    """Set back = B^T r."""
    back[:] = 0.0
    m, k = B.shape
    fives = m - m % 5  # several rows at a time, because each time `back` is read and written
    for i in range(0, fives, 5):
        b0, b1, b2, b3, b4 = B[i], B[i + 1], B[i + 2], B[i + 3], B[i + 4]
        r0, r1, r2, r3, r4 = r[i], r[i + 1], r[i + 2], r[i + 3], r[i + 4]
        for j in range(k):
            back[j] += ((b0[j] * r0 + b1[j] * r1) + (b2[j] * r2 + b3[j] * r3)) + b4[j] * r4
    for i in range(fives, m):
        for j in range(k):
            back[j] += B[i, j] * r[i]


@numba.njit(fastmath=_FAST, error_model="numpy", cache=True, nogil=True)
def _gap(y: Values, r: Values, back: Values, phi: Shape, scale: float) -> float:
    """Return w.y - max_a w.B a / sqrt(k) for w = -r: positive where w separates y from all outputs."""
    low, span, _ = phi
    furthest, gap = 0.0, 0.0
    for j in range(len(back)):
        pull = -back[j]
        furthest += low * pull + span * max(pull, 0.0)
    for i in range(len(y)):
        gap -= r[i] * y[i]
    return gap - furthest * scale
