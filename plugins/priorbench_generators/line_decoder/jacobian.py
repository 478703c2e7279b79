"""Jacobians of the 1-D decoder: exact, and as the published code accumulates its rows."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from priorbench_generators.line_decoder.network import Begun

Array = NDArray[np.float64]


def jacobian(begun: Begun, *, rows_at_once: int = 64) -> Array:
    """Return dG/dtheta, (n, layers * k^2), exactly; theta are the matrices of the hidden layers.

    As in the published code neither the normalisations nor the last mixing belong to theta. Since each
    normalisation fixes the mean of its channel, the columns sum to zero: 1^T J = 0.

    Parameters
    ----------
    begun : Begun
        the network, where it stands now, and its input.
    rows_at_once : int, default 64
        how many rows are computed at a time; more takes more memory.
    """
    values = {name: tensor.detach() for name, tensor in begun.network.named_parameters()}
    mixings = {name: tensor for name, tensor in values.items() if name.endswith("mix.weight")}

    def signal(matrices: dict[str, torch.Tensor]) -> torch.Tensor:
        output: torch.Tensor = torch.func.functional_call(
            begun.network, values | matrices, (begun.net_input,)
        )
        return output

    blocks = torch.func.jacrev(signal, chunk_size=rows_at_once)(mixings)
    return np.concatenate([block.flatten(1).numpy() for block in blocks.values()], axis=1)


def accumulated(J: Array) -> Array:
    """Return the matrix that the published code takes for the Jacobian J: row i is the sum of rows 0 to i.

    It asks for the gradient of one output value after the other without setting the gradient to zero. What
    is summed up is dominated by slow waves, whatever J is: the singular vectors of the published figure.
    """
    return np.cumsum(J, axis=0)
