"""Check values of Buskulic, Queau & Fadili 2023's network, as functions of a seed."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from priorbench_two_layer.wide_dip import full
from priorbench_two_layer.wide_dip.activation import ActivationName, activation
from priorbench_two_layer.wide_dip.problem import draw
from priorbench_two_layer.wide_dip.reduced import Descent, fit


def full_against_reduced(
    *,
    seed: int,
    m: int = 7,
    n: int = 20,
    k: int = 20,
    d: int = 7,
    steps: int = 200,
    phi: ActivationName = "sigmoid",
) -> dict[str, Any]:
    """Fit one problem through W and through h = W u (rank one: only h moves).

    Returns
    -------
    dict
        `h`, the largest difference between W_t u and h_t at the end; `W`, that between W_t and W_0 + (h_t -
        h_0) u^T / ||u||^2; `loss`, that of the losses.
    """
    instance, function = draw(m=m, n=n, k=k, d=d, rng=np.random.default_rng(seed)), activation(phi)
    reduced = instance.reduce()
    W, loss = next(itertools.islice(full.descend(instance, function, eta=0.2), steps, None))
    run = fit(reduced, function, Descent(eta=0.2, steps=steps, tolerance=0.0, check_every=0))
    back = np.outer(run.h[0] - reduced.h[0], instance.u / (instance.u @ instance.u))
    return {
        "h": float(np.abs(W @ instance.u - run.h[0]).max()),
        "W": float(np.abs(instance.W + back - W).max()),
        "loss": abs(loss - float(run.loss[0])),
    }
