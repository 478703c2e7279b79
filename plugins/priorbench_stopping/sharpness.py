"""How blurred and how sharp an image is, without a reference: the two measures of a stopping rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]

#: of red, green and blue
_LUMA = (0.2989, 0.5870, 0.1140)
#: half the width of the filter that blurs again: 9 pixels
_HALF = 4
#: the largest local variations that count, by rank from 0, and the decay of their weights with the rank
_FIRST, _LAST, _DECAY = 2, 1000, 0.01
#: every so many values are a sample
_SAMPLED = 16
#: the least height and width that both measures take
LEAST_SIDE = 12


def grey(image: NDArray[np.floating]) -> Plane:
    """Return the brightness of an image (channels, height, width), in [0, 1]."""
    if len(image) == len(_LUMA):
        plane = sum(weight * channel for weight, channel in zip(_LUMA, image, strict=True))
    else:
        plane = image.mean(axis=0)
    clipped: Plane = np.clip(plane, 0, 1).astype(np.float32)
    return clipped


def blurriness(x: Plane) -> float:
    """Return how little another blur changes, from 0 to 1; NaN of a plane that does not vary.

    F. Crete, T. Dolmiere, P. Ladret, M. Nicolas, "The blur effect: perception and estimation with a new
    no-reference perceptual blur metric", SPIE 6492 (2007), of first differences D and a mean over 9 pixels:
    sum min(|D x|, |D mean(x)|) / sum |D x|, the larger one of both directions.
    """
    values = [_blurriness(x), _blurriness(x.T)]
    return float("nan") if any(np.isnan(values)) else max(values)


def _blurriness(x: Plane) -> float:
    rows, columns = x.shape
    inner = x[_HALF + 2 : rows - _HALF - 1]
    sharp = np.abs(inner[:, _HALF + 2 : columns - _HALF - 1] - inner[:, _HALF + 1 : columns - _HALF - 2])
    # of the mean over 9 pixels: what enters less what leaves
    blurred = np.abs(inner[:, 2 * _HALF + 2 : columns - 1] - inner[:, 1 : columns - 2 * _HALF - 2])
    blurred /= 2 * _HALF + 1
    whole = float(sharp.sum())
    return float(np.minimum(sharp, blurred).sum()) / whole if whole else float("nan")


def sharpness(x: Plane) -> float:
    """Return the weighted root mean square of the largest local variations.

    K. Bahrami, A. C. Kot, "A fast approach for no-reference image sharpness assessment based on maximum local
    variation", IEEE Signal Processing Letters 21 (2014). With v_0 >= v_1 >= ... the largest of the
    differences of a pixel's 8 neighbours to it, and k from 2 to 1000: sqrt(mean_k (v_k exp(-0.01 k))^2).
    """
    variations = _variations(x).ravel()
    last = min(_LAST, variations.size - 1)
    ranked = _largest(variations, last + 1)
    ranks = np.arange(_FIRST, last + 1)
    return float(np.sqrt(np.mean((ranked[_FIRST:] * np.exp(-_DECAY * ranks)) ** 2)))


def _largest(values: Plane, count: int) -> NDArray[np.float64]:
    """Return the largest values in falling order."""
    # a sample tells below what most are not among them: selecting from the rest costs a third
    sample = values[::_SAMPLED]
    few = min(2 * count // _SAMPLED + 1, sample.size)
    bound = np.partition(sample, sample.size - few)[sample.size - few]
    rest = values[values >= bound]
    if rest.size < count:
        rest = values
    return np.sort(np.partition(rest, rest.size - count)[rest.size - count :].astype(np.float64))[::-1]


def _variations(x: Plane) -> Plane:
    """Return the largest neighbour of each inner pixel, less the pixel; beyond the inner part there is 0."""
    padded = np.pad(x[2:-1, 2:-1], 1)
    beside = np.maximum(padded[:, :-2], padded[:, 2:])
    rows = np.maximum(beside, padded[:, 1:-1])
    largest = np.maximum(rows[:-2], rows[2:])
    np.maximum(largest, beside[1:-1], out=largest)
    largest -= padded[1:-1, 1:-1]
    return largest
