"""The two-layer models: convolution both ways, fits, the closed form, the reduced wide deep inverse prior."""

from __future__ import annotations

import itertools

import numpy as np
import torch

from priorbench import Observation
from priorbench_two_layer.circulant import separable
from priorbench_two_layer.convolution import GramConvolution
from priorbench_two_layer.denoisers import TwoLayer, TwoLayerLinear
from priorbench_two_layer.dual_kernel import dual_kernel
from priorbench_two_layer.linearised import residual
from priorbench_two_layer.wide_dip import full, reduced
from priorbench_two_layer.wide_dip.activation import SIGMOID
from priorbench_two_layer.wide_dip.problem import draw, draw_reduced


def _observation(*shape: int) -> Observation:
    image = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    return Observation(image=image, noise=None, device=torch.device("cpu"))


class Convolution:
    """U U^T on many fields: banded sums against FFT. The automatic choice should be the lower of the two."""

    params = ([(300,), (96, 96), (288, 288)], [3, 8, 15], ["automatic", "banded", "fft"])
    param_names = ("shape", "width", "way")

    def setup(self, shape: tuple[int, ...], width: int, way: str) -> None:
        """Make about a million values."""
        circulant = separable("triangle", shape, width)
        banded = {"automatic": None, "banded": True, "fft": False}[way]
        self.convolution = GramConvolution(circulant, dtype=torch.float32, banded=banded)
        self.fields = torch.randn((2**20 // circulant.n, *shape), generator=torch.Generator().manual_seed(0))

    def time_convolution(self, shape: tuple[int, ...], width: int, way: str) -> None:
        """All fields once."""
        self.convolution(self.fields)


class Denoisers:
    """The fits behind the leaderboard."""

    def setup(self) -> None:
        """Draw images."""
        self.small, self.large = _observation(3, 64, 64), _observation(3, 512, 512)

    def time_two_layer_step(self) -> None:
        """Start and two steps, colour 64 x 64."""
        next(itertools.islice(TwoLayer().iterate(self.small), 1, None))

    def time_linear_at_its_budget(self) -> None:
        """Colour 512 x 512, the default budget."""
        self._linear(12)

    def time_linear_after_1000_iterations(self) -> None:
        """The same with 999 iterates that nobody looks at."""
        self._linear(1000)

    def _linear(self, tau: int) -> None:
        next(itertools.islice(TwoLayerLinear().iterate(self.large), tau - 1, None)).estimate()


class Theory:
    """Trajectories and fits of the instruments."""

    def setup(self) -> None:
        """Draw problems; compile."""
        circulant = separable("triangle", (512,), 15)
        self.sigma, self.eta = dual_kernel(circulant), circulant.step_size
        self.y = np.random.default_rng(0).standard_normal(512)
        self.tau = np.unique(np.geomspace(1, 25_000, 200).astype(int))
        sizes = {"m": 10, "n": 500, "k": 500}
        self.batch = draw_reduced(50, rng=np.random.default_rng(0), **sizes)
        self.descending = full.descend(draw(d=500, rng=np.random.default_rng(0), **sizes), SIGMOID)
        self._fit(1)

    def time_200_points_of_a_trajectory(self) -> None:
        """n = 512, up to 25,000 iterations."""
        residual(self.sigma, self.eta, self.tau, self.y)

    def time_wide_dip_reduced(self) -> None:
        """100 steps of 50 runs, m = 10, n = k = 500."""
        self._fit(100)

    def time_wide_dip_full(self) -> None:
        """10 steps of one run with W in R^(k x d), d = 500."""
        for _ in range(10):
            next(self.descending)

    def _fit(self, steps: int) -> None:
        reduced.fit(self.batch, SIGMOID, reduced.Descent(steps=steps, tolerance=0.0, check_every=0))
