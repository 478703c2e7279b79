"""Small problems to check a denoiser with, drawn by the protocol's own noise models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from priorbench.contract.images import Image
from priorbench.contract.specs import DenoiserSpec, NoiseSpec
from priorbench.loading.registry import Registry
from priorbench.protocol.problems import NoisyProblem, noisy_problem
from priorbench.protocol.refusal import refusal
from priorbench.suite.resolution import choose

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from priorbench.contract.observation import Observation

#: side of the ordinary picture, in pixels
SIDE = 32
#: the noise that is tried first, as in the headline of every table
USUAL_NOISE = "gaussian-25"


class Problems:
    """Makes observations for one denoiser.

    Parameters
    ----------
    registry : Registry
        where the noise models are found.
    spec : DenoiserSpec
        the denoiser; its channels, smallest size and noises are respected.
    device : str
        torch device of the observations.
    """

    def __init__(self, registry: Registry, spec: DenoiserSpec, device: str) -> None:
        self._registry, self._spec, self.device = registry, spec, device
        self.side = max(SIDE, spec.min_size)
        self.channels = 3 if 3 in spec.channels else spec.channels[0]
        self._noise = USUAL_NOISE

    def usual(
        self, *, shape: tuple[int, int, int] | None = None, number: int = 0, noise: str = ""
    ) -> Observation:
        """Return an observation of a textured picture.

        Parameters
        ----------
        shape : tuple[int, int, int] or None, optional
            (channels, height, width); default the ordinary one.
        number : int, default 0
            which picture, from 0.
        noise : str, default ''
            as on the command line; default the headline's, or the first that the denoiser takes.
        """
        return self.problem(shape=shape, number=number, noise=noise).problem.present()

    def problem(
        self, *, shape: tuple[int, int, int] | None = None, number: int = 0, noise: str = ""
    ) -> NoisyProblem:
        """Return the same with what the harness knows of it."""
        shape = shape or (self.channels, self.side, self.side)
        image = Image(id=f"texture-{number}", pixels=texture(shape, number))
        return self._draw(image, noise or self._taken_noise(image))

    def flat(self, value: float) -> Observation:
        """Return an observation whose noisy picture has one value everywhere."""
        observation = self.usual()
        return replace(observation, image=observation.image.new_full(observation.image.shape, value))

    def families(self) -> Mapping[str, str]:
        """Return family of noise -> name of a model of it, for all that are installed."""
        found: dict[str, str] = {}
        for name, entry in sorted(self._registry.all("noise model").items()):
            assert isinstance(entry.spec, NoiseSpec)
            if entry.spec.given:
                continue  # it has no noisy picture of a texture
            family = entry.spec.family or name
            if family not in found or name == family:
                found[family] = name
        return found

    def given(self) -> frozenset[str]:
        """Return the names of models whose noisy pictures image sets bring: nothing can be drawn of them."""
        found = self._registry.all("noise model").items()
        return frozenset(name for name, one in found if isinstance(one.spec, NoiseSpec) and one.spec.given)

    def refusal(self, problem: NoisyProblem) -> str | None:
        """Say why the harness would not give this problem to the denoiser, or return None."""
        return refusal(self._spec, problem.problem.noisy.shape, self.device, problem.descriptor)

    def _taken_noise(self, image: Image) -> str:
        for name in (self._noise, *self._names()):
            if self.refusal(self._draw(image, name)) is None:
                self._noise = name
                return name
        return self._noise

    def _names(self) -> Iterator[str]:
        yield from self.families().values()

    def _draw(self, image: Image, noise: str) -> NoisyProblem:
        choice = choose(self._registry, "noise model", noise)
        return noisy_problem(
            self._registry, image, image_set="priorbench.testing", noise=choice, repetition=0,
            device=self.device,
        )  # fmt: skip


def texture(shape: tuple[int, int, int], number: int = 0) -> NDArray[np.float32]:
    """Return a picture with a ramp, waves and an edge, in [0.1, 0.9]; `number` turns and shifts it."""
    channels, height, width = shape
    rows, columns = np.mgrid[:height, :width] / max(height, width)
    planes = []
    for channel in range(channels):
        angle = 0.7 + 1.3 * number + 0.4 * channel
        along = rows * np.cos(angle) + columns * np.sin(angle)
        planes.append(
            0.45 + 0.15 * along + 0.15 * np.sin(20 * along) + 0.1 * (columns + rows > 0.8 + angle / 9)
        )
    picture: NDArray[np.float32] = np.clip(np.stack(planes), 0.1, 0.9).astype(np.float32)
    return picture
