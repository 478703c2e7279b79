"""Convolutions by tiles against torch's, and their matrices against the sums that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from priorbench.toolkit.fused.layers import Planes
from priorbench.toolkit.fused.team import TorchTeam

algorithms = pytest.importorskip("priorbench.toolkit.fused.convolution.tiles.algorithms")
tiled = pytest.importorskip("priorbench.toolkit.fused.convolution.tiles.layer")

KINDS = {"same": algorithms.SAME, "doubled": algorithms.DOUBLED}


def sums(kind: int, x: np.ndarray, w: np.ndarray) -> list[float]:
    """Return what a tile of a kind is, for its inputs."""
    if kind == algorithms.SAME:
        return [x[i : i + 3] @ w for i in range(4)]
    between = [w[0] * x[i] + w[2] * x[i + 1] for i in (0, 1)]
    return [between[0], w[1] * x[1], between[1], w[1] * x[2]]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_matrices_are_the_sums(kind):
    algorithm = algorithms.ALGORITHMS[kind]
    random = np.random.default_rng(0)
    x, w = random.standard_normal(algorithm.b.shape[1]), random.standard_normal(3)
    found = algorithm.a @ ((algorithm.g @ w) * (algorithm.b @ x))
    np.testing.assert_allclose(found, sums(kind, x, w), atol=1e-13)


class Case:
    """A convolution of all channels but the first two, and an image."""

    def __init__(
        self, kind: int, size: tuple[int, int], mode: str, dtype: torch.dtype, *, channels: int = 3
    ) -> None:
        torch.manual_seed(0)
        given = channels + 2, channels + 1, 3
        self.conv = nn.Conv2d(*given, padding=1, bias=False, dtype=dtype, padding_mode=mode)
        self.kind, self.x = kind, torch.randn(1, channels, *size, dtype=dtype)
        self.d = torch.randn_like(self.output(self.x))

    def output(self, x: torch.Tensor) -> torch.Tensor:
        if self.kind == algorithms.DOUBLED:
            x = nn.functional.interpolate(x, scale_factor=2, mode="bilinear")
        return self.conv(torch.cat([x[:, :1] * 0, x[:, :1] * 0, x], 1))

    def by_torch(self) -> list[torch.Tensor]:
        """Return output, dx and the gradient of the weight."""
        x = self.x.clone().requires_grad_()
        self.conv.zero_grad()
        y = self.output(x)
        y.backward(self.d)
        return [y.detach(), x.grad, self.conv.weight.grad[:, 2:]]

    def by_tiles(self) -> list[torch.Tensor]:
        dtype, (height, width) = self.x.dtype, self.x.shape[2:]
        layer = tiled.Tiled(TorchTeam(), self.conv, kind=self.kind, height=height, width=width, first=2)
        y = Planes.empty(self.d.shape[1], *self.d.shape[2:], dtype)
        x, dx = (Planes.empty(self.x.shape[1], height, width, dtype) for _ in range(2))
        x.image.copy_(self.x)
        y.flat.zero_()
        layer.forward(x, y)
        gradient = layer.backward(Planes.of(self.d.clone()), dx)
        return [y.image, dx.image, gradient[:, 2:]]


@pytest.mark.parametrize("mode", ["reflect", "zeros"])
@pytest.mark.parametrize("size", [(8, 8), (12, 20), (70, 66)], ids=str)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_output_and_gradients_are_the_convolutions(kind, size, mode):
    case = Case(kind, size, mode, torch.float64)
    for got, wanted in zip(case.by_tiles(), case.by_torch(), strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size", [(1, 2), (2, 2), (4, 21), (7, 13), (65, 3)], ids=str)
def test_an_image_may_be_smaller_than_a_tile_and_of_any_size(size):
    case = Case(algorithms.SAME, size, "zeros", torch.float64)
    for got, wanted in zip(case.by_tiles(), case.by_torch(), strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("positive", [False, True])
def test_single_precision_loses_little(positive):
    """The plain convolution is off by 2e-7; test_fused_networks compares the gradients of networks."""
    case = Case(algorithms.SAME, (40, 36), "zeros", torch.float32, channels=128)
    if positive:
        case.x = case.x.abs()
    found = case.by_tiles()
    case.conv, case.x, case.d = case.conv.double(), case.x.double(), case.d.double()
    for got, wanted in zip(found, case.by_torch(), strict=True):
        assert (got - wanted).norm() < 2e-6 * wanted.norm()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_bits_do_not_depend_on_threads(kind):
    case, before, found = Case(kind, (70, 66), "reflect", torch.float64), torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append(case.by_tiles())
    finally:
        torch.set_num_threads(before)
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            assert torch.equal(one, two)
