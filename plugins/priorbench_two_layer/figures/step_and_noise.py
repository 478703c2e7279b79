"""Fig. 11: the two-layer generator fits a step much sooner than noise.

Neither the text nor the official code says n, k, kernel or step size of this figure, so that only the order
can be compared. Here n = 300, a triangle of half-width 10 (as in Fig. 6), eta = 1 / ||F u||_inf^2, and noise
of the step's norm.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from priorbench.toolkit.checks import at_least
from priorbench_two_layer.circulant import Circulant, triangle
from priorbench_two_layer.dual_kernel import dual_kernel
from priorbench_two_layer.generator import Generator, Start
from priorbench_two_layer.linearised import residual

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: parts of a target's energy whose first iteration is told
SHARES = (0.1, 0.05, 0.02)


def step_and_noise(
    *,
    seed: int,
    n: int = 300,
    k: int = 512,
    p: float = 10.0,
    steps: int = 2000,
    omega: float = 0.1,
    start: Start = "independent",
    shown: Sequence[int] = (1, 10, 100, 1000),
) -> dict[str, Any]:
    """Fit the generator to a step function and to Gaussian noise of its norm, by gradient descent.

    Parameters
    ----------
    seed : int
        of the noise and of the weights; both fits begin with the same weights.
    n, k : int
        entries, width.
    p : float, default 10.0
        half-width of the triangle.
    steps : int, default 2000
        of gradient descent.
    omega : float, default 0.1
        scale of the initial weights, in units of ||y|| / sqrt(n).
    start : {'independent', 'symmetric'}, default 'independent'
        see `priorbench_two_layer.generator.Generator`.
    shown : Sequence[int], default (1, 10, 100, 1000)
        iterations whose outputs are returned.

    Returns
    -------
    dict
        For ``"step"`` and ``"noise"``: `target`; `mse` at the iterations `at`, and `linear`, that of the
        linearised fit (Theorem 5); `reached`, the first iteration with at most the share of ||y||^2 / n of
        each of `shares`, None for never; `outputs` at `shown`. And `at`, `shares`, `shown`.
    """
    at_least(2, n=n)
    at_least(1, steps=steps)
    rng, circulant = np.random.default_rng(seed), Circulant(triangle(n, p))
    step = np.where(np.arange(n) < n // 2, 1.0, 0.0)
    z = rng.standard_normal(n)
    targets = {"step": step, "noise": z * (np.linalg.norm(step) / np.linalg.norm(z))}
    at = np.unique(np.round(np.geomspace(1, steps, 200)).astype(int))
    kept = [tau for tau in shown if tau <= steps]
    fits = {}
    for name, y in targets.items():
        generator = Generator(
            circulant,
            k=k,
            omega=omega * float(np.linalg.norm(y)) / n**0.5,
            start=start,
            random=torch.Generator().manual_seed(seed),
            dtype=torch.float64,
        )
        fits[name] = _fitted(generator, circulant, y, at, kept)
    return {**fits, "at": at.tolist(), "shares": list(SHARES), "shown": kept}


def _fitted(
    generator: Generator, circulant: Circulant, y: NDArray[np.float64], at: NDArray[np.int_], shown: list[int]
) -> dict[str, Any]:
    target, eta = torch.from_numpy(y), circulant.step_size
    output = generator.output()
    first, curve, outputs = output.numpy(), np.empty(int(at[-1])), []
    for tau in range(1, len(curve) + 1):
        generator.step(output - target, eta)
        output = generator.output()
        curve[tau - 1] = float((output - target).square().mean())
        if tau in shown:
            outputs.append(output.tolist())
    linear = residual(dual_kernel(circulant), eta, at, first - y)
    limits = [share * float(np.mean(y**2)) for share in SHARES]
    return {
        "target": y.tolist(),
        "mse": curve[at - 1].tolist(),
        "linear": np.mean(linear**2, axis=-1).tolist(),
        "reached": [_first(curve, limit) for limit in limits],
        "outputs": outputs,
    }


def _first(curve: NDArray[np.float64], limit: float) -> int | None:
    below = np.flatnonzero(curve <= limit)
    return int(below[0]) + 1 if len(below) else None
