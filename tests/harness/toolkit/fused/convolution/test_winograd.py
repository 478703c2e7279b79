"""Winograd's convolution against torch's, and the matrices against the polynomials that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from priorbench.toolkit.fused.layers import Planes

winograd = pytest.importorskip("priorbench.toolkit.fused.convolution.winograd")


def test_the_matrices_convolve_four_numbers_out_of_six():
    """y_i = sum over j of x_(i+j) w_j, for every pair of unit vectors."""
    a, g, b = winograd.matrices()
    for i in range(6):
        for j in range(3):
            y = a @ ((g @ np.eye(3)[j]) * (b @ np.eye(6)[i]))
            np.testing.assert_allclose(y, np.eye(7)[i - j + 1, 1:5] if -1 <= i - j <= 4 else 0, atol=1e-13)


def three(conv: nn.Conv2d, x: torch.Tensor, d: torch.Tensor) -> list[torch.Tensor]:
    """Return output, dx and the gradient of the weight, by torch."""
    x = x.clone().requires_grad_()
    conv.zero_grad()
    y = conv(x)
    y.backward(d)
    return [y.detach(), x.grad, conv.weight.grad]


def ours(conv: nn.Conv2d, x: torch.Tensor, d: torch.Tensor) -> list[torch.Tensor]:
    layer = winograd.Winograd(winograd.TorchTeam(), conv, *x.shape[2:])
    y = layer.forward(Planes.of(x.clone())).image.clone()
    dx, weight = layer.backward(Planes.of(d.clone()))
    return [y, dx.image, weight]


@pytest.mark.parametrize("size", [(8, 8), (7, 13), (1, 2), (4, 21)], ids=str)
@pytest.mark.parametrize("threads", [1, 3])
def test_output_and_gradients_are_the_convolutions(size, threads):
    before = torch.get_num_threads()
    torch.manual_seed(0)
    conv = nn.Conv2d(3, 5, 3, padding=1, bias=False, dtype=torch.float64)
    x = torch.randn(1, 3, *size, dtype=torch.float64)
    d = torch.randn(1, 5, *size, dtype=torch.float64)
    try:
        torch.set_num_threads(threads)
        for got, wanted in zip(ours(conv, x, d), three(conv, x, d), strict=True):
            torch.testing.assert_close(got, wanted, rtol=1e-12, atol=1e-12)
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("positive", [False, True])
def test_single_precision_loses_little(positive):
    """The plain convolution is off by 2e-7; test_fused_networks compares the gradients of networks."""
    torch.manual_seed(1)
    conv = nn.Conv2d(128, 128, 3, padding=1, bias=False)
    x, d = torch.randn(1, 128, 40, 36), torch.randn(1, 128, 40, 36)
    if positive:
        x = x.abs()
    found = ours(conv, x, d)
    exact = three(conv.double(), x.double(), d.double())
    for got, wanted in zip(found, exact, strict=True):
        assert (got - wanted).norm() < 2e-6 * wanted.norm()


@pytest.mark.parametrize("size", [(9, 10), (32, 36)], ids=["too small for the products", "large enough"])
def test_the_output_takes_the_place_of_an_input_of_its_size(size):
    """And products take that of an image which is not needed meanwhile."""
    torch.manual_seed(2)
    conv = nn.Conv2d(4, 4, 3, padding=1, bias=False, dtype=torch.float64)
    x, d = (torch.randn(1, 4, *size, dtype=torch.float64) for _ in range(2))
    wanted = three(conv, x, d)
    layer, planes = winograd.Winograd(winograd.TorchTeam(), conv, *size), Planes.of(x)
    y = layer.forward(planes, spare=Planes.of(torch.randn(1, 4, *size, dtype=torch.float64)))
    assert y is planes
    torch.testing.assert_close(y.image, wanted[0], rtol=1e-12, atol=1e-12)
    dx, weight = layer.backward(Planes.of(d))
    assert dx is planes
    torch.testing.assert_close(dx.image, wanted[1], rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(weight, wanted[2], rtol=1e-12, atol=1e-12)
    assert (layer._own is None) == (size == (32, 36))
