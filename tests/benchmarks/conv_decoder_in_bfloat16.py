"""Processor time of one iteration of ConvDecoder on one thread, in float32 and if a CPU did it in bfloat16.

``python tests/benchmarks/conv_decoder_in_bfloat16.py 256 4`` fits 256 x 256 pixels for 4 iterations in each
of two rounds. What is rounded is no method: it says what a CPU would gain, and why the precision is refused.
"""

from __future__ import annotations

import argparse
import itertools
import time
from typing import Any

import pytest
import torch

from priorbench import Observation
from priorbench.toolkit.fused.bfloat16.convolving import RoundedConvolve
from priorbench.toolkit.fused.bfloat16.mixing import RoundedLift
from priorbench.toolkit.fused.layers import Planes
from priorbench_conv_decoder import fused
from priorbench_conv_decoder.model import ConvDecoder


class Last:
    """The last convolution, with the interface of `Winograd`."""

    def __init__(self, team: Any, conv: torch.nn.Conv2d, height: int, width: int) -> None:
        self._convolve = RoundedConvolve(team, conv, height, width)
        self._out, self._dx = (Planes.empty(len(conv.weight), height, width, torch.float32) for _ in range(2))

    def forward(self, x: Planes) -> Planes:
        """Return the convolution."""
        self._convolve.forward(x, self._out)
        return self._out

    def backward(self, dy: Planes) -> tuple[Planes, torch.Tensor]:
        """Return both gradients."""
        return self._dx, self._convolve.backward(dy, self._dx)


def least(size: int, iterations: int) -> float:
    """Return the least milliseconds of an iteration."""
    image = torch.rand(3, size, size, generator=torch.Generator().manual_seed(0))
    noisy = Observation(image=image, noise=None, device=torch.device("cpu"), seed=5)
    fit = ConvDecoder().iterate(noisy)
    times = [time.process_time() for _ in itertools.islice(fit, iterations + 3)]
    return min(1000 * (after - before) for before, after in itertools.pairwise(times[2:]))


def main() -> None:
    """Print the least milliseconds of both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", type=int)
    parser.add_argument("iterations", type=int)
    given = parser.parse_args()
    torch.set_num_threads(1)
    changes = {"as it is": {}, "lifts rounded": {"Lift": RoundedLift}}
    changes["all rounded"] = {"Lift": RoundedLift, "Winograd": Last}
    found: dict[str, list[float]] = {name: [] for name in changes}
    for _ in range(2):
        for name, change in changes.items():
            with pytest.MonkeyPatch.context() as patch:
                for old, new in change.items():
                    patch.setattr(fused, old, new)
                found[name].append(least(given.size, given.iterations))
    for name, times in found.items():
        print(f"conv-decoder {given.size}, {name}: {min(times):.1f} ms")


if __name__ == "__main__":
    main()
