"""Networks on a device: recorded steps give what the steps give, and several pictures at once do, too."""

from __future__ import annotations

import json
from itertools import islice

import pytest
import torch
from tests.gpu.machine import estimates, method, problem, steps

from priorbench.toolkit.bfloat16 import times
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
@pytest.mark.parametrize("precision", ["precision=bfloat16", "tf32=true"])
@pytest.mark.parametrize("name", ["deep-decoder-under", "deep-decoder-over"])
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


def _distance(one: list[torch.Tensor], other: list[torch.Tensor]) -> float:
    return max(float((a - b).abs().max()) for a, b in zip(one, other, strict=True))


@pytest.mark.budget(120)
def test_a_batch_gives_the_scores_of_single_runs(priorbench, device):
    chosen = ("--images", "pictures", "--device", device)
    method = "deep-decoder:iterations=60,channels=32" + (",engine=plain" if device == "cpu" else "")
    run = ("run", "-", *chosen, "--noise", "gaussian-25", "--denoiser", method)
    found = []
    for store, more in (("one.db", ()), ("two.db", ("--batch", "2"))):
        done = priorbench(*run, "--store", store, *more)
        assert done.returncode == 0, done.stderr
        exported = priorbench("export", "--store", store)
        found.append([json.loads(line) for line in exported.stdout.splitlines()])
    single, batch = ({one["key"]: one for one in told} for told in found)
    assert single.keys() == batch.keys()
    assert all(abs(single[key]["psnr"] - batch[key]["psnr"]) < 0.1 for key in single)
