"""What is known of the noise of a picture: told by the user, or estimated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from priorbench.cli.common.output import remark
from priorbench.contract.noise import NoiseDescriptor
from priorbench.errors import PriorbenchError
from priorbench.parameters.levels import parse_level
from priorbench.suite.hints import of_default_level
from priorbench.suite.notation import parse_text
from priorbench.suite.resolution import choose, instantiate
from priorbench.toolkit.noise_estimates import NoiseEstimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from priorbench.loading.registry import Registry

#: coefficients below which an estimate scatters by more than a tenth
_FEW = 150
#: every second pixel shows so much more noise than the whole only where noise is no white noise
_COARSER = 2.0
#: standard deviations that are hardly noise, or hardly a picture
_LITTLE, _MUCH = 0.5 / 255, 0.5
#: part of the values at black or white that spoils an estimate
_AT_ENDS = 0.1


def told_noise(sigma: str | None, spec: str | None, registry: Registry) -> Any:
    """Return the noise model that the user names, or None where nothing was said."""
    if sigma is not None and spec is not None:
        raise PriorbenchError("give --sigma or --noise, not both: --noise gaussian:sigma=25/255 has both")
    if sigma is not None:
        try:
            level = parse_level(sigma)
        except ValueError as error:
            raise PriorbenchError(f"--sigma {sigma}: {error}") from None
        spec = f"gaussian:sigma={level!r}/1"
    if spec is None:
        return None
    choice = choose(registry, "noise model", spec)
    if hint := of_default_level(
        parse_text(spec), registry.find("noise model", choice.name).spec, choice.parameters
    ):
        remark(f"--noise {spec}: {hint}")
    return instantiate(registry, "noise model", choice)


def estimated_noise(estimate: NoiseEstimate) -> NoiseDescriptor | None:
    """Return an estimate as a method is told of it; None where there is none."""
    if not estimate.count:
        return None
    covariance = tuple(tuple(row) for row in estimate.covariance.tolist())
    return NoiseDescriptor(
        family="gaussian",
        parameters={"sigma": estimate.sigma},
        sigma=estimate.sigma,
        channel_covariance=covariance,
    )


def in_words(estimate: NoiseEstimate) -> str:
    """Return the estimate for people."""
    text = f"estimated noise: sigma {_level(estimate.sigma)}"
    covariance = estimate.covariance
    if len(covariance) == 1 or estimate.sigma == 0:
        return text
    deviations = np.sqrt(np.maximum(np.diag(covariance), 1e-30))
    correlations = (covariance / np.outer(deviations, deviations))[np.triu_indices(len(covariance), 1)]
    if np.allclose(correlations, 1):
        return f"{text}, equal in the channels"
    each = " ".join(f"{deviation * 255:.3g}" for deviation in deviations)
    if np.allclose(correlations, 0):
        return f"{text} (channels {each}), independent in the channels"
    return f"{text} (channels {each}), correlations {' '.join(f'{value:.2f}' for value in correlations)}"


def doubts(estimate: NoiseEstimate, pixels: NDArray[np.floating[Any]]) -> Iterator[str]:
    """Yield why an estimate should not be believed."""
    say_it = "say what it is with --sigma or --noise"
    if not estimate.count:
        yield f"too small, or too flat, to estimate its noise: {say_it}"
        return
    if estimate.sigma < _LITTLE:
        yield f"hardly any noise is found in this picture: {say_it}"
    elif estimate.coarse > _COARSER * estimate.sigma:
        yield (
            f"the estimate may be far too low: every second pixel shows sigma {_level(estimate.coarse)}. "
            f"The picture has fine texture, or was enlarged, smoothed or compressed, and its noise is not "
            f"white; {say_it}"
        )
    if estimate.sigma > _MUCH:
        yield f"the estimate is larger than a picture can bear: {say_it}"
    if estimate.count < _FEW:
        yield f"the estimate is rough: the picture shows only {estimate.count} values of its noise"
    at_ends = float(np.mean((pixels <= 0) | (pixels >= 1)))
    if at_ends > _AT_ENDS:
        yield f"{at_ends:.0%} of the values are at black or white: the estimate may be too low; {say_it}"


def _level(sigma: float) -> str:
    return f"{sigma * 255:.3g}/255"
