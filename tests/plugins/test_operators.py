"""The shipped operators, against dot products, convolutions of torch, and closed forms."""

from __future__ import annotations

import itertools
import math
import os

import numpy as np
import pytest
import torch
from inverse_problems import first_image, problem
from PIL import Image as Picture
from torch.nn import functional

from priorbench.contract.operators import Identity
from priorbench.errors import PriorbenchError
from priorbench.loading.load import load_registry
from priorbench.protocol.least_squares import least_squares, pseudo_inverse
from priorbench_operators.dense_gaussian import LARGEST, DenseGaussianModel
from priorbench_operators.downsample import DownsampleModel, lanczos_taps
from priorbench_operators.mask import MaskModel
from priorbench_two_layer.wide_dip.solver import WideDeepInversePrior

CASES = [
    (MaskModel(keep=0.3), (3, 17, 20)),
    (DownsampleModel(factor=2), (3, 17, 20)),
    (DownsampleModel(factor=4), (3, 32, 20)),
    (DownsampleModel(factor=8, lobes=3), (1, 33, 41)),
    (DownsampleModel(factor=4), (1, 1, 64)),
    (DenseGaussianModel(ratio=0.25), (3, 8, 9)),
    (DenseGaussianModel(ratio=1.5), (1, 1, 32)),
]


def drawn(model, shape, seed=0):
    return model.draw(shape, np.random.default_rng(seed))


def randn(*shape, seed=1, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize(("model", "shape"), CASES)
def test_the_adjoint_is_the_adjoint(model, shape):
    """<A x, y> = <x, A* y>, and automatic differentiation finds the same A* y."""
    operator = drawn(model, shape)
    x = randn(*shape).requires_grad_()
    y = randn(*operator.A(x).shape, seed=2)
    scale = float((operator.A(x).norm() * y.norm()).detach())
    product = (operator.A(x) * y).sum()
    assert abs(float((product - (x * operator.A_adjoint(y)).sum()).detach())) < 1e-12 * scale
    [gradient] = torch.autograd.grad(product, x)
    assert torch.allclose(gradient, operator.A_adjoint(y), rtol=1e-12, atol=1e-12)
    assert operator.A_adjoint(y).shape == shape


@pytest.mark.parametrize(("model", "shape"), CASES)
def test_single_precision_in_single_precision_out(model, shape):
    operator = drawn(model, shape)
    x = randn(*shape)
    single = operator.A(x.float())
    assert single.dtype == torch.float32
    assert operator.A_adjoint(single).dtype == torch.float32
    assert torch.allclose(single.double(), operator.A(x), atol=1e-5)
    assert operator.A(x).dtype == torch.float64  # the copy for one precision does not replace the other


@pytest.mark.parametrize(("model", "shape"), CASES)
def test_least_squares_are_the_pseudo_inverse(model, shape):
    """Against the singular value decomposition of the matrix that A is."""
    operator = drawn(model, shape)
    n = math.prod(shape)
    columns = [operator.A(row.reshape(shape)).reshape(-1) for row in torch.eye(n, dtype=torch.float64)]
    y = randn(*operator.A(torch.zeros(shape, dtype=torch.float64)).shape)
    expected = torch.linalg.pinv(torch.stack(columns, dim=1)) @ y.reshape(-1)
    for solution in (
        pseudo_inverse(operator, y, iterations=2000, tolerance=1e-12),
        least_squares(operator, y, iterations=2000, tolerance=1e-12),
    ):
        assert torch.allclose(solution.reshape(-1), expected, atol=1e-7)


def test_least_squares_of_nothing_and_of_denoising():
    zero = torch.zeros(1, 3, 4, dtype=torch.float64)
    assert torch.equal(least_squares(Identity(), zero), zero)
    y = randn(1, 3, 4)
    assert torch.equal(least_squares(Identity(), y), y)
    assert pseudo_inverse(Identity(), y) is y


@pytest.mark.parametrize(("factor", "lobes"), [(2, 2), (4, 2), (4, 3), (8, 2)])
def test_downsampling_is_the_published_convolution(factor, lobes):
    """The 2-D kernel is made as the code of Deep Image Prior makes it, loop by loop; torch convolves."""
    width = 2 * lobes * factor + 1
    kernel = np.zeros((width - 1, width - 1))
    centre = (width + 1) / 2.0
    for i in range(1, width):
        for j in range(1, width):
            value = 1.0
            for d in (abs(i + 0.5 - centre) / factor, abs(j + 0.5 - centre) / factor):
                value *= lobes * np.sin(np.pi * d) * np.sin(np.pi * d / lobes) / (np.pi * d) ** 2
            kernel[i - 1, j - 1] = value
    weight = torch.from_numpy(kernel / kernel.sum())[None, None]
    x = randn(3, 5 * factor, 7 * factor)
    padding = (width - 1 - factor) // 2
    padded = functional.pad(x[:, None], (padding,) * 4, mode="replicate")
    expected = functional.conv2d(padded, weight, stride=factor)[:, 0]
    operator = drawn(DownsampleModel(factor=factor, lobes=lobes), tuple(x.shape))
    assert torch.allclose(operator.A(x), expected, atol=1e-14)


def test_downsampling_keeps_constants_and_centres():
    operator = drawn(DownsampleModel(factor=4), (1, 64, 64))
    assert torch.allclose(
        operator.A(torch.full((1, 64, 64), 0.3, dtype=torch.float64)), torch.tensor(0.3).double()
    )
    ramp = torch.arange(64, dtype=torch.float64).expand(1, 64, 64)
    inner = operator.A(ramp)[0, 0, 2:-2]
    assert torch.allclose(inner, torch.arange(16.0, dtype=torch.float64)[2:-2] * 4 + 1.5)
    assert lanczos_taps(4, 2).sum() == pytest.approx(1, abs=1e-15)


def test_an_axis_of_one_pixel_stays_and_a_short_one_is_refused():
    assert drawn(DownsampleModel(factor=4), (1, 1, 64)).A(torch.zeros(1, 1, 64)).shape == (1, 1, 16)
    with pytest.raises(PriorbenchError, match="3 pixels are too few for the factor 4"):
        drawn(DownsampleModel(factor=4), (1, 3, 64))


def test_masks_have_their_share_and_are_nested():
    few, many = (drawn(MaskModel(keep=keep), (3, 100, 100)).measured for keep in (0.3, 0.6))
    assert few.shape == (1, 100, 100)  # a pixel is seen with all its channels
    assert float(few.float().mean()) == pytest.approx(0.3, abs=0.02)
    assert float(many.float().mean()) == pytest.approx(0.6, abs=0.02)
    assert bool((many | ~few).all())
    assert int(drawn(MaskModel(keep=1e-9), (1, 5, 5)).measured.sum()) == 1


def test_a_mask_from_a_file(tmp_path):
    pattern = np.zeros((5, 7), np.uint8)
    pattern[1, 2] = 255
    file = tmp_path / "hole.png"
    Picture.fromarray(pattern).save(file)
    model = MaskModel(file=str(file))
    measured = drawn(model, (3, 5, 7)).measured
    assert measured.nonzero().tolist() == [[0, 1, 2]]
    with pytest.raises(PriorbenchError, match=r"hole.png is 5 x 7 .*the image 6 x 7"):
        drawn(model, (3, 6, 7))
    Picture.fromarray(255 - pattern).save(file)
    with pytest.raises(PriorbenchError, match="changed since the run began"):
        drawn(model, (3, 5, 7))
    Picture.fromarray(0 * pattern).save(file)
    with pytest.raises(PriorbenchError, match="no pixel would be seen"):
        drawn(MaskModel(file=str(file)), (3, 5, 7))
    with pytest.raises(ValueError, match=r"none.png cannot be read: no such file"):
        MaskModel(file=str(tmp_path / "none.png"))


def test_a_mask_that_has_no_end_is_not_read_for_its_digest(tmp_path):
    """A suite of a stranger may name any file."""
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ValueError, match="not a regular file but a named pipe"):
        MaskModel(file=str(tmp_path / "pipe.png"))
    with pytest.raises(ValueError, match="not a regular file but a device"):
        MaskModel(file="/dev/zero")
    (tmp_path / "holes.png").touch()
    os.truncate(tmp_path / "holes.png", 10**12)
    with pytest.raises(ValueError, match="has 1000000 MB: give a picture"):
        MaskModel(file=str(tmp_path / "holes.png"))


def test_the_gaussian_matrix_keeps_lengths_and_is_nested():
    x = randn(1, 30, 30)
    operator = drawn(DenseGaussianModel(ratio=0.5), (1, 30, 30))
    assert operator.A(x).shape == (1, 1, 450)
    # ||A x||^2 / ||x||^2 has mean 1 and variance 2/m
    assert float(operator.A(x).norm() / x.norm()) ** 2 == pytest.approx(1, abs=4 * math.sqrt(2 / 450))
    more = drawn(DenseGaussianModel(ratio=1), (1, 30, 30)).A(x)[..., :450] * math.sqrt(2)
    assert torch.allclose(more, operator.A(x))


def test_the_entries_of_the_gaussian_matrix_may_have_any_scale():
    """`std` scales one matrix: the problem of Buskulic et al. 2023 has N(0, 1). Seeds do not see it."""
    x, shape = randn(1, 10, 10), (1, 10, 10)
    usual = drawn(DenseGaussianModel(ratio=0.5), shape).A(x)
    standard = drawn(DenseGaussianModel(ratio=0.5, std=1.0), shape).A(x)
    assert torch.allclose(standard, usual * math.sqrt(50), rtol=1e-14)
    by_hand = np.random.default_rng(0).standard_normal((50, 100)) @ x.numpy().ravel()
    np.testing.assert_allclose(standard.numpy().ravel(), by_hand, rtol=1e-12)
    registry = load_registry()
    image = first_image(registry)
    narrow, wide = (
        problem(registry, image, f"dense-gaussian:ratio=0.1{more}", noise="gaussian:sigma=0/1").problem
        for more in ("", ",std=1")
    )
    m = narrow.noisy.size
    np.testing.assert_allclose(wide.noisy, narrow.noisy * math.sqrt(m), rtol=1e-5, atol=1e-6)


def test_the_problem_of_buskulic_2023_is_an_operator_and_a_method():
    """m = 10, n = 48, entries N(0, 1), no noise, step 1, k = 20 m: ||A g - y||^2 / (2 m) reaches 1e-7."""
    registry = load_registry()
    image = first_image(registry, "photos:crop=4,limit=1")
    noise = "gaussian:sigma=0/1"
    seen = problem(registry, image, "dense-gaussian:ratio=0.21,std=1", noise=noise).problem.present()
    assert seen.image.numel() == 10
    iterates = WideDeepInversePrior(k=200, eta=1.0).iterate(seen)
    losses = [float(iterate.loss) / 2 for iterate in itertools.islice(iterates, 4000)]
    assert min(losses) < 1e-7 < losses[10]


def test_too_large_a_matrix_is_refused_before_it_is_made():
    with pytest.raises(PriorbenchError, match=r"196608 x 786432 takes 1179648 MiB, more than the 256 MiB"):
        drawn(DenseGaussianModel(ratio=0.25), (3, 512, 512))
    assert LARGEST == 2**28
