"""Layers in bfloat16 of compiled code against torch's, in double precision, of rounded factors."""

from __future__ import annotations

import pytest
import torch
from kernels import alone
from torch import nn
from torch.nn import functional

vectors = pytest.importorskip("priorbench.toolkit.fused.vectors")

convolving = pytest.importorskip("priorbench.toolkit.fused.bfloat16.convolving")
mixing = pytest.importorskip("priorbench.toolkit.fused.bfloat16.mixing")
layers = pytest.importorskip("priorbench.toolkit.fused.layers")
team = pytest.importorskip("priorbench.toolkit.fused.team")

pytestmark = pytest.mark.skipif(
    "+avx512bf16" not in vectors.FEATURES, reason="the processor has no AVX512-BF16"
)
#: kernel, stride, padding, inputs, outputs, height, width
CONVOLUTIONS = [
    (3, 1, "reflect", 20, 37, 24, 32),
    (3, 1, "zeros", 21, 16, 9, 50),
    (3, 1, "reflect", 4, 33, 40, 24),  # thin
    (3, 2, "reflect", 19, 12, 32, 48),
    (3, 2, "zeros", 16, 40, 10, 6),
    (5, 1, "reflect", 9, 9, 7, 11),
    (5, 2, "reflect", 6, 11, 8, 6),
    (1, 2, "zeros", 7, 9, 6, 8),
    (3, 1, "reflect", 130, 10, 2, 2),
]


@pytest.fixture(scope="module", autouse=True)
def compiled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have the kernels on disk, whichever of the test processes compiles them."""
    with alone(tmp_path_factory, "bfloat16 layers"):
        for case in (CONVOLUTIONS[0], CONVOLUTIONS[2]):
            convolved(*case)
        mixed(9, 9, 2, 2)
        lifted("bilinear", "reflect", 9, 9, (2, 2))


def rounded(x: torch.Tensor) -> torch.Tensor:
    return x.detach().bfloat16().double()


def planes(image: torch.Tensor, gap: float = float("nan")) -> layers.Planes:
    """Return an image whose channels lie apart, with something between them that does not count."""
    _, channels, height, width = image.shape
    made = layers.Planes.empty(channels, height, width, torch.float32)
    made.data.fill_(gap)
    made.image.copy_(image)
    return made


def near(ours: torch.Tensor, exact: torch.Tensor, within: float = 2e-6) -> None:
    assert float((ours.double() - exact).norm()) <= within * float(exact.norm())


def exact_gradients(
    conv: nn.Conv2d, x: torch.Tensor, seed: int = 1
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return y, a gradient dy, and from that, rounded, those of the input and the weight."""
    exact = nn.Conv2d(
        conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding, bias=False,
        padding_mode=conv.padding_mode, dtype=torch.float64,
    )  # fmt: skip
    exact.weight.data = rounded(conv.weight)
    given = rounded(x).requires_grad_()
    y = exact(given)
    dy = torch.randn(y.shape, generator=torch.Generator().manual_seed(seed))
    y.backward(rounded(dy))
    return y.detach(), dy, given.grad, exact.weight.grad


def convolved(kernel, stride, padding, inputs, outputs, height, width):
    torch.manual_seed(0)
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, padding_mode=padding)
    x = torch.randn(1, inputs, height, width)
    y, dy, to_x, to_weight = exact_gradients(conv, x)
    ours = convolving.RoundedConvolve(team.TorchTeam(), conv, height, width)
    out, dx = planes(y), planes(x)
    ours.forward(planes(x, 0.0), out)
    gradient = ours.backward(planes(dy, 0.0), dx)
    return (out.image, y), (dx.image, to_x), (gradient, to_weight)


@pytest.mark.parametrize("case", CONVOLUTIONS, ids=str)
def test_a_convolution_is_that_of_rounded_factors(case):
    for ours, exact in convolved(*case):
        near(ours, exact)


def test_some_of_the_channels_are_those_of_the_whole():
    torch.manual_seed(0)
    conv = nn.Conv2d(30, 12, 3, padding=1, padding_mode="reflect")
    x, y = torch.randn(1, 4, 8, 8), planes(torch.zeros(1, 12, 8, 8))
    convolving.RoundedConvolve(team.TorchTeam(), conv, 8, 8, 4).forward(planes(x, 0.0), y)
    padded = functional.pad(rounded(x), (1,) * 4, mode="reflect")
    near(y.image, functional.conv2d(padded, rounded(conv.weight)[:, :4]))


def mixed(inputs, outputs, height, width):
    torch.manual_seed(0)
    conv = nn.Conv2d(inputs, outputs, 1)
    x = torch.randn(1, inputs, height, width)
    y, dy, to_x, to_weight = exact_gradients(conv, x)
    ours, out, dx = mixing.RoundedMix(team.TorchTeam(), conv), planes(y), planes(x)
    ours.forward(planes(x), out)
    gradient = ours.backward(planes(dy), dx)
    return (out.image, y), (dx.image, to_x), (gradient, to_weight)


@pytest.mark.parametrize("case", [(20, 37, 24, 50), (37, 9, 1, 3), (128, 64, 33, 33)], ids=str)
def test_a_mixing_is_that_of_rounded_factors(case):
    for ours, exact in mixed(*case):
        near(ours, exact)


def lifted(mode, padding, inputs, outputs, coarse, first=0):
    torch.manual_seed(0)
    conv = nn.Conv2d(first + inputs, outputs, 3, padding=1, padding_mode=padding)
    fine = tuple(2 * side for side in coarse)
    ours = mixing.RoundedLift(team.TorchTeam(), conv, first=first, coarse=coarse, fine=fine, mode=mode)
    x, dy = torch.randn(1, inputs, *coarse), torch.randn(1, outputs, *fine)
    y = planes(torch.zeros(1, outputs, *fine))
    ours.forward(planes(x), y)
    gradient = ours.backward(planes(dy))
    return (y.image, ours.dx.image, gradient[:, first:] if first else gradient), described(
        mode, padding, conv.weight[:, first:], x, dy
    )


def described(mode, padding, weight, x, dy):
    """Return the same: a product on the coarse image, then each tap's share of it, upsampled and shifted."""
    outputs = len(weight)
    matrix = rounded(weight).permute(0, 2, 3, 1).flatten(0, 2)
    products = (matrix @ rounded(x)[0].flatten(1)).view(1, -1, *x.shape[2:]).requires_grad_()
    up = functional.interpolate(products, scale_factor=2, mode=mode)
    up = functional.pad(up, (1,) * 4, mode="reflect" if padding == "reflect" else "constant")
    shifts = torch.eye(9, dtype=torch.float64).view(1, 9, 3, 3).expand(outputs, 9, 3, 3)
    y = functional.conv2d(up, shifts, groups=outputs)
    y.backward(dy.double())
    d = rounded(products.grad)[0].flatten(1)
    gradient = (d @ rounded(x)[0].flatten(1).mT).view(outputs, 3, 3, -1).permute(0, 3, 1, 2)
    return y.detach(), (matrix.mT @ d).view_as(x), gradient


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("padding", ["reflect", "zeros"])
@pytest.mark.parametrize("coarse", [(8, 16), (5, 7)], ids=str)
def test_a_convolution_of_an_upsampled_image_rounds_the_coarse_one(mode, padding, coarse):
    ours, exact = lifted(mode, padding, 21, 13, coarse)
    near(ours[0], exact[0])
    for found, right in zip(ours[1:], exact[1:], strict=True):
        near(found, right, 3e-4)  # few numbers are rounded to the other side


def test_groups_of_output_channels_are_those_of_all(monkeypatch):
    whole, _ = lifted("bilinear", "reflect", 21, 30, (8, 8))
    monkeypatch.setattr("priorbench.toolkit.fused.convolution.lift._GROUP", 9 * 8 * 64)
    grouped, _ = lifted("bilinear", "reflect", 21, 30, (8, 8))
    assert torch.equal(grouped[0], whole[0])
    assert torch.equal(grouped[2], whole[2])
    near(grouped[1], whole[1].double())  # groups are added one after the other
