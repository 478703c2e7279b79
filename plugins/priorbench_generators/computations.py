"""What experiments compute with the instruments: functions of a seed that return numbers and arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch

from priorbench import Observation
from priorbench.toolkit.checks import one_of
from priorbench.toolkit.initialisation import ScaleInit
from priorbench.toolkit.untrained import UntrainedNetwork
from priorbench_generators.instruments.curves import log_spaced
from priorbench_generators.instruments.distances import weight_distances
from priorbench_generators.instruments.sensitivity import sensitivities
from priorbench_generators.instruments.targets import Target, target
from priorbench_generators.line_decoder.jacobian import accumulated, jacobian
from priorbench_generators.line_decoder.subspaces import energy_up_to, overlap, spectrum, triangular
from priorbench_generators.line_decoder.training import moments

#: numbers of the singular vectors that Fig. 7 shows, from 1
SHOWN = (1, 2, 3, 4, 5, 20, 50, 100)


def line_decoder(
    seed: int,
    *,
    n: int = 512,
    k: int = 64,
    layers: int = 4,
    scale_init: ScaleInit = "uniform",
    more: Sequence[int] = (75, 3500),
) -> dict[str, Any]:
    """Return what Fig. 7 shows of the exact and the accumulated Jacobian, at t = 1 and after `more` steps.

    Parameters
    ----------
    seed : int
        of weights, input and noise.
    n, k, layers, scale_init, more : int or {'uniform', 'one'} or sequence of int
        See `priorbench_generators.line_decoder.training.moments`.
    """
    seen = moments(seed, n=n, k=k, layers=layers, scale_init=scale_init, more=tuple(more))
    factors = [triangular(jacobian(moment.begun)) for moment in seen]
    kinds = {"exact": factors, "accumulated": [accumulated(T) for T in factors]}
    values: dict[str, Any] = {
        "losses": [moment.losses[[0, -1]] for moment in seen],
        "errors": [[moment.errors.min(), moment.errors[-1]] for moment in seen],
    }
    for kind, matrices in kinds.items():
        spectra = [spectrum(J) for J in matrices]
        first = spectra[0].leading(5)
        columns = [number - 1 for number in SHOWN if number <= n]
        values[kind] = {
            "singular": [one.values for one in spectra],
            "overlap": [overlap(first, one.leading(5)) for one in spectra],
            "leading_energy_to_4": [energy_up_to(4, one.leading(5)) for one in spectra],
            "energy": {f: [one.energy_up_to(f) for one in spectra] for f in _frequencies(n)},
            "vectors": [np.round(one.vectors[:, columns].T, 5) for one in spectra],
        }
    return values


def _frequencies(n: int) -> list[int]:
    """Return n / 32 to n / 4: 16, 32, 64 and 128 of the published length."""
    return [n // 32, n // 16, n // 8, n // 4]


def weight_course(
    seed: int,
    *,
    name: Target,
    size: int = 256,
    channels: int = 256,
    layers: int = 4,
    iterations: int = 100_000,
    points: int = 200,
    optimiser: Literal["adam", "sgd", "gd"] = "sgd",
    learning_rate: float = 0.1,
) -> dict[str, Any]:
    """Return how far the weights of a deep decoder, convolutions first, move while it fits a target (Fig. 9).

    Parameters
    ----------
    seed : int
        of network and target.
    name, size : str, int
        See `priorbench_generators.instruments.targets.target`.
    channels, layers : int
        of the decoder.
    iterations, points : int
        steps, and at how many of them distances are taken.
    optimiser, learning_rate : str, float
        of the fit.
    """
    from priorbench_deep_decoder.model import DeepDecoder

    method = DeepDecoder(
        channels=channels,
        layers=layers,
        order="convolve-first",
        optimiser=optimiser,
        learning_rate=learning_rate,
    )
    observation = Observation(
        image=target(name, size=size, seed=seed), noise=None, device=torch.device("cpu"), seed=seed
    )
    course = list(weight_distances(method.untrained, observation, log_spaced(iterations, points)))
    return {
        "step": [one.step for one in course],
        "loss": [one.loss for one in course],
        "relative": _by_layer([one.relative for one in course]),
        "symmetrised": _by_layer([one.symmetrised for one in course]),
    }


def _by_layer(course: Sequence[Mapping[str, float]]) -> dict[str, list[float]]:
    return {layer: [one[layer] for one in course] for layer in course[0]}


def start_norms(
    seed: int,
    *,
    network: Literal["deep-decoder", "dip"],
    names: Sequence[Target] = ("phantom", "noise-of-equal-norm"),
    size: int = 256,
    starts: int = 10,
    scale_init: ScaleInit = "uniform",
) -> dict[str, Any]:
    """Return the norms ||J^T y|| of some starts for each target (Fig. 12).

    Parameters
    ----------
    seed : int
        of the noise, and of the starts `seed` x `starts` onwards, so that seeds can be put together.
    network : {'deep-decoder', 'dip'}
        those of the figure: 256 channels, 4 upsamplings, convolutions first; and the published DIP.
    names, size : sequence of str, int
        See `priorbench_generators.instruments.targets.target`.
    starts : int
        how many.
    scale_init : {'uniform', 'one'}
        scale of the normalisations at the start.
    """
    targets = [target(name, size=size, seed=seed) for name in names]
    numbers = range(seed * starts, (seed + 1) * starts)
    found = list(sensitivities(_network(network, scale_init), targets, numbers))
    return {name: [one[place] for one in found] for place, name in enumerate(names)}


def _network(network: str, scale_init: ScaleInit) -> UntrainedNetwork[Any]:
    from priorbench_deep_decoder.model import DeepDecoder
    from priorbench_dip.model import DeepImagePrior

    one_of(("deep-decoder", "dip"), network=network)
    if network == "dip":
        return DeepImagePrior(scale_init=scale_init).untrained
    return DeepDecoder(channels=256, layers=4, order="convolve-first", scale_init=scale_init).untrained
