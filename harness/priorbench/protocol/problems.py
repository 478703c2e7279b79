"""Problems by the protocol: the same y = A x + noise for everybody, drawn on the CPU from a seed."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from priorbench.contract.choice import DENOISING, Choice
from priorbench.contract.images import Image, NoisyImage, array_sha256
from priorbench.contract.noise import GivenNoise, NoiseDescriptor, NoiseModel
from priorbench.contract.observation import Observation
from priorbench.contract.operators import Identity, Operator, OperatorModel
from priorbench.contract.specs import NoiseSpec, OperatorSpec
from priorbench.errors import PriorbenchError
from priorbench.loading.registry import Registry, import_factory
from priorbench.parameters.values import build, resolve
from priorbench.protocol.exchange import Problem
from priorbench.protocol.least_squares import pseudo_inverse
from priorbench.protocol.metrics import psnr
from priorbench.protocol.refusal import RefusedError
from priorbench.protocol.scoring import finite, residual_energy
from priorbench.protocol.seeding import (
    Family,
    Ingredients,
    generator,
    method_seed,
    noise_rng,
    operator_entropy,
)

Drawn = TypeVar("Drawn", NoiseSpec, OperatorSpec)


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorDraw:
    """An operator as it travels: it is drawn again where it is used.

    Attributes
    ----------
    name : str
        registered name.
    parameters : mapping
        of it, JSON values.
    shape : tuple[int, int, int]
        (channels, height, width) of the image.
    entropy : int
        seeds the draw.
    """

    name: str
    parameters: Mapping[str, Any]
    shape: tuple[int, int, int]
    entropy: int

    def draw(self, registry: Registry) -> Operator:
        """Return the operator, the same in every process.

        Parameters
        ----------
        registry : Registry
            where its model is found.

        Raises
        ------
        RefusedError
            Where it does not take an image of this shape.
        """
        spec = registry.find(OperatorSpec.kind, self.name).spec
        assert isinstance(spec, OperatorSpec)
        model: OperatorModel = build(import_factory(spec), self.parameters)
        try:
            return model.draw(self.shape, generator(self.entropy))
        except PriorbenchError as error:
            raise RefusedError(str(error)) from error


@dataclass(frozen=True, kw_only=True, slots=True)
class NoisyProblem:
    """A problem and what records say of it.

    Attributes
    ----------
    problem : Problem
        what a method is given.
    clean : ndarray of float32
        the clean image, (channels, height, width): for the judge alone.
    drawn : OperatorDraw or None
        how to draw the operator again; None for the identity.
    descriptor : NoiseDescriptor
        what the method may know of the noise.
    noisy_sha256 : str
        digest of y, float32.
    baseline : ndarray of float32
        A^+ y, the minimum-norm least-squares solution, (channels, height, width) float32: in denoising the
        noisy image itself, of a mask the image with zeros where nothing was measured.
    noisy_psnr : float or None
        of `baseline`, in dB; None where it equals the clean image.
    noise_energy : float
        mean square of y - A x, the noise that was drawn, over what was measured.
    """

    problem: Problem
    clean: NDArray[np.float32]
    drawn: OperatorDraw | None
    descriptor: NoiseDescriptor
    noisy_sha256: str
    baseline: NDArray[np.float32]
    noisy_psnr: float | None
    noise_energy: float

    def facts(self) -> dict[str, Any]:
        """Return the record fields that are known before a method runs."""
        return {
            "noise_energy": self.noise_energy,
            "sigma": self.descriptor.sigma,
            "noisy_sha256": self.noisy_sha256,
            "noisy_psnr": self.noisy_psnr,
        }


def noisy_problem(
    registry: Registry,
    image: Image,
    *,
    image_set: str,
    noise: Choice,
    repetition: int,
    device: str,
    operator: Choice = DENOISING,
    salt: str = "",
    given: NoisyImage | None = None,
) -> NoisyProblem:
    """Draw the operator and the noise of one image, or take the noisy picture that its set brings.

    Parameters
    ----------
    registry : Registry
        where the noise model and the operator are found.
    image : Image
        the clean image.
    image_set : str
        registered name of its set; part of the seeds.
    noise, operator : Choice
        models and parameters.
    repetition : int
        number of the draw, from 0.
    device : str
        torch device of the observation.
    salt : str, default ''
        secret of a verifying run, hexadecimal: other noise and operators than everybody's.
    given : NoisyImage or None, optional
        the noisy picture of this repetition, for a noise model that is given.

    Raises
    ------
    RefusedError
        Where the operator does not take the image, or the noise what the operator gives.
    """
    if given is not None:
        return _given_problem(registry, image, given, noise, device)
    seeds = Ingredients(
        image_set=image_set,
        image=image.id,
        repetition=repetition,
        noise=_family(registry, NoiseSpec, noise),
        operator=None if operator.name == DENOISING.name else _family(registry, OperatorSpec, operator),
        salt=salt,
    )
    draw = _operator_draw(image, operator, seeds)
    drawn_operator = Identity() if draw is None else draw.draw(registry)
    model: NoiseModel = build(import_factory(_spec(registry, NoiseSpec, noise)), noise.parameters)
    try:
        drawn = model.corrupt(_measurement(drawn_operator, image, operator), noise_rng(seeds))
    except ValueError as error:
        raise RefusedError(
            f"noise '{noise.label}' cannot be drawn on what operator '{operator.label}' gives: {error}"
        ) from error
    measured: torch.Tensor | None = getattr(drawn_operator, "measured", None)
    noisy = (drawn if measured is None else np.where(measured.numpy(), drawn, 0.0)).astype(np.float32)
    descriptor = model.describe(drawn)
    return _noisy_problem(image, noisy, descriptor, drawn_operator, draw, device)


def _given_problem(
    registry: Registry, image: Image, given: NoisyImage, noise: Choice, device: str
) -> NoisyProblem:
    """Return the problem that a set's own noisy picture poses; the operator is the identity."""
    model: GivenNoise = build(import_factory(_spec(registry, NoiseSpec, noise)), noise.parameters)
    descriptor = model.describe_given(given.pixels.astype(np.float64), given.sigma)
    return _noisy_problem(image, given.pixels, descriptor, Identity(), None, device)


def _noisy_problem(
    image: Image,
    noisy: NDArray[np.float32],
    descriptor: NoiseDescriptor,
    drawn_operator: Operator,
    draw: OperatorDraw | None,
    device: str,
) -> NoisyProblem:
    digest = array_sha256(noisy)
    least_squares = pseudo_inverse(drawn_operator, torch.from_numpy(noisy.astype(np.float64)))
    baseline = least_squares.numpy().astype(np.float32)
    problem = posed(
        noisy,
        descriptor=descriptor,
        operator=drawn_operator,
        seed=method_seed(digest),
        device=device,
        shape=_shape(image),
    )
    return NoisyProblem(
        problem=problem,
        clean=image.pixels,
        drawn=draw,
        descriptor=descriptor,
        noisy_sha256=digest,
        baseline=baseline,
        noisy_psnr=finite(psnr(baseline, image.pixels)),
        noise_energy=residual_energy(problem, image.pixels),
    )


def posed(
    noisy: NDArray[np.float32],
    *,
    descriptor: NoiseDescriptor | None,
    operator: Operator,
    seed: int,
    device: str,
    shape: tuple[int, int, int],
) -> Problem:
    """Return what a method is given of a noisy measurement; pixels that were not measured are masked."""
    measured: torch.Tensor | None = getattr(operator, "measured", None)
    observation = Observation(
        image=torch.empty(0),
        noise=descriptor,
        device=torch.device(device),
        seed=seed,
        operator=operator,
        mask=None if measured is None else measured.to(device),
        image_shape=shape,
    )
    return Problem(noisy=noisy, observation=observation)


def _operator_draw(image: Image, choice: Choice, seeds: Ingredients) -> OperatorDraw | None:
    """Return how the operator of an image is drawn."""
    if seeds.operator is None:
        return None
    return OperatorDraw(
        name=choice.name,
        parameters=choice.parameters,
        shape=_shape(image),
        entropy=operator_entropy(seeds),
    )


def _family(registry: Registry, kind: type[Drawn], choice: Choice) -> Family:
    """Return what the seeds know of a model: what changes no draw has the factory's default."""
    spec, parameters = _spec(registry, kind, choice), dict(choice.parameters)
    if isinstance(spec, NoiseSpec) and spec.after_draw:
        usual = _usual(spec.name, spec.factory, import_factory(spec))
        parameters |= {name: usual[name] for name in spec.after_draw if name in usual}
    return Family(name=spec.family or spec.name, parameters=parameters, level=spec.level)


@functools.lru_cache(maxsize=64)
def _usual(name: str, place: str, factory: Any) -> Mapping[str, Any]:
    """Return the defaults of a noise model's own factory, without any preset."""
    return resolve(NoiseSpec(name=name, factory=place, summary=name), factory, {})


def _spec(registry: Registry, kind: type[Drawn], choice: Choice) -> Drawn:
    spec = registry.find(kind.kind, choice.name).spec
    assert isinstance(spec, kind)
    return spec


def _measurement(operator: Operator, image: Image, choice: Choice) -> NDArray[np.float64]:
    """Return A x, float64; noise models want three axes, the first of them channels."""
    exact = operator.A(torch.from_numpy(image.pixels.astype(np.float64)))
    if exact.ndim != 3 or not exact.is_floating_point():
        raise RefusedError(
            f"operator '{choice.label}' gives {exact.dtype} of shape {tuple(exact.shape)}: "
            "a measurement has real values and three axes, (channels, height, width)"
        )
    return exact.numpy()


def _shape(image: Image) -> tuple[int, int, int]:
    channels, height, width = image.pixels.shape
    return channels, height, width
