"""Sign-flip permutation tests of mean differences, and the step-down correction for many of them.

If two methods are equally good, their difference d_i on an image could as well have had the other sign. So
the mean of d is compared with its means under flipped signs: all of them for few images, which is exact, and
a large random sample of them for more. Several comparisons are flipped together, image by image, so that
how they depend on each other is kept; each is scaled by its root sum of squares, which no flip changes. (For
one comparison that is the order of Student's t.) The largest scaled means then give p values for all
comparisons at once.

References
----------
R. A. Fisher, The Design of Experiments, 1935, section 21: the test.
P. H. Westfall and S. S. Young, Resampling-Based Multiple Testing, 1993, section 2.6: step-down max-T.
J. P. Romano and M. Wolf, Exact and approximate stepdown methods for multiple hypothesis testing, JASA 100
(2005): why it holds whichever of the hypotheses are true.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

SEED = 20200601
#: values that agree to this many decimals, in dB or logarithms, are the same
DECIMALS = 6
#: up to so many images all flips are tried
_ALL = 14
#: flips that are drawn for more images; the first leaves every sign as it is
FLIPS = 10_000
#: for more images than this the sums under flips are drawn from their limit, a normal distribution,
_LIMIT = 2000
#: if no image has a larger part than this in the sum of squares of any comparison
_LARGEST_PART = 0.01
#: sums that are this much smaller, relatively, are not smaller: rounding
_ROUNDING = 1e-7
#: numbers that are worked on at a time
_CHUNK = 4_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Probabilities:
    """Two-sided p values of comparisons.

    Attributes
    ----------
    alone : ndarray of float64
        (comparisons,) each by itself.
    adjusted : ndarray of float64
        (comparisons,) for all of them together: the chance that any comparison of equals has one that is as
        small is about the value itself.
    """

    alone: Array
    adjusted: Array


def flip_tests(values: Array, first: Indices, second: Indices) -> Probabilities:
    """Test whether means of differences are zero, each by itself and all together.

    Parameters
    ----------
    values : ndarray of float64
        (rows, images); without NaN. All columns are flipped together.
    first, second : ndarray of int64
        (comparisons,) rows whose difference is tested; a `second` of -1 tests the first row itself.

    Returns
    -------
    Probabilities
        1 for a comparison without a difference.
    """
    values = np.vstack([np.round(values, DECIMALS), np.zeros((1, values.shape[1]))])
    values = values[:, _differing(values, first, second)]
    norms, parts = _sizes(values, first, second)
    scale = np.where(norms > 0.5 * 10.0**-DECIMALS, 1 / np.maximum(norms, 10.0**-DECIMALS), 0.0)
    sums = values.sum(axis=1)
    observed = np.abs(sums[first] - sums[second]) * scale
    order = np.argsort(observed, kind="stable")
    first, second, scale = first[order], second[order], scale[order]
    threshold = observed[order] * (1 - _ROUNDING) - _ROUNDING
    own, largest = np.zeros(len(order)), np.zeros(len(order))
    flips = 0
    step = max(1, _CHUNK // max(1, len(order), values.shape[1]))
    even = values.shape[1] > _LIMIT and parts.max(initial=0.0) <= _LARGEST_PART
    for flipped in _limits(values, step) if even else _flipped_sums(values, step):
        found = np.abs((flipped[:, first] - flipped[:, second]) * scale)
        own += (found >= threshold).sum(axis=0)
        np.maximum.accumulate(found, axis=1, out=found)
        largest += (found >= threshold).sum(axis=0)
        flips += len(found)
    alone, adjusted = np.empty_like(own), np.empty_like(own)
    alone[order] = own / max(1, flips)
    # A comparison that looks less different than another has no smaller p.
    adjusted[order] = np.maximum.accumulate((largest / max(1, flips))[::-1])[::-1]
    return Probabilities(alone=alone, adjusted=adjusted)


def smallest_p(images: int) -> float:
    """Return the smallest two-sided p that a test over this many images can give."""
    return 2.0 ** (1 - images) if images <= _ALL else 1 / FLIPS


def _differing(values: Array, first: Indices, second: Indices) -> NDArray[np.bool_]:
    """Mark the images on which any of the compared rows differ: flipping others changes nothing."""
    used = np.unique(np.concatenate([first, second]))
    return np.asarray((values[used] != values[used[:1]]).any(axis=0))


def _sizes(values: Array, first: Indices, second: Indices) -> tuple[Array, Array]:
    """Return the root sum of squares of every comparison, and the largest part of one image in the sum."""
    norms, parts = np.zeros(len(first)), np.zeros(len(first))
    for number, (a, b) in enumerate(zip(first, second, strict=True)):
        squares = (values[a] - values[b]) ** 2
        total = squares.sum()
        norms[number] = np.sqrt(total)
        parts[number] = squares.max(initial=0.0) / total if total else 0.0
    return norms, parts


def _flipped_sums(values: Array, step: int) -> Iterator[Array]:
    """Yield the sums of every row under parts of the flips: (flips, rows)."""
    images = values.shape[1]
    if images > _LIMIT:
        yield from (signs @ values.T for signs in _drawn(images, step))
        return
    signs = _signs(images)
    for start in range(0, len(signs), step):
        yield signs[start : start + step].astype(np.float64) @ values.T


@functools.lru_cache(maxsize=4)
def _signs(images: int) -> NDArray[np.int8]:
    """Return the flips, +1 or -1: (flips, images); the first leaves all signs as they are."""
    if images > _ALL:
        [signs] = _drawn(images, FLIPS)
    else:
        numbers = np.arange(2 ** max(0, images - 1))[:, None]
        signs = (1 - 2 * ((numbers >> np.arange(images)) & 1)).astype(np.int8)
    signs.flags.writeable = False
    return signs


def _drawn(images: int, step: int) -> Iterator[NDArray[np.int8]]:
    """Yield parts of the flips that are drawn; the first of all leaves all signs as they are."""
    rng = np.random.default_rng(SEED)
    for start in range(0, FLIPS, step):
        bits = rng.integers(0, 2, (min(step, FLIPS - start), images), dtype=np.int8)
        bits[: 1 if start == 0 else 0] = 0
        yield 1 - 2 * bits


def _limits(values: Array, step: int) -> Iterator[Array]:
    """Yield the observed sums, and draws of a normal vector with the covariance of the flipped ones."""
    yield values.sum(axis=1)[None]
    centred = values - values.mean(axis=0)
    variances, vectors = np.linalg.eigh(centred @ centred.T)
    roots = vectors * np.sqrt(np.maximum(variances, 0.0))
    rng = np.random.default_rng(SEED)
    for start in range(1, FLIPS, step):
        yield rng.standard_normal((min(step, FLIPS - start), len(roots))) @ roots.T
