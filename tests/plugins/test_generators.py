"""The generators of Figs. 4 and 8: parameters, functions, any size, and the published speed of fits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d
from torch import nn

from priorbench import Observation
from priorbench.toolkit.sizes import Frame
from priorbench.toolkit.together import fit_stacked
from priorbench_generators.model import Generator
from priorbench_generators.network import FixedKernel

CPU = torch.device("cpu")
KINDS = ("fixed-kernel", "trainable-3x3", "deconvolution")
#: published trainable parameters, for the three sizes of the figure
PUBLISHED = {
    "fixed-kernel": {128: 66_688, 256: 264_448, 512: 1_053_184},
    "trainable-3x3": {42: 79_842, 85: 326_060, 170: 1_302_370},
    "deconvolution": {42: 84_966, 85: 347_395, 170: 1_388_390},
}


def begun(shape: tuple[int, int, int] = (1, 256, 256), seed: int = 0, **how: object):
    image = torch.rand(shape, generator=torch.Generator().manual_seed(seed))
    return Generator(**how).untrained.begin(Observation(image=image, noise=None, device=CPU, seed=seed))


@pytest.mark.parametrize(("kind", "k"), [(kind, k) for kind in KINDS for k in PUBLISHED[kind]])
def test_as_many_parameters_as_published(kind, k):
    start = begun(architecture=kind, channels=k)
    trained = sum(p.numel() for p in start.network.parameters() if p.requires_grad)
    assert trained == PUBLISHED[kind][k]
    side = 32 if kind == "deconvolution" else 256
    assert start.net_input.shape == (1, k, side, side)
    assert float(start.net_input.min()) >= 0 and float(start.net_input.max()) <= 0.1


def test_the_fixed_kernel_is_the_published_one():
    """The 4x4 kernel of sum 4; a mirrored pixel at the top and left, zeros around that."""
    x = np.random.default_rng(0).random((3, 7, 5))
    ours = FixedKernel(3)(torch.tensor(x, dtype=torch.float32)[None])[0].numpy()
    kernel = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 16
    assert kernel.sum() == 4
    mirrored = np.pad(x, ((0, 0), (1, 0), (1, 0)), mode="reflect")
    framed = np.pad(mirrored, ((0, 0), (1, 1), (1, 1)))
    expected = [convolve2d(plane, kernel, mode="valid") for plane in framed]
    np.testing.assert_allclose(ours, expected, rtol=1e-5)


def described(kind: str, weights: list[torch.Tensor], z: torch.Tensor) -> torch.Tensor:
    """Compute a generator from its description, (1, k, h, w) in double precision, without its modules."""
    parameters = iter(weights)
    for _ in range({"fixed-kernel": 4, "trainable-3x3": 5, "deconvolution": 3}[kind]):
        C = next(parameters)
        if kind == "fixed-kernel":
            line = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=z.dtype)
            padded = nn.functional.pad(nn.functional.pad(z, (1, 0, 1, 0), mode="reflect"), (1, 1, 1, 1))
            rows = sum(line[i] * padded[:, :, i : i + z.shape[2]] for i in range(4))
            blurred = sum(line[j] * rows[:, :, :, j : j + z.shape[3]] for j in range(4)) / 16
            z = torch.einsum("oi,nihw->nohw", C[:, :, 0, 0], blurred)
        elif kind == "trainable-3x3":
            padded = nn.functional.pad(z, (1, 1, 1, 1), mode="reflect")
            windows = padded.unfold(2, 3, 1).unfold(3, 3, 1)
            z = torch.einsum("oiab,nihwab->nohw", C, windows)
        else:
            n, k, h, w = z.shape
            fine = z.new_zeros(n, k, 2 * h + 2, 2 * w + 2)
            for a, b in itertools.product(range(4), repeat=2):
                spread = torch.einsum("io,nihw->nohw", C[:, :, a, b], z)
                fine[:, :, a : a + 2 * h : 2, b : b + 2 * w : 2] += spread
            z = fine[:, :, 1:-1, 1:-1]
        z = z.clamp(min=0)
        mean, var = z.mean((0, 2, 3)), z.var((0, 2, 3), unbiased=False)
        normal = (z - mean[:, None, None]) / (var[:, None, None] + 1e-5).sqrt()
        z = normal * next(parameters)[:, None, None] + next(parameters)[:, None, None]
    return torch.einsum("oi,nihw->nohw", next(parameters)[:, :, 0, 0], z).sigmoid()


@pytest.mark.parametrize("kind", KINDS)
def test_the_function_is_the_described_one(kind):
    start = begun((3, 16, 24), architecture=kind, channels=6)
    network, z = start.network.double(), start.net_input.double()
    for module in network.modules():  # a shift that is not zero
        if isinstance(module, nn.BatchNorm2d):
            module.bias.data.normal_(generator=torch.Generator().manual_seed(1))
    ours = network(z)
    theirs = described(kind, [p.detach() for p in network.parameters()], z)
    assert ours.shape == (1, 3, 16, 24)
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("shape", [(3, 33, 47), (1, 1, 1), (2, 1, 50), (1, 64, 64)], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_any_size_and_number_of_channels(kind, shape):
    image = torch.rand(shape)
    observation = Observation(image=image, noise=None, device=CPU)
    fit = Generator(architecture=kind, channels=4).iterate(observation)
    last = list(itertools.islice(fit, 3))[-1]
    assert last.estimate().shape == shape
    assert bool(torch.isfinite(last.estimate()).all())


@pytest.mark.parametrize("kind", KINDS)
def test_stacked_generators_are_those_fitted_one_by_one(kind):
    method = Generator(architecture=kind, channels=4)

    def starts():
        return [begun((1, 16, 16), seed, architecture=kind, channels=4) for seed in range(2)]

    rows = list(itertools.islice(fit_stacked(starts(), method.untrained.settings), 6))
    for n, start in enumerate(starts()):
        alone = itertools.islice(start.fit(method.untrained.settings), 6)
        for row, one in zip(rows, alone, strict=True):
            assert float(row[n].loss) == pytest.approx(float(one.loss), rel=1e-4)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"architecture": "fixed"}, "architecture cannot be 'fixed'"),
        ({"channels": 0}, "channels must be at least 1, not 0"),
        ({"layers": 0}, "layers must be at least 1, not 0"),
        ({"iterations": 0}, "iterations must be at least 1, not 0"),
    ],
)
def test_bad_parameters_are_told(wrong, says):
    with pytest.raises(ValueError, match=says):
        Generator(**wrong)


def test_the_output_can_be_without_sigmoid_and_begins_as_the_seed_says():
    one, two = (begun((1, 16, 16), 3, channels=4, sigmoid=False) for _ in range(2))
    assert torch.equal(one.network(one.net_input), two.network(two.net_input))
    frame = Frame(height=16, width=16)
    bounded, z = Generator(channels=4).untrained.start(1, frame, 3)
    torch.testing.assert_close(bounded(z), one.network(z).sigmoid())


def iterations_to(level: float, image: torch.Tensor, limit: int, **how: object) -> int:
    """Return after how many steps of SGD the training error is at `level`."""
    fit = Generator(**how).iterate(Observation(image=image, noise=None, device=CPU))
    for step, iterate in enumerate(itertools.islice(fit, limit)):
        if float(iterate.loss) <= level:
            return step
    return limit


@pytest.mark.slow(25)
def test_trainable_kernels_fit_the_phantom_as_fast_as_published():
    """Fig. 8 iii), k = 42: 0.05 after 51 steps (digitised, one run)."""
    phantom = pytest.importorskip("priorbench_images.phantom").Phantom()
    image = torch.from_numpy(next(iter(phantom)).pixels)
    steps = iterations_to(0.05, image, 100, architecture="trainable-3x3", channels=42)
    assert 38 <= steps <= 66


@pytest.mark.slow(30)
def test_fixed_kernels_fit_the_phantom_as_fast_as_published():
    """Fig. 8 ii), k = 128: 0.05 after 38 steps (digitised, one run)."""
    phantom = pytest.importorskip("priorbench_images.phantom").Phantom()
    image = torch.from_numpy(next(iter(phantom)).pixels)
    steps = iterations_to(0.05, image, 100, architecture="fixed-kernel", channels=128)
    assert 28 <= steps <= 49
