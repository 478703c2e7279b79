# mypy: allow-untyped-calls
"""3 x 3 convolutions with fewer multiplications, tile by tile: the small matrices, and where tiles lie.

In one direction the numbers y of a tile are A' [(G w) * (B' x)], for its inputs x and a kernel w; in two,
Y = A' [(G w G') * (B' x B)] A. `SAME` is Winograd's F(4, 3): 36 multiplications for 16 numbers instead of
144 (Lavin & Gray 2016). Its matrices evaluate polynomials in `POINTS` and at infinity; with these points,
single precision keeps six digits.

`DOUBLED` is 25 for 4 numbers of the coarse image instead of 36, and rounds less. It splits a kernel of
three into its middle and the two around it. Those are a convolution with two taps, of which two numbers take
three multiplications, (x0 - x1) w0, x1 (w0 + w2) and (x2 - x1) w2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: kinds of a convolution: it keeps the size; it doubles it, with the numbers at each second place
SAME, DOUBLED = range(2)
POINTS = (0.0, 2 / 3, -2 / 3, 1.5, -1.5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Algorithm:
    """The matrices of a kind.

    Attributes
    ----------
    a, g, b : ndarray of float64
        A' (numbers, products), G (products, 3) and B' (products, inputs).
    step : int
        inputs from the beginning of a tile to that of the next one.
    """

    a: NDArray[np.float64]
    g: NDArray[np.float64]
    b: NDArray[np.float64]
    step: int


def _winograd() -> Algorithm:
    """Return F(4, 3): four numbers of six."""

    def evaluation(degree: int) -> NDArray[np.float64]:
        """Coefficients to values in the points; at infinity the highest coefficient counts."""
        return np.vstack([np.vander(POINTS, degree, increasing=True), np.eye(degree)[-1:]])

    b = np.linalg.inv(evaluation(6)).T
    size = abs(b).max(axis=1, keepdims=True)
    return Algorithm(a=evaluation(4).T, g=evaluation(3) * size, b=b / size, step=4)


ALGORITHMS = (
    _winograd(),
    Algorithm(
        a=np.array([[1, 1, 0, 0, 0], [0, 0, 0, 1, 0], [0, 1, 1, 0, 0], [0, 0, 0, 0, 1]], float),
        g=np.array([[1, 0, 0], [1, 0, 1], [0, 0, 1], [0, 1, 0], [0, 1, 0]], float),
        b=np.array([[1, -1, 0], [0, 1, 0], [0, -1, 1], [0, 1, 0], [0, 0, 1]], float),
        step=2,
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Extended:
    """One direction of an image with more rows around it: each is a sum of two, with weights.

    Attributes
    ----------
    tiles : int
        how many.
    index : ndarray of int64
        (rows, 2), which rows of the image.
    weight : ndarray of float64
        (rows, 2), the row's own is 1, 0.
    """

    tiles: int
    index: NDArray[np.int64]
    weight: NDArray[np.float64]


def extended(kind: int, size: int, *, reflect: bool) -> Extended:
    """Return the rows that the tiles of a kind see, of `size`, padded by reflection or by zeros.

    For `DOUBLED` the first and the last row are repeated. Three more rows, in a tile of their own, are for
    what a padding of the doubled image differs from that: at the beginning, nothing, at the end.
    """
    algorithm = ALGORITHMS[kind]
    outputs = 2 * size + 8 if kind == DOUBLED else size
    tiles = -(-outputs // len(algorithm.a))
    number = algorithm.step * (tiles - 1) + algorithm.b.shape[1]
    index, weight = np.zeros((number, 2), np.int64), np.zeros((number, 2))
    index[1 : size + 1, 0], weight[1 : size + 1, 0] = np.arange(size), 1
    last = size - 1
    if kind == DOUBLED:
        index[size + 1, 0], weight[0, 0], weight[size + 1, 0] = last, 1, 1
        for row, border, beside in ((size + 2, 0, 1), (size + 4, last, last - 1)):
            index[row] = border, beside
            weight[row] = (-0.25, 0.25) if reflect else (-1, 0)
    elif reflect:
        index[0, 0], weight[0, 0] = 1, 1
        index[size + 1, 0], weight[size + 1, 0] = last - 1, 1
    return Extended(tiles=tiles, index=index, weight=weight)
