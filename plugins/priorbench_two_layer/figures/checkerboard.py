"""The checkerboard of Appendix B.1: an image without noise that a decoder fits like noise.

What decides is not whether a picture is random but where its energy lies: a board of single pixels is its
mean and the function of the highest frequency, which the dual kernel fits last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from priorbench.toolkit.checks import at_least
from priorbench_two_layer.circulant import separable
from priorbench_two_layer.dual_kernel import dual_kernel
from priorbench_two_layer.linearised import residual

if TYPE_CHECKING:
    from numpy.typing import NDArray


def checkerboard(height: int, width: int | None = None, *, block: int = 1) -> NDArray[np.float64]:
    """Return a board of 0 and 1, (height, width), the upper left field 0.

    Parameters
    ----------
    height : int
        in pixels.
    width : int or None, optional
        in pixels; null takes the height.
    block : int, default 1
        side of a field.
    """
    width = height if width is None else width
    at_least(1, height=height, width=width, block=block)
    rows, columns = np.arange(height) // block, np.arange(width) // block
    board: NDArray[np.float64] = (np.add.outer(rows, columns) % 2).astype(np.float64)
    return board


def curves(
    *,
    image: NDArray[Any],
    seed: int,
    p: float = 3.0,
    block: int = 1,
    at: Sequence[int] = (1, 10, 100, 380, 1000),
) -> dict[str, Any]:
    """Return how the linearised two-layer generator fits an image, noise and a checkerboard of its size.

    Parameters
    ----------
    image : ndarray
        grey, (height, width).
    seed : int
        of the noise, Gaussian with the mean and the variance 1/4 of the board.
    p : float, default 3.0
        half-width of the triangle along both axes.
    block : int, default 1
        side of a field of the board.
    at : Sequence[int], default (1, 10, 100, 380, 1000)
        iterations.

    Returns
    -------
    dict
        `at`, and for ``"image"``, ``"noise"`` and ``"checkerboard"`` the mean squared error of the fit to it,
        divided by the variance of the target, from a start at 0 (Theorem 5).
    """
    height, width = image.shape
    circulant = separable("triangle", (height, width), p)
    noise = 0.5 + 0.5 * np.random.default_rng(seed).standard_normal((height, width))
    targets = {
        "image": np.asarray(image, dtype=np.float64),
        "noise": noise,
        "checkerboard": checkerboard(height, width, block=block),
    }
    sigma = dual_kernel(circulant)
    return {"at": list(at)} | {
        name: [float(np.mean(r**2) / y.var()) for r in residual(sigma, circulant.step_size, list(at), -y)]
        for name, y in targets.items()
    }
