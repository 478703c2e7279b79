"""Noisy problems by the protocol: the same noise for everybody, drawn on the CPU from the trial's seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from priorbench.images import Image, array_sha256
from priorbench.measure import Problem
from priorbench.metrics import psnr
from priorbench.observation import NoiseDescriptor, Observation
from priorbench.parameters import build
from priorbench.registry import Registry, import_factory
from priorbench.scoring import finite
from priorbench.seeding import method_seed, noise_rng
from priorbench.specs import NoiseSpec
from priorbench.suite import Choice


@dataclass(frozen=True, kw_only=True, slots=True)
class NoisyProblem:
    """A problem and what records say of it.

    Attributes
    ----------
    problem : what is measured.
    descriptor : what the method may know of the noise.
    noisy_sha256 : digest of the noisy float32 array.
    noisy_psnr : in dB, of the noisy image as the method gets it; None where it equals the clean one.
    """

    problem: Problem
    descriptor: NoiseDescriptor
    noisy_sha256: str
    noisy_psnr: float | None

    def facts(self) -> dict[str, Any]:
        """Return the record fields that are known before a method runs."""
        return {
            "sigma": self.descriptor.sigma,
            "noisy_sha256": self.noisy_sha256,
            "noisy_psnr": self.noisy_psnr,
        }


def noisy_problem(
    registry: Registry, image: Image, *, image_set: str, noise: Choice, repetition: int, device: str
) -> NoisyProblem:
    """Draw the noise of one image.

    Parameters
    ----------
    registry : where the noise model is found.
    image : the clean image.
    image_set : registered name of its set; part of the seed.
    noise : model and parameters.
    repetition : number of the draw, from 0.
    device : torch device of the observation.
    """
    spec = registry.find("noise model", noise.name).spec
    assert isinstance(spec, NoiseSpec)
    seeds: dict[str, Any] = {
        "image_set": image_set,
        "image": image.id,
        "family": spec.family or spec.name,
        "parameters": noise.parameters,
        "level": spec.level,
        "repetition": repetition,
    }
    model = build(import_factory(spec), noise.parameters)
    drawn = model.corrupt(image.pixels.astype(np.float64), noise_rng(**seeds))
    noisy = drawn.astype(np.float32)
    descriptor = model.describe(drawn)
    observation = Observation(
        image=torch.empty(0), noise=descriptor, device=torch.device(device), seed=method_seed(**seeds)
    )
    return NoisyProblem(
        problem=Problem(noisy=noisy, observation=observation, clean=image.pixels),
        descriptor=descriptor,
        noisy_sha256=array_sha256(noisy),
        noisy_psnr=finite(psnr(noisy, image.pixels)),
    )
