"""Networks on a device: recorded steps give what the steps give, and several pictures at once do, too."""

from __future__ import annotations

import itertools
import json
from itertools import islice

import pytest
import torch
from tests.gpu.machine import estimates, method, problem, steps

from priorbench.toolkit import bfloat16
from priorbench.toolkit.bfloat16 import convolve_rounded, times
from priorbench.toolkit.sizes import Frame
from priorbench.toolkit.stepping import RecordedStep

#: iterations: three before the recording, and replays
_ITERATIONS = 12
#: largest difference of two pixels that is rounding after so few iterations; some kernels add in any order
_ROUNDING = 2e-3


@pytest.mark.budget(45)
def test_graphs_give_what_the_plain_steps_give(network, monkeypatch, device, record_property):
    posed = problem(network, 64)
    with steps(monkeypatch, recorded=False):
        plain = list(estimates(network, posed, _ITERATIONS))
        again = list(estimates(network, posed, _ITERATIONS))
    with steps(monkeypatch, recorded=True) as seen:
        recorded = list(estimates(network, posed, _ITERATIONS))
    if device.startswith("cuda") and seen:
        assert all(isinstance(step, RecordedStep) and step.refusal is None for step in seen), seen[0].refusal
    own, apart = (_distance(plain, other) for other in (again, recorded))
    record_property("graph", f"bit-equal {apart == 0.0}, distance {apart:.1e}, two plain runs {own:.1e}")
    assert len(plain) == len(recorded)
    assert apart <= max(_ROUNDING, 4 * own)


@pytest.mark.budget(60)
@pytest.mark.parametrize(
    ("name", "precision"),
    [
        *itertools.product(["deep-decoder-under", "deep-decoder-over"], ["precision=bfloat16", "tf32=true"]),
        ("dip", "precision=bfloat16"),
        ("conv-decoder", "precision=bfloat16"),
    ],
)
def test_a_fit_in_another_precision_gets_as_far(name, precision, device, record_property):
    """Losses after a few hundred iterations; how good the pictures are, a run of many tells."""
    if not device.startswith("cuda"):
        pytest.skip("the precisions are those of a GPU")
    posed = problem(name, 128)
    found = []
    for network in (name, f"{name}:{precision}"):
        losses = [one.loss for one in islice(method(network).iterate(posed.present()), 300)]
        found.append(float(torch.stack(losses[-50:]).mean()))
    record_property("loss", f"float32 {found[0]:.5f}, {precision} {found[1]:.5f}")
    assert found[1] == pytest.approx(found[0], rel=0.1)


@pytest.mark.budget(20)
def test_products_of_bfloat16_have_float32_sums(device):
    if not device.startswith("cuda"):
        pytest.skip("on a CPU they are the fused engine's")
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(300, 512, generator=generator).bfloat16() for _ in range(2))
    exact = a.double() @ b.double().mT
    ours = times(a.to(device), b.to(device).mT)
    stacked = times(a.to(device)[None], b.to(device).mT[None])[0]
    for found in (ours, stacked):
        assert found.dtype == torch.float32
        assert (found.cpu() - exact).norm() < 1e-5 * exact.norm()


@pytest.mark.budget(20)
@pytest.mark.parametrize("stacked", [False, True])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (1, 1)])
def test_a_convolution_of_rounded_factors_is_the_exact_one(kernel, stride, stacked, device, monkeypatch):
    """In double precision, of factors that are rounded before: what is left is rounding of float32."""
    if not device.startswith("cuda"):
        pytest.skip("on a CPU there is none")
    monkeypatch.setattr(bfloat16, "_BAND", 1 << 20)  # some bands
    generator = torch.Generator().manual_seed(0)
    conv = torch.nn.Conv2d(48, 64, kernel, stride, padding=kernel // 2, padding_mode="reflect")
    weight, x, d = (
        torch.randn(shape, generator=generator).bfloat16()
        for shape in (conv.weight.shape, (1, 48, 96, 64), (1, 64, 96 // stride, 64 // stride))
    )
    exact = [one.double().requires_grad_() for one in (x, weight)]
    edge = (kernel // 2,) * 4
    y = torch.nn.functional.conv2d(
        torch.nn.functional.pad(exact[0], edge, mode="reflect"), exact[1], stride=stride
    )
    y.backward(d.double())
    own = [one.float().to(device).requires_grad_() for one in (x, weight)]
    conv.to(device).bias.data.zero_()

    def rounded(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(_Rounded(conv), {"conv.weight": weight}, (x,))

    if stacked:
        found = torch.vmap(rounded)(*(torch.stack([one, one]) for one in own))
        found.backward(torch.stack([d, 0 * d]).float().to(device))
        found = found[1]
    else:
        found = rounded(*own)
        found.backward(d.float().to(device))
    assert found.dtype == torch.float32
    for ours, right in zip(
        (found, *(one.grad for one in own)), (y, *(one.grad for one in exact)), strict=True
    ):
        assert (ours.detach().cpu() - right.detach()).norm() < 1e-5 * right.norm()


@pytest.mark.budget(60)
@pytest.mark.parametrize("name", ["dip", "conv-decoder"])
def test_gradients_in_bfloat16_are_near_those_of_double_precision(name, device, record_property):
    """As near as eight bits of mantissa let them be, over a whole network."""
    if not device.startswith("cuda"):
        pytest.skip("on a CPU it is refused")
    found = {}
    for precision, dtype in (
        ("float32", torch.float64),
        ("float32", torch.float32),
        ("bfloat16", torch.float32),
    ):
        shape = method(f"{name}:precision={precision}").untrained
        frame = Frame(height=128, width=128, multiple=shape.multiple, coarsest=shape.coarsest)
        network, z = (one.to(device, dtype) for one in shape.start(3, frame, 0))
        network(z).square().mean().backward()
        gradients = [
            one.grad.cpu().double().flatten() for one in network.parameters() if one.grad is not None
        ]
        found[precision, dtype] = torch.cat(gradients)
    exact, single, rounded = found.values()
    errors = [float((one - exact).norm() / exact.norm()) for one in (single, rounded)]
    record_property("gradient", f"relative error: float32 {errors[0]:.1e}, bfloat16 {errors[1]:.1e}")
    assert errors[0] < 1e-2
    assert errors[1] < 0.4


class _Rounded(torch.nn.Module):
    def __init__(self, conv: torch.nn.Conv2d) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return convolve_rounded(x, self.conv)


def _distance(one: list[torch.Tensor], other: list[torch.Tensor]) -> float:
    return max(float((a - b).abs().max()) for a, b in zip(one, other, strict=True))


@pytest.mark.budget(120)
@pytest.mark.parametrize(
    ("name", "rounded"), [("deep-decoder", False), ("dip", True)], ids=["deep-decoder", "dip"]
)
def test_a_batch_gives_the_scores_of_single_runs(name, rounded, priorbench, device):
    chosen = ("--images", "pictures", "--device", device)
    setting = ("precision=bfloat16" if rounded else "engine=auto") if device != "cpu" else "engine=plain"
    method = f"{name}:iterations=60,channels=32,{setting}"
    run = ("run", "-", *chosen, "--noise", "gaussian-25", "--denoiser", method)
    found = []
    for store, more in (("one.db", ()), ("two.db", ("--batch", "2"))):
        done = priorbench(*run, "--store", store, *more)
        assert done.returncode == 0, done.stderr
        exported = priorbench("export", "--store", store)
        found.append([json.loads(line) for line in exported.stdout.splitlines()])
    single, batch = ({one["key"]: one for one in told} for told in found)
    assert single.keys() == batch.keys()
    # of factors that are rounded to the other side, more comes
    within = 0.5 if rounded else 0.1
    assert all(abs(single[key]["psnr"] - batch[key]["psnr"]) < within for key in single)
