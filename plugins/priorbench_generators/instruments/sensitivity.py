"""How strongly a network at its start answers to a target: the norm of J^T y (Fig. 12)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from priorbench.toolkit.initialisation import build, stream
from priorbench.toolkit.sizes import Frame
from priorbench.toolkit.untrained import UntrainedNetwork
from priorbench_generators.instruments.weights import convolution_weights

Array = NDArray[np.float64]


def sensitivities(
    untrained: UntrainedNetwork[Any], targets: Sequence[torch.Tensor], starts: Iterable[int], *, seed: int = 0
) -> Iterator[tuple[float, ...]]:
    """Yield for each start the norms ||J^T(theta_0) y|| of all targets y, over the convolutions' weights.

    It is one step of back-propagation with y in the place of the output's gradient. Each start draws other
    weights; the input of the network is the same for all.

    Parameters
    ----------
    untrained : UntrainedNetwork
        the network, as its method draws it: the scales of normalisations too (``scale_init``).
    targets : sequence of torch.Tensor
        pictures (channels, height, width) of one shape, whose sides the network has without padding.
    starts : iterable of int
        numbers of the starts: start n is the same, whichever others are asked for. So long series can be
        cut, and put together.
    seed : int, default 0
        of the input and of all starts.

    Raises
    ------
    ValueError
        Targets of several shapes, or of a size that the network pads.
    """
    if len({tuple(target.shape) for target in targets}) != 1:
        raise ValueError(f"targets have to have one shape, not {[tuple(t.shape) for t in targets]}")
    outputs, height, width = targets[0].shape
    frame = Frame(height=height, width=width, multiple=untrained.multiple, coarsest=untrained.coarsest)
    if frame.size != (height, width):
        raise ValueError(f"the network makes pictures of {frame.size}, the targets have {(height, width)}")
    net_input = untrained.draw_input(frame, stream(seed, "input"))
    for number in starts:
        network = build(
            lambda: untrained.make(outputs, frame),
            generator=stream(seed, f"weights of start {number}"),
            scale_init=untrained.scale_init,
        )
        weights = list(convolution_weights(network).values())
        output = network(net_input)[0]
        norms = []
        for left, target in zip(range(len(targets) - 1, -1, -1), targets, strict=True):
            gradients = torch.autograd.grad(output, weights, target, retain_graph=left > 0)
            norms.append(sum(float(gradient.double().square().sum()) for gradient in gradients) ** 0.5)
        yield tuple(norms)


def of_norm(target: torch.Tensor, norm: float) -> torch.Tensor:
    """Return the target, scaled so that the root of the sum of its squares is `norm`."""
    return target * (norm / float(target.double().norm()))


def density(values: Sequence[float], bins: int = 50) -> tuple[Array, Array]:
    """Return the edges and heights of a histogram with area 1, of 50 bins as published."""
    heights, edges = np.histogram(np.asarray(values, dtype=float), bins=bins, density=True)
    return edges, heights
