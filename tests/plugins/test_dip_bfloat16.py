"""`precision: bfloat16` of DIP on a CPU: as far from the exact step as torch with rounded factors."""

from __future__ import annotations

import itertools

import pytest
import torch
from kernels import alone
from torch import nn

from priorbench import Observation
from priorbench.errors import PriorbenchError
from priorbench.toolkit import bfloat16
from priorbench.toolkit.initialisation import stream
from priorbench.toolkit.sizes import Frame
from priorbench_dip.model import DeepImagePrior

vectors = pytest.importorskip("priorbench.toolkit.fused.vectors")
fused = pytest.importorskip("priorbench_dip.fused")

in_hardware = pytest.mark.skipif(
    "+avx512bf16" not in vectors.FEATURES, reason="the processor has no AVX512-BF16"
)
VARIANTS = {
    "published": {"channels": 32, "scales": 3},
    "other layers": {"channels": 19, "scales": 2, "skip_channels": 10, "padding": "zero", "kernel": 5},
    "nearest, no skip": {"channels": 24, "scales": 2, "skip_channels": 0, "upsampling": "nearest"},
}


def start(name: str, seed: int = 0, **how: object) -> tuple[nn.Module, torch.Tensor]:
    """Return a network and its input."""
    shape = DeepImagePrior(**VARIANTS[name], **how).untrained
    frame = Frame(height=32, width=48, multiple=shape.multiple, coarsest=shape.coarsest)
    return shape.start(3, frame, seed)


def step(network: nn.Module, z: torch.Tensor, compute: nn.Module | None = None) -> list[torch.Tensor]:
    """Return the output and the gradients that count of a mean squared error."""
    output = (compute or network)(z)
    target = torch.rand(output.shape, generator=stream(2, "target")).to(output.dtype)
    nn.functional.mse_loss(output, target).backward()
    # A bias before a normalisation has none but rounding.
    counts = [p.grad for name, p in network.named_parameters() if not name.endswith("conv.bias")]
    return [output.detach(), *counts]


def compiled_step(name: str, seed: int = 0) -> list[torch.Tensor]:
    network, z = start(name, seed, precision="bfloat16")
    return step(network, z, fused.fuse(network, *z.shape[-2:]))


def distances(ours: list[torch.Tensor], exact: list[torch.Tensor]) -> torch.Tensor:
    """Return the relative error of each tensor, in the 2-norm."""
    pairs = zip(ours, exact, strict=True)
    return torch.stack([(a.double() - b.double()).norm() / b.double().norm() for a, b in pairs])


@in_hardware
@pytest.mark.parametrize("name", VARIANTS)
def test_a_step_is_as_far_from_the_exact_one_as_torchs_with_rounded_factors(
    name, monkeypatch, tmp_path_factory
):
    """Geometric mean over seeds and tensors: the engine rounds the coarse image, torch the upsampled one."""
    monkeypatch.setattr(bfloat16, "times", lambda a, b: a.float() @ b.float())
    ratios = []
    for seed in range(4):
        network, z = start(name, seed)
        exact = step(network.double(), z.double())
        straight = distances(step(*start(name, seed, precision="bfloat16")), exact)
        with alone(tmp_path_factory, "bfloat16 layers"):
            ours = distances(compiled_step(name, seed), exact)
        assert 2e-4 < ours[0] < 5e-3, "of the output, when factors have 8 bits"
        ratios.append((ours / straight).log())
    assert torch.stack(ratios).mean().exp() < 1.2


@in_hardware
def test_the_number_of_threads_does_not_change_a_bit(tmp_path_factory):
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            with alone(tmp_path_factory, "bfloat16 layers"):
                found.append([one for name in VARIANTS for one in compiled_step(name)])
    finally:
        torch.set_num_threads(before)
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(other, found[0], strict=True))


def fit(**parameters: object) -> list[torch.Tensor]:
    image = torch.rand(3, 32, 48, generator=stream(0, "image"))
    noisy = Observation(image=image, noise=None, device=torch.device("cpu"), seed=3)
    method = DeepImagePrior(**VARIANTS["published"], **parameters)
    return [iterate.output for iterate in itertools.islice(method.iterate(noisy), 40)]


@in_hardware
def test_a_fit_in_bfloat16_is_another_one_and_as_good(tmp_path_factory):
    with alone(tmp_path_factory, "bfloat16 layers"):
        rounded, again = fit(precision="bfloat16"), fit(precision="bfloat16")
    single = fit()
    image = torch.rand(3, 32, 48, generator=stream(0, "image"))
    assert all(torch.equal(a, b) for a, b in zip(rounded, again, strict=True))
    assert not torch.equal(rounded[0], single[0])
    errors = [float((outputs[-1] - image).square().mean()) for outputs in (rounded, single)]
    assert errors[0] == pytest.approx(errors[1], rel=0.1)


@in_hardware
def test_on_a_cpu_the_plain_engine_is_refused():
    with pytest.raises(PriorbenchError, match="engine 'plain' has no such products on a CPU: take 'auto'"):
        fit(precision="bfloat16", engine="plain")


def test_nothing_is_imitated_where_compiled_code_may_not_use_the_instructions(monkeypatch):
    monkeypatch.setattr(vectors, "FEATURES", vectors.FEATURES - {"+avx512bf16"})
    for engine in ("auto", "fused"):
        with pytest.raises(PriorbenchError, match="precision 'bfloat16': the processor, as numba sees it"):
            fit(precision="bfloat16", engine=engine)
