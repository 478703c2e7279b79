"""The two-layer generator as denoisers: of finite width by gradient descent, and its limit in closed form.

Each channel of an image is one signal on a torus, fitted by itself with the paper's step size,
eta = 1 / ||F u||_inf^2. Both methods yield after iteration tau the output after tau steps, with the mean
squared residual before the step as its loss, so that every stopping rule means the same for both. (The
paper's loss is n / 2 times that.)

The defaults, a triangle of half-width 3 and 12 iterations, are about what minimises the closed-form risk (see
`priorbench_two_layer.risk`) of photographs with noise of 25/255. Wider kernels gain a few tenths of a dB at
the best iteration and need hundreds of iterations for it; less noise wants more iterations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, get_args

import numpy as np
import torch
from pydantic import Field

from priorbench import Iterate, Observation
from priorbench.toolkit.checks import Count, NonNegativeCount, at_least, one_of, within
from priorbench.toolkit.initialisation import stream
from priorbench_two_layer.circulant import Circulant, KernelName, separable
from priorbench_two_layer.dual_kernel import dual_kernel
from priorbench_two_layer.generator import Generator, Start
from priorbench_two_layer.linearised import contraction
from priorbench_two_layer.torus import Torus

if TYPE_CHECKING:
    from numpy.typing import NDArray

Width = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class TwoLayer:
    """The generator ReLU(U C) v of Heckel & Soltanolkotabi 2020, fitted to each channel by gradient descent.

    Memory is 4 k bytes for each value of the image, and time is proportional to that: for small images.

    Parameters
    ----------
    kernel : {'triangle', 'gaussian'}, default 'triangle'
        of the convolution U, along each axis: ``triangle`` or ``gaussian``.
    width : float, default 3.0
        half-width p of the triangle, at least 1, or width s of the Gaussian, in pixels.
    k : int, default 256
        width of the generator, even.
    omega : float, default 0.1
        scale of the initial weights, in units of ||y|| / sqrt(n). Theorem 1 leaves the constant open: with 1,
        the start's own fine structure, which the early-stopped fit does not reach, is stronger than noise of
        25/255; below about 0.01 the signs of U C flip and the fit leaves the linear regime.
    start : {'independent', 'symmetric'}, default 'independent'
        independent weights, as in the paper, or symmetric ones, whose output is 0.
    margin : int, default 16
        mirrored pixels around the image, at least; 0 = the image itself is the torus, as in the theory.
    iterations : int, default 12
        the budget.
    """

    def __init__(
        self,
        *,
        kernel: KernelName = "triangle",
        width: Width = 3.0,
        k: Count = 256,
        omega: Positive = 0.1,
        start: Start = "independent",
        margin: NonNegativeCount = 16,
        iterations: Count = 12,
    ) -> None:
        if k % 2:
            raise ValueError(f"k must be even, not {k}")
        one_of(get_args(Start), start=start)
        within(0, float("inf"), omega=omega)
        at_least(1, iterations=iterations)
        self._model = Model(kernel=kernel, width=width, margin=margin)
        self._k, self._omega, self._start = k, omega, start
        self.iterations = iterations

    def iterate(self, observation: Observation) -> Iterator[Iterate]:
        """Take one step of gradient descent on every channel for each iterate."""
        torus = self._model.torus(observation)
        circulant = self._model.circulant(torus)
        targets = torus.fill(observation.image)
        random = stream(observation.seed, "weights")
        generators = [self._generator(circulant, y, random) for y in targets]
        residuals = [g.output() - y for g, y in zip(generators, targets, strict=True)]
        while True:
            loss = torch.stack([r.square().mean() for r in residuals]).mean()
            outputs = []
            for number, (generator, y) in enumerate(zip(generators, targets, strict=True)):
                generator.step(residuals[number], circulant.step_size)
                outputs.append(generator.output())
                residuals[number] = outputs[-1] - y
            yield Iterate(torus.crop(torch.stack(outputs)).contiguous(), loss=loss)

    def _generator(self, circulant: Circulant, y: torch.Tensor, random: torch.Generator) -> Generator:
        return Generator(
            circulant,
            k=self._k,
            omega=self._omega * float(y.square().mean().sqrt()),
            start=self._start,
            random=random,
            device=y.device,
        )


class TwoLayerLinear:
    """The limit of `TwoLayer` for k to infinity and a start at 0: the linearised trajectory in closed form.

    After tau iterations the output is sum_i (1 - (1 - eta sigma_i^2)^tau) w_i <w_i, y> (Heckel &
    Soltanolkotabi 2020, Theorem 5), with the dual kernel sigma: a product in the Fourier domain, whatever tau
    is.

    Parameters
    ----------
    kernel : {'triangle', 'gaussian'}, default 'triangle'
        of the convolution U, along each axis: ``triangle`` or ``gaussian``.
    width : float, default 3.0
        half-width p of the triangle, at least 1, or width s of the Gaussian, in pixels.
    margin : int, default 16
        mirrored pixels around the image, at least; 0 = the image itself is the torus, as in the theory.
    iterations : int, default 12
        the budget.
    """

    def __init__(
        self,
        *,
        kernel: KernelName = "triangle",
        width: Width = 3.0,
        margin: NonNegativeCount = 16,
        iterations: Count = 12,
    ) -> None:
        at_least(1, iterations=iterations)
        self._model = Model(kernel=kernel, width=width, margin=margin)
        self.iterations = iterations

    def iterate(self, observation: Observation) -> Iterator[Iterate]:
        """Yield the output after 1, 2, 3, ... steps; one that is not looked at costs almost nothing."""
        torus = self._model.torus(observation)
        trajectory = _Trajectory.of(torus, self._model.circulant(torus), observation.image)
        energies = trajectory.energies()
        iteration = 0
        while True:
            iteration += 1
            loss = float(energies.sum())
            energies *= trajectory.factors**2
            yield trajectory.iterate(iteration, loss)


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """What both denoisers share: kernel and margin."""

    kernel: KernelName
    width: float
    margin: int

    def __post_init__(self) -> None:
        separable(self.kernel, (1, 1), self.width)  # raises for a kernel that is valid for no image
        at_least(0, margin=self.margin)

    def torus(self, observation: Observation) -> Torus:
        """Return the torus of an observation's image."""
        height, width = observation.image.shape[-2:]
        return Torus(height=height, width=width, margin=self.margin)

    def circulant(self, torus: Torus) -> Circulant:
        """Return U on a torus."""
        return separable(self.kernel, torus.shape, self.width)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Trajectory:
    """The outputs of gradient descent on a linear model, all of them.

    Attributes
    ----------
    torus : Torus
        where the image lies.
    spectrum : torch.Tensor
        F y, (channels, rows, columns / 2 + 1), of real fields.
    factors : ndarray of float64
        1 - eta sigma^2 for the rows / 2 + 1 and columns / 2 + 1 frequencies from 0 on; the kernels are
        symmetric along each axis, so that sigma is.
    """

    torus: Torus
    spectrum: torch.Tensor
    factors: NDArray[np.float64]

    @classmethod
    def of(cls, torus: Torus, circulant: Circulant, image: torch.Tensor) -> _Trajectory:
        """Transform an image (channels, height, width)."""
        rows, columns = torus.shape
        sigma = dual_kernel(circulant)[: rows // 2 + 1, : columns // 2 + 1]
        return cls(
            torus=torus,
            spectrum=torch.fft.rfft2(torus.fill(image)),
            factors=contraction(sigma, circulant.step_size, 1),
        )

    def iterate(self, tau: int, loss: float) -> Iterate:
        """Return iterate tau; its estimate is computed only where it is looked at."""
        return Iterate(None, loss=loss, estimate=lambda: self.output(tau))

    def output(self, tau: int) -> torch.Tensor:
        """Return the image after tau steps."""
        rows, columns = self.torus.shape
        fitted = torch.from_numpy((1 - self.factors**tau).astype(np.float32)).to(self.spectrum.device)
        response = fitted[_folded(rows)]
        field = torch.fft.irfft2(self.spectrum * response, s=(rows, columns))
        return self.torus.crop(field).contiguous()

    def energies(self) -> NDArray[np.float64]:
        """Return what each frequency of `factors` has of the mean of y^2."""
        rows, columns = self.torus.shape
        power = self.spectrum.abs().square().sum(0).cpu().numpy().astype(np.float64)
        power[:, 1 : (columns + 1) // 2] *= 2  # each stands for its mirror image, too
        folded = np.zeros(self.factors.shape)
        np.add.at(folded, _folded(rows), power)
        return folded / (len(self.spectrum) * (rows * columns) ** 2)


def _folded(n: int) -> NDArray[np.int_]:
    """Return the absolute frequency of each entry of a discrete Fourier transform."""
    index = np.arange(n)
    return np.minimum(index, n - index)
