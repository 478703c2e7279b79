"""Fig. 3: left singular vectors of a circulant matrix are trigonometric functions.

The official code takes the ramp 0, 1, ..., n - 1 as the kernel, n = 300, and shows the left singular vectors
number 1, 2, 6 and 21. Cosine and sine of one frequency share a singular value, so that a vector is any unit
vector of their plane: what can be compared is the plane.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.linalg

from priorbench.toolkit.checks import at_least
from priorbench_two_layer.basis import basis, frequencies

#: numbers of the vectors that the figure shows, from 1
SHOWN = (1, 2, 6, 21)


def singular_vectors(*, seed: int = 0, n: int = 300, numbers: Sequence[int] = SHOWN) -> dict[str, Any]:
    """Return left singular vectors of the circulant of the ramp, and how far they are trigonometric.

    Parameters
    ----------
    seed : int, default 0
        not used: nothing is drawn.
    n : int, default 300
        number of entries.
    numbers : Sequence[int], default (1, 2, 6, 21)
        which vectors, from 1, in the order of falling singular values.

    Returns
    -------
    dict
        `number`; `frequency` of the basis functions that span its plane; `vector`; `amplitude`, the largest
        amplitude that a unit vector of the plane has, 1 / sqrt(n) or sqrt(2 / n); `inside`, the share of its
        energy in the plane, 1 if the statement holds; a list of each. And `singular_values`.
    """
    del seed
    at_least(max(numbers), n=n)
    W, values, _ = np.linalg.svd(scipy.linalg.circulant(np.arange(float(n))))
    trigonometric, of = basis(n), frequencies(n)
    chosen = [int(of[number - 1]) for number in numbers]
    vectors = [_signed(W[:, number - 1]) for number in numbers]
    planes = [trigonometric[:, of == frequency] for frequency in chosen]
    return {
        "number": list(numbers),
        "frequency": chosen,
        "vector": [vector.tolist() for vector in vectors],
        "amplitude": [float((plane.shape[1] / n) ** 0.5) for plane in planes],
        "inside": [
            float(np.sum((plane.T @ vector) ** 2)) for plane, vector in zip(planes, vectors, strict=True)
        ],
        "singular_values": values.tolist(),
    }


def _signed(vector: np.ndarray) -> np.ndarray:
    """Return the vector or its negative, so that its first entry that is not small is positive."""
    large = np.flatnonzero(np.abs(vector) > 0.1 * np.abs(vector).max())
    return vector if vector[large[0]] > 0 else -vector
