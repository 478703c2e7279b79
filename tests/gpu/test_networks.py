"""Networks on a device: recorded steps give what the steps give, and several pictures at once do, too."""

from __future__ import annotations

import json

import pytest
import torch
from tests.gpu.machine import estimates, problem, steps

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
