"""The linear physics objects of the package deepinv as operators.

They take and give batches (B, channels, height, width), and some give vectors; an observation has one image
and a measurement with three axes.
"""

# ruff: noqa: N802 - A and A_adjoint are the usual names

from __future__ import annotations

import copy
import importlib
import inspect
from typing import TYPE_CHECKING, Any

import torch

from priorbench import PriorbenchError
from priorbench.errors import suggestion

if TYPE_CHECKING:
    import numpy as np

    from priorbench import Operator


class Physics:
    """An object with ``A`` and ``A_adjoint`` on batches, as an operator on one image.

    It computes in its own precision, which for deepinv is single unless it is asked otherwise: its modules
    hold complex numbers and types of their own, which a cast would break.

    Parameters
    ----------
    physics : Any
        the object, a torch module; it is left as it is.
    shape : tuple[int, int, int]
        (channels, height, width) of x.
    """

    def __init__(self, physics: Any, shape: tuple[int, int, int]) -> None:
        self._physics = {torch.device("cpu"): physics}
        held = {value.dtype for value in getattr(physics, "buffers", list)()}
        self._dtype = torch.float64 if held & {torch.float64, torch.complex128} else torch.float32
        with torch.no_grad():
            self._measured = physics.A(torch.zeros(1, *shape, dtype=self._dtype)).shape[1:]

    def A(self, x: torch.Tensor) -> torch.Tensor:
        """Return A x; a measurement without three axes becomes (1, 1, m)."""
        y: torch.Tensor = self._on(x.device).A(x[None].to(self._dtype))[0]
        real = y if y.is_complex() else y.to(x.dtype)
        return real if y.ndim == 3 else real.reshape(1, 1, -1)

    def A_adjoint(self, y: torch.Tensor) -> torch.Tensor:
        """Return A* y, (channels, height, width)."""
        batch = y.reshape(1, *self._measured).to(self._dtype)
        x: torch.Tensor = self._on(y.device).A_adjoint(batch)[0]
        return x.to(y.dtype)

    def _on(self, device: torch.device) -> Any:
        """Return the object, or its copy on another device."""
        if device not in self._physics:
            self._physics[device] = copy.deepcopy(self._physics[torch.device("cpu")]).to(device)
        return self._physics[device]


class PhysicsModel:
    """A linear physics object of deepinv, or whatever looks like one.

    Parameters
    ----------
    physics : str, default 'Inpainting'
        a class of ``deepinv.physics``, for example ``BlurFFT``; or ``module:attribute``, anything that makes
        an object with ``A`` and ``A_adjoint``, for what needs tensors.
    arguments : dict[str, Any] or None, optional
        its keyword arguments. ``img_size`` (channels, height, width) and ``rng``, a seeded torch generator,
        are filled in where the class has them.
    """

    def __init__(self, *, physics: str = "Inpainting", arguments: dict[str, Any] | None = None) -> None:
        self._name, self._arguments = physics, arguments or {}

    def draw(self, shape: tuple[int, int, int], rng: np.random.Generator) -> Operator:
        """Return a new object for images of a shape."""
        make = _attribute(self._name)
        offered = {"img_size": shape, "rng": torch.Generator("cpu").manual_seed(int(rng.integers(2**63)))}
        try:
            names = inspect.signature(make).parameters
            given = {name: value for name, value in offered.items() if name in names} | self._arguments
            made = make(**given)
            if not hasattr(made, "A_adjoint"):
                raise TypeError("it has no A_adjoint: only linear physics can be an operator")
            return Physics(made, shape)
        except (TypeError, ValueError, RuntimeError, AttributeError, AssertionError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise PriorbenchError(f"deepinv: {self._name} cannot be made for {shape}: {reason}") from error


def _attribute(name: str) -> Any:
    module, colon, attribute = name.rpartition(":")
    try:
        found = importlib.import_module(module if colon else "deepinv.physics")
    except Exception as error:  # a torchvision for another torch raises a RuntimeError
        raise PriorbenchError(
            f"deepinv: {name} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    if not hasattr(found, attribute):
        near = suggestion(attribute, [key for key in dir(found) if key[:1].isupper()])
        raise PriorbenchError(f"deepinv: {found.__name__} has no '{attribute}'{near}")
    return getattr(found, attribute)
