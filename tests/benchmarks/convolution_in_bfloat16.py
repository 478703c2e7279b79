"""Rates of DIP's layers on a CPU, in float32 and in bfloat16: what rounding and laying out take is counted.

``python tests/benchmarks/convolution_in_bfloat16.py --sides 128 32`` prints GFLOP/s of processor time of one
thread, the most of some rounds in which both take turns. Operations are those of the products that are done.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import nn

from priorbench.toolkit.fused.bfloat16.convolving import RoundedConvolve
from priorbench.toolkit.fused.bfloat16.mixing import RoundedLift, RoundedMix
from priorbench.toolkit.fused.convolution.layer import Convolve
from priorbench.toolkit.fused.convolution.lift import Lift
from priorbench.toolkit.fused.convolution.mixing import Mix
from priorbench.toolkit.fused.layers import Planes
from priorbench.toolkit.fused.team import TorchTeam

Work = Callable[[], Any]


class Case(NamedTuple):
    """A layer, the operations of its forward pass, and both passes of each class."""

    name: str
    operations: float
    passes: list[tuple[Work, Work]]


def cases(channels: int, side: int) -> list[Case]:
    """Return the layers on an image of this side; a lifted convolution's is twice as large."""
    conv, mixing = (nn.Conv2d(channels, channels, n, padding=n // 2, padding_mode="reflect") for n in (3, 1))
    x, y, dy, dx = (Planes(torch.randn(channels, side**2 + 16), side, side) for _ in range(4))
    fine, d_fine = (Planes(torch.randn(channels, 4 * side**2 + 16), 2 * side, 2 * side) for _ in range(2))
    square = 2 * channels**2 * side**2
    sizes: Any = {"first": 0, "coarse": (side, side), "fine": (2 * side, 2 * side), "mode": "bilinear"}

    def passes(layer: Any, out: Planes, *back: Planes) -> tuple[Work, Work]:
        return lambda: layer.forward(x, out), lambda: layer.backward(*back)

    return [
        Case(
            "3x3", 9 * square, [passes(kind(TorchTeam(), conv, side, side), y, dy, dx) for kind in _CONVOLVE]
        ),
        Case(
            "3x3, lifted",
            9 * square,
            [passes(kind(TorchTeam(), conv, **sizes), fine, d_fine) for kind in _LIFT],
        ),
        Case("1x1", square, [passes(kind(TorchTeam(), mixing), y, dy, dx) for kind in _MIX]),
    ]


_CONVOLVE, _LIFT, _MIX = (Convolve, RoundedConvolve), (Lift, RoundedLift), (Mix, RoundedMix)


def least(works: tuple[Work, ...], rounds: int) -> list[float]:
    """Return the least seconds of each; they take turns."""
    found = [float("inf")] * len(works)
    for _ in range(rounds):
        for n, work in enumerate(works):
            begin = time.process_time()
            work()
            found[n] = min(found[n], time.process_time() - begin)
    return found


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", type=int, default=128)
    parser.add_argument("--sides", type=int, nargs="+", default=[128, 64, 32])
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    torch.set_num_threads(1)
    for side in given.sides:
        for case in cases(given.channels, side):
            for n, way in enumerate(("forward", "backward")):
                seconds = least(tuple(one[n] for one in case.passes), given.rounds + 1)
                single, rounded = ((n + 1) * case.operations / one / 1e9 for one in seconds)
                row = f"{case.name} {way} | {side} x {side} | {single:.0f} | {rounded:.0f}"
                print(f"| {row} | {rounded / single:.2f} |", flush=True)


if __name__ == "__main__":
    main()
