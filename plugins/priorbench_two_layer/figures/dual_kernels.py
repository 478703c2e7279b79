"""Fig. 6: six kernels of norm 1 and the spectra of their expected Jacobians, right and as coded.

The official code takes the singular values of the matrix of (1 - arccos(cos_ij - 1e-11) / pi) <u_i, u_j>,
divided by 6. Equation 13 has 1/2 there, and its eigenvalues are sigma^2, the squares of the dual kernel: so
the published curves are sigma^2 / 3, in the place of sigma.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.linalg

from priorbench.toolkit.checks import at_least
from priorbench_two_layer.circulant import Circulant, gaussian, triangle
from priorbench_two_layer.dual_kernel import dual_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: half-widths of the triangles in entries, widths of the Gaussians as parts of n
TRIANGLES, GAUSSIANS = (1, 10, 30), (0.005, 0.01, 0.05)


def dual_kernels(*, seed: int = 0, n: int = 300) -> dict[str, Any]:
    """Return for each kernel of Fig. 6 the kernel and its spectra.

    Parameters
    ----------
    seed : int, default 0
        not used: nothing is drawn.
    n : int, default 300
        number of entries.

    Returns
    -------
    dict
        `kernels`, a list of mappings: `name`; `kernel`, its centre in the middle; `sigma`, the dual kernel,
        and `eigenvalues`, sigma^2, both falling; `coded`, what the official code draws; `beta` = ||U||;
        `alpha`, the smallest sigma; `directions`, how many eigenvalues make 90 % of the trace n / 2.
    """
    del seed
    at_least(61, n=n)
    kernels = {f"triangle {p}": triangle(n, p) for p in TRIANGLES}
    kernels |= {f"gaussian {s}": gaussian(n, s * n) for s in GAUSSIANS}
    return {"kernels": [_described(name, Circulant(u)) for name, u in kernels.items()]}


def coded_spectrum(u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the curve as the official code computes it, falling, (n,)."""
    U = scipy.linalg.circulant(u)
    products = U @ U.T
    norms = np.linalg.norm(U, axis=1)
    cosines = products / np.outer(norms, norms) - 1e-11
    coded = (1 - np.arccos(cosines) / np.pi) * products / 6
    values: NDArray[np.float64] = np.linalg.svd(coded, compute_uv=False)
    return values


def _described(name: str, circulant: Circulant) -> dict[str, Any]:
    sigma = np.sort(dual_kernel(circulant))[::-1]
    share = np.cumsum(sigma**2) / np.sum(sigma**2)
    return {
        "name": name,
        "kernel": np.roll(circulant.u, circulant.n // 2).tolist(),
        "sigma": sigma.tolist(),
        "eigenvalues": (sigma**2).tolist(),
        "coded": coded_spectrum(circulant.u).tolist(),
        "beta": circulant.norm,
        "alpha": float(sigma[-1]),
        "directions": int(np.searchsorted(share, 0.9) + 1),
    }
