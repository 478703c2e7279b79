"""Data between harness and method: the problem, what a fit shows of itself, the outcome, and their checks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import torch

from priorbench.contract.observation import Observation

if TYPE_CHECKING:
    from numpy.typing import NDArray

Shape = tuple[int, ...]
#: no time and no size is as large
_ENDLESS = 1e18
#: a larger value is not on the 0..1 scale
OFF_SCALE = 4.0
#: of an iterate: what the method would return, or what it has anyway
Kind = Literal["estimate", "output"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What a method is given, and nothing else: y and how to present it.

    Attributes
    ----------
    noisy : ndarray of float32
        y; in denoising (channels, height, width).
    observation : Observation
        the same as the method will see it; its image is replaced inside the clock.
    masked : bool, default False
        its mask, of y's shape, is a stopping rule's, not one that follows from the operator.
    """

    noisy: NDArray[np.float32]
    observation: Observation
    masked: bool = False

    @property
    def shape(self) -> Shape:
        """(channels, height, width) of the image to return; y itself shows it in denoising."""
        return self.observation.image_shape or self.noisy.shape

    def present(self) -> Observation:
        """Copy the noisy image to the device, as the method's own tensor."""
        image = torch.tensor(self.noisy, device=self.observation.device)
        return replace(self.observation, image=image)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """Seconds: of the host's clock, on the device, and of all processors."""

    wall: float = 0.0
    device: float = 0.0
    cpu: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """What a method did between two looks.

    Attributes
    ----------
    number : int
        iterations so far; 0 where it yielded nothing.
    ended : bool
        it yields no more.
    spent : Spent
        by all its images together.
    losses : tuple of float or None, default ()
        training loss of each image at the last iteration; None where the method gives none.
    apart : tuple of bool, default ()
        for each image whether its output is there and another one than its estimate.
    repeats : bool, default False
        the estimate of each image is the output of its next iterate, bit for bit.
    """

    number: int
    ended: bool
    spent: Spent
    losses: tuple[float | None, ...] = ()
    apart: tuple[bool, ...] = ()
    repeats: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """An iterate on the host.

    Attributes
    ----------
    image : torch.Tensor
        (channels, height, width), on the CPU, nobody else's memory.
    made : float, default 0.0
        seconds that the estimate cost.
    carried : Spent, optional
        what bringing it to the host cost.
    """

    image: torch.Tensor
    made: float = 0.0
    carried: Spent = Spent()


class Fit(Protocol):
    """A method at work, in this process or in another one."""

    def settle(self) -> bool:
        """Wait until no other thread of the method's process is at work; return False where one runs on."""
        ...

    def advance(self, until: int, *, shown_next: Kind | None = None) -> Stretch:
        """Let the method go on, on the clock, until it has made so many iterations, or ends.

        `shown_next` says what of the only image will be asked for next, unless it ends before.
        """
        ...

    def show(self, index: int, kind: Kind) -> Shown:
        """Bring the last iterate of one of the images to the host, off the clock."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a method returned under one stopping rule, or why it returned nothing; seconds.

    `iterations` is the number of the iterate, `stopped_at` that at which the rule stopped, `fired` whether
    its criterion was met, `loss` the training loss then; `of_companion` says that it is no iterate of the
    shared fit. `quiet` is False where another thread of the process was at work when the clock started.
    """

    output: NDArray[np.float32] | None = None
    error: Exception | None = None
    iterations: int | None = None
    stopped_at: int | None = None
    fired: bool | None = None
    loss: float | None = None
    of_companion: bool = False
    wall_seconds: float | None = None
    device_seconds: float | None = None
    cpu_seconds: float | None = None
    quiet: bool = True


class InvalidOutputError(Exception):
    """A method gave something that is not an image of the right shape, type and values."""


def checked(value: Any, shape: Shape) -> torch.Tensor:
    """Return what is an image of this shape, or raise `InvalidOutputError`.

    A subclass of a tensor could do its work when it is read, off the clock.
    """
    if not isinstance(value, torch.Tensor):
        hint = ": yield Iterate(output, loss=...) for more than an output" if type(value) is tuple else ""
        raise InvalidOutputError(f"expected a torch.Tensor, got {type(value).__name__}{hint}")
    if type(value) not in (torch.Tensor, torch.nn.Parameter):
        raise InvalidOutputError(
            f"expected a plain torch.Tensor, got its subclass {type(value).__name__}: return values, "
            "not something that computes them when it is read"
        )
    if value.is_nested or value.layout != torch.strided or value.device.type == "meta":
        what = "a nested one" if value.is_nested else f"one of layout {value.layout} on {value.device}"
        raise InvalidOutputError(f"expected a dense tensor with values, got {what}")
    if tuple(value.shape) != shape:
        raise InvalidOutputError(f"expected shape {shape}, got {tuple(value.shape)}")
    if value.dtype not in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        raise InvalidOutputError(f"expected a floating-point image, got {value.dtype}")
    return value


def number_of(loss: Any) -> float | None:
    """Return a training loss as a number, or raise `InvalidOutputError` where it is none.

    What computes its value when it is read could do the method's work there, off the clock.
    """
    if loss is None:
        return None
    plain = (float, int, torch.Tensor, torch.nn.Parameter)
    if type(loss) not in plain and not (isinstance(loss, np.generic) and type(loss).__module__ == "numpy"):
        raise InvalidOutputError(
            f"expected a loss that is a plain number or a plain tensor, got {type(loss).__name__}"
        )
    try:
        return float(loss)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise InvalidOutputError(f"expected a loss that is one number: {error}") from None


def to_host(value: torch.Tensor) -> torch.Tensor:
    """Return a copy of a tensor in the host's memory, densely packed, of the same type."""
    return value.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)


def as_array(image: torch.Tensor) -> NDArray[np.float32]:
    """Return an image on the host as float32, as results are kept."""
    return image.to(torch.float32).numpy()


def check_values(output: NDArray[np.float32]) -> None:
    """Raise `InvalidOutputError` where a value is not finite."""
    bad = int(np.size(output) - np.count_nonzero(np.isfinite(output)))
    if bad:
        raise InvalidOutputError(f"{bad} of {output.size} values are NaN or infinite")


def scale_remark(output: NDArray[np.float32]) -> str | None:
    """Return what is said of an output so large that its scale must be another one; None where it is not."""
    largest = float(np.abs(output).max(initial=0.0))
    if largest <= OFF_SCALE:
        return None
    return f"values up to {largest:.4g}: about 0 to 1 is expected, and the rest was clipped; divide by 255?"


def is_number(value: Any) -> bool:
    """Say whether a value is a float or int that a measurement can have: neither negative nor endless."""
    return type(value) in (int, float) and 0 <= value < _ENDLESS
