"""Denoisers that break the contract in one way each; what they do right is done by `smooth`."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import torch
from hostile_things import one_shot

from priorbench import Iterate
from priorbench.experiments import Computation, Size


def smooth(image):
    return torch.nn.functional.avg_pool2d(image[None], 3, stride=1, padding=1, count_include_pad=False)[0]


def good(o):
    return smooth(o.image)


Nothing = Licence = Citation = Summary = Arithmetic = Devices = Seeds = Mask = Operator = one_shot(good)


class Parameters:
    """A parameter without a type."""

    def __init__(self, strength=0.1):
        self.strength = strength

    def denoise(self, o):
        return good(o)


class Loads:
    """Needs a file that is not there."""

    def __init__(self):
        raise FileNotFoundError("no weights.pt")


class NoMethod:
    """Neither denoise nor iterate."""


def _raise():
    raise ValueError("no luck")


def _telephone(o):
    with contextlib.suppress(OSError):
        urllib.request.urlopen("http://example.com/weights.pt", timeout=1)
    return good(o)


def _write(o):
    Path(tempfile.gettempdir()).parent.joinpath("left-behind.txt").write_text("seen")
    return good(o)


def _seed_globally(o):
    torch.manual_seed(o.seed)
    return good(o) + 0.01 * torch.randn(o.image.shape)


def _draw(o):
    return good(o) + 0.01 * torch.randn(o.image.shape, generator=o.generator())


def _set_threads(o):
    torch.set_num_threads(2)
    return good(o)


def _leave_thread(o):
    threading.Thread(target=time.sleep, args=(600,), daemon=True, name="forgotten").start()
    return good(o)


def _only_colour(o):
    return torch.stack([o.image[1] if len(o.image) == 1 else plane for plane in o.image])


def _whiten(o):
    if o.noise is not None and o.noise.channel_covariance is not None:
        torch.linalg.cholesky(torch.tensor(o.noise.channel_covariance))
    return good(o)


def _halve(o):
    c, h, w = o.image.shape
    means = o.image.reshape(c, h // 2, 2, w // 2, 2).mean((2, 4))
    return means.repeat_interleave(2, 1).repeat_interleave(2, 2)


def _reflect(o):
    padded = torch.nn.functional.pad(o.image[None], (2, 2, 2, 2), mode="reflect")
    return torch.nn.functional.avg_pool2d(padded, 5, stride=1)[0]


def _normalise(o):
    mean, deviation = o.image.mean(), o.image.std()
    return smooth((o.image - mean) / deviation) * deviation + mean


def _stabilise(o):
    return smooth(torch.sqrt(o.image + 0.7)) ** 2 - 0.7


def _by_the_clock(o):
    return good(o) + 1e-6 * (time.perf_counter_ns() % 1000)


def _strength(o):
    weight = o.sigma * 5
    return torch.lerp(o.image, good(o), weight)


def _first_channel(o):
    weight = 0.5 if o.noise is None else o.noise.channel_covariance[0][0] ** 0.5
    return torch.lerp(o.image, good(o), weight)


Process = one_shot(lambda o: os._exit(3))
SilentExit = one_shot(lambda o: os._exit(0))
Runs = one_shot(lambda o: _raise())
Type = one_shot(lambda o: good(o).numpy())
Shape = one_shot(lambda o: good(o)[None])
Finite = one_shot(lambda o: good(o) / 0)
Time = one_shot(lambda o: (time.sleep(1.5), good(o))[1])
Network = one_shot(_telephone)
Files = one_shot(_write)
RandomState = one_shot(_seed_globally)
UndeclaredRandomness = one_shot(_draw)
Settings = one_shot(_set_threads)
Leftovers = one_shot(_leave_thread)
Scale = one_shot(lambda o: good(o) * 255)
Grey = one_shot(_only_colour)
Colour = one_shot(_whiten)
OddSizes = one_shot(_halve)
TinySizes = one_shot(_reflect)
FlatImages = one_shot(_normalise)
OutOfRange = one_shot(_stabilise)
InputUnchanged = one_shot(lambda o: o.image.mul_(0.5).clone())
Determinism = one_shot(_by_the_clock)
Blind = one_shot(_strength)
Noises = one_shot(_first_channel)


class FreshState:
    """Mixes in the picture before, where it has the same shape."""

    last = None

    def denoise(self, o):
        last = (
            FreshState.last
            if FreshState.last is not None and FreshState.last.shape == o.image.shape
            else o.image
        )
        FreshState.last = o.image.clone()
        return 0.5 * o.image + 0.5 * last


class Budget:
    """Iterates, without a budget."""

    def iterate(self, o):
        while True:
            yield good(o)


class Iterates:
    """Its schedule is as long as the budget."""

    def __init__(self, *, iterations: int = 100) -> None:
        self.schedule = [0.5] * iterations

    def iterate(self, o):
        step = 0
        while True:
            yield torch.lerp(o.image, good(o), self.schedule[step])
            step += 1


class Overwriting:
    """Yields the tensor that it works on."""

    def __init__(self, *, iterations: int = 100) -> None:
        self.iterations = iterations

    def iterate(self, o):
        estimate = o.image.clone()
        while True:
            estimate += 0.1 * (smooth(estimate) - estimate)
            yield estimate


DeclaredReuse = Overwriting


class Looking:
    """What is looked at draws from the generator of the steps."""

    def __init__(self, *, iterations: int = 100) -> None:
        self.iterations = iterations

    def iterate(self, o):
        generator, estimate = o.generator(), o.image

        def jittered():
            return estimate + 0.01 * torch.randn(estimate.shape, generator=generator)

        while True:
            estimate = jittered()
            yield Iterate(estimate, estimate=jittered)


class NextOutput:
    """Says that its estimate is the next output, and returns an average."""

    def __init__(self, *, iterations: int = 100) -> None:
        self.iterations = iterations

    def iterate(self, o):
        output = average = o.image
        while True:
            output = torch.lerp(output, smooth(output), 0.5)
            average = torch.lerp(average, output, 0.5)
            kept = average
            yield Iterate(output, estimate=lambda kept=kept: kept, estimate_is_next_output=True)


class Together:
    """Gives the images back in another order."""

    def __init__(self, *, iterations: int = 100) -> None:
        self.iterations = iterations

    def iterate(self, o):
        while True:
            yield good(o)

    def iterate_together(self, observations):
        while True:
            yield [good(o) for o in reversed(observations)]


class Loss:
    """Gives the loss of each channel."""

    def __init__(self, *, iterations: int = 100) -> None:
        self.iterations = iterations

    def iterate(self, o):
        while True:
            yield Iterate(good(o), loss=((good(o) - o.image) ** 2).mean((1, 2)).expand(3))


class Sizes:
    """An experiment that does not say how large it can be run."""

    def work(self, size):
        return ()

    def conclude(self, size, results):
        raise NotImplementedError


class Work(Sizes):
    """An experiment that asks for a function that is not there."""

    sizes = (Size(name="full", seconds=1),)

    def work(self, size):
        yield Computation(name="nothing", function="wrong_methods:not_there")
