"""Checks, before a run, whether a method takes a problem, and words the refusal."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from priorbench.contract.choice import DENOISING, Choice
from priorbench.contract.noise import NoiseDescriptor
from priorbench.contract.specs import DenoiserSpec, StoppingRuleSpec
from priorbench.contract.stopping import NEEDS
from priorbench.errors import PriorbenchError
from priorbench.machine.arithmetic import arithmetic_refusal

_NOTHING: Mapping[str, Any] = MappingProxyType({})
#: relative difference of two variances that is rounding
_ROUNDING = 1e-6


class RefusedError(PriorbenchError):
    """An operator or a stopping rule does not take the problem; the message is the reason."""


def refusal(
    spec: DenoiserSpec,
    shape: tuple[int, ...],
    device: str,
    noise: NoiseDescriptor | None,
    operator: Choice = DENOISING,
    parameters: Mapping[str, Any] = _NOTHING,
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
    parameters : Mapping[str, Any], optional
        of the method.
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
    return arithmetic_refusal(spec.arithmetic, parameters, device, spec.arithmetic_refused)


def rule_refusal(
    rule: StoppingRuleSpec, method: DenoiserSpec, noise: NoiseDescriptor | None, operator: Choice = DENOISING
) -> str | None:
    """Return why a stopping rule cannot judge a fit, in one line, or None.

    Parameters
    ----------
    rule, method : StoppingRuleSpec or DenoiserSpec
        what they say of themselves.
    noise : NoiseDescriptor or None
        what will be known of the noise; None when blind.
    operator : Choice, optional
        A of y = A x + noise.
    """
    met = {
        "sigma": noise is not None and noise.sigma is not None,
        "white-noise": noise is not None and noise.white,
        "gaussian-noise": noise is not None and _plain_gaussian(noise),
        "loss-mask": method.accepts_mask,
        "denoising": operator.name == DENOISING.name,
    }
    missing = [NEEDS[need] for need in rule.needs if not met.get(need, True)]
    return f"the rule needs {' and '.join(missing)}, which it does not have here" if missing else None


def _plain_gaussian(noise: NoiseDescriptor) -> bool:
    """Say whether noise is white and Gaussian, of one known deviation in all channels, and not clipped."""
    plain = noise.white and not noise.clipped and not noise.signal_dependent
    if not (noise.family == "gaussian" and plain and noise.sigma):
        return False
    variance = noise.sigma**2
    return all(
        abs(value - (variance if i == j else 0.0)) <= _ROUNDING * variance
        for i, row in enumerate(noise.channel_covariance or ())
        for j, value in enumerate(row)
    )


def _list(values: object) -> str:
    return " or ".join(str(value) for value in values) if isinstance(values, (tuple, list)) else str(values)
