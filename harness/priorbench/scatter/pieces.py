"""Fixed pieces of work of the kind that methods do, some hundredths of a second each."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from priorbench.protocol.clock import device_for

#: seconds that a piece is to take
_TARGET = 0.03
#: channels and side of the image of the convolutions
_CHANNELS, _SIDE = 32, 96
#: numbers that the arithmetic goes over: 64 MiB, more than caches hold
_NUMBERS = 2**24
#: calls before the calls count: kernels are chosen and memory is fetched in the first
_WARM_UP = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A piece of work.

    Attributes
    ----------
    name, what : str
        short, and for people.
    work : callable
        does it once.
    """

    name: str
    what: str
    work: Callable[[], None]


def pieces(device: torch.device) -> list[Piece]:
    """Return the pieces, each as long as is wanted on this device."""
    networks = f"convolutions of {_CHANNELS} channels, as networks have them"
    found = (
        ("convolutions", networks, _convolutions(device)),
        ("arithmetic", "arithmetic on 64 MiB, as fast as memory gives them", _arithmetic(device)),
    )
    return [
        Piece(name=name, what=what, work=_repeated(step, _repetitions(step, device)))
        for name, what, step in found
    ]


def _convolutions(device: torch.device) -> Callable[[], None]:
    random = torch.Generator().manual_seed(0)
    image = torch.randn(1, _CHANNELS, _SIDE, _SIDE, generator=random).to(device)
    kernel = torch.randn(_CHANNELS, _CHANNELS, 3, 3, generator=random).to(device) / (9 * _CHANNELS / 2) ** 0.5

    def step() -> None:
        torch.relu(torch.conv2d(image, kernel, padding=1))

    return step


def _arithmetic(device: torch.device) -> Callable[[], None]:
    first = torch.ones(_NUMBERS, device=device)
    second = torch.empty_like(first)

    def step() -> None:
        torch.mul(first, 1.5, out=second)

    return step


def _repeated(step: Callable[[], None], times: int) -> Callable[[], None]:
    def work() -> None:
        for _ in range(times):
            step()

    return work


def _repetitions(step: Callable[[], None], device: torch.device) -> int:
    """Return how often a step makes a piece."""
    wait, times = device_for(device).synchronize, 1
    _repeated(step, _WARM_UP)()
    while True:
        wait()
        began = time.perf_counter()
        _repeated(step, times)()
        wait()
        seconds = time.perf_counter() - began
        if seconds >= _TARGET / 3:
            return max(1, round(times * _TARGET / seconds))
        times *= 4
