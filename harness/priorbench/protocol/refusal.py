"""Checks, before a run, whether a method takes a problem, and words the refusal."""

from __future__ import annotations

from priorbench.contract.choice import DENOISING, Choice
from priorbench.contract.noise import NoiseDescriptor
from priorbench.contract.specs import DenoiserSpec
from priorbench.errors import PriorbenchError


class RefusedError(PriorbenchError):
    """An operator or a stopping rule does not take the problem; the message is the reason."""


def refusal(
    spec: DenoiserSpec,
    shape: tuple[int, ...],
    device: str,
    noise: NoiseDescriptor | None,
    operator: Choice = DENOISING,
) -> str | None:
    """Return why a method does not take a problem, in one line, or None.

    Parameters
    ----------
    spec : DenoiserSpec
        what the method says of itself.
    shape : tuple of int
        (channels, height, width) of the image to return.
    device : str
        torch device.
    noise : NoiseDescriptor or None
        what the method will know of the noise; None when blind.
    operator : Choice, optional
        A of y = A x + noise.
    """
    channels, height, width = shape
    kind = device.partition(":")[0]
    if operator.name != DENOISING.name and not spec.accepts_operator:
        return f"only denoises: it does not take the operator '{operator.label}'"
    if channels not in spec.channels:
        return f"takes images of {_list(spec.channels)} channels, not {channels}"
    if min(height, width) < spec.min_size:
        return f"needs at least {spec.min_size} pixels each way, not {height} x {width}"
    if spec.devices != "any" and kind not in spec.devices:
        return f"runs on {_list(spec.devices)}, not on {kind}"
    if noise is not None and spec.noises != "any" and noise.family not in spec.noises:
        return f"is meant for {_list(spec.noises)} noise, not for {noise.family}"
    if spec.needs_sigma and (noise is None or noise.sigma is None):
        return "needs the standard deviation of the noise, which is not known here"
    return None


def _list(values: object) -> str:
    return " or ".join(str(value) for value in values) if isinstance(values, (tuple, list)) else str(values)
