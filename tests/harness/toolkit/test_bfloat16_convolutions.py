"""Convolutions of rounded factors against torch's own in double precision, of factors that are rounded."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from priorbench.toolkit import bfloat16
from priorbench.toolkit.bfloat16 import convolve_rounded, convolver

#: name -> kernel, stride, padding, inputs, outputs, height, width
CASES = {
    "3x3, reflection": (3, 1, "reflect", 5, 12, 9, 7),
    "3x3, zeros": (3, 1, "zeros", 6, 10, 6, 6),
    "halving, reflection": (3, 2, "reflect", 5, 12, 8, 10),
    "halving, odd size": (5, 2, "zeros", 3, 9, 11, 9),
    "by three": (3, 3, "zeros", 4, 9, 10, 11),
    "1x1": (1, 1, "zeros", 6, 9, 4, 5),
    "1x1, every second": (1, 2, "zeros", 4, 9, 6, 7),
}


@pytest.fixture(autouse=True)
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute products of rounded numbers on a CPU: float32 has each of them exactly."""

    def times(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        assert a.dtype == b.dtype == torch.bfloat16
        return a.float() @ b.float()

    monkeypatch.setattr(bfloat16, "times", times)


def layer(name: str, seed: int = 0) -> tuple[nn.Conv2d, torch.Tensor]:
    """Return a convolution and an input."""
    kernel, stride, padding, inputs, outputs, height, width = CASES[name]
    torch.manual_seed(seed)
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, padding_mode=padding)
    return conv, torch.randn(1, inputs, height, width)


def rounded(x: torch.Tensor) -> torch.Tensor:
    return x.detach().bfloat16().double()


@pytest.mark.parametrize("band", [1, 200, 1 << 26])
@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_are_those_of_rounded_factors(name, band, monkeypatch):
    monkeypatch.setattr(bfloat16, "_BAND", band)
    conv, x = layer(name)
    reference, exact_x = layer(name)[0].double(), rounded(x).requires_grad_()
    reference.weight.data = rounded(conv.weight)
    y, exact_y = convolve_rounded(x.requires_grad_(), conv), reference(exact_x)
    assert y.dtype == torch.float32
    torch.testing.assert_close(y.double(), exact_y, rtol=1e-5, atol=1e-6)
    d = torch.randn(y.shape)
    y.backward(d)
    exact_y.backward(rounded(d))
    torch.testing.assert_close(x.grad.double(), exact_x.grad, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(conv.weight.grad.double(), reference.weight.grad, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(conv.bias.grad, d.sum((0, 2, 3)))  # a bias is no factor


@pytest.mark.parametrize("name", CASES)
def test_several_at_once_are_those_one_by_one(name):
    layers = [layer(name, seed) for seed in range(3)]
    weights = torch.stack([conv.weight.detach() for conv, _ in layers]).requires_grad_()
    inputs = torch.stack([x for _, x in layers]).requires_grad_()

    def one(weight: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(Rounded(layers[0][0]), {"conv.weight": weight}, (x,))

    together = torch.vmap(one)(weights, inputs)
    d = torch.randn(together.shape)
    together.backward(d)
    for n, (conv, x) in enumerate(layers):
        conv.bias.data = layers[0][0].bias.data
        y = convolve_rounded(x.requires_grad_(), conv)
        y.backward(d[n])
        torch.testing.assert_close(together[n], y)
        torch.testing.assert_close(inputs.grad[n], x.grad)
        torch.testing.assert_close(weights.grad[n], conv.weight.grad)


def test_an_input_that_all_share_is_taken_as_often():
    conv, x = layer("3x3, reflection")
    weights = torch.stack([conv.weight.detach(), 2 * conv.weight.detach()])
    two = torch.vmap(lambda weight: bfloat16._convolution(x, weight, 1))(weights)
    torch.testing.assert_close(two[1], 2 * two[0])


class Rounded(nn.Module):
    """A convolution as a network has it."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return convolve_rounded(x, self.conv)


@pytest.mark.parametrize("activation", [functional.relu_, functional.leaky_relu_], ids=["relu", "leaky"])
def test_an_activation_in_place_before_a_normalisation_has_the_right_gradient(activation):
    """Some views would make torch give a wrong one."""
    found = []
    for in_place in (True, False):
        conv, x = layer("3x3, reflection")
        y = convolve_rounded(x, conv)
        y = activation(y if in_place else y.clone())
        (functional.batch_norm(y, None, None, training=True) ** 3).sum().backward()
        found.append(conv.weight.grad)
    torch.testing.assert_close(*found)


def test_few_channels_are_not_rounded_and_nothing_is_in_float32():
    conv = nn.Conv2d(4, 8, 1)
    x = torch.randn(1, 4, 5, 5)
    for outputs, precision in ((8, "bfloat16"), (9, "float32")):
        assert torch.equal(convolver(outputs, precision)(x, conv), conv(x))
    assert convolver(9, "bfloat16") is convolve_rounded
