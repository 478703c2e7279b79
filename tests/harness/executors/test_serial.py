"""Trials in one process: what one method changes does not reach the next."""

from __future__ import annotations

import json

import pytest
from small_runs import HERE, ONE_IMAGE

PLUGIN = """
import torch
from priorbench import DenoiserSpec, hookimpl

class Rude:
    def denoise(self, observation):
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.set_num_threads(3)
        torch.use_deterministic_algorithms(True)
        return observation.image.clone()

class Told:
    def denoise(self, observation):
        says = [torch.get_default_dtype() == torch.float32, torch.is_grad_enabled()]
        says += [not torch.are_deterministic_algorithms_enabled(), torch.get_num_threads() != 3]
        assert all(says), says
        return observation.image.clone()

@hookimpl
def priorbench_denoisers():
    yield DenoiserSpec(name="rude", factory="rude_plugin:Rude", iterative=False)
    for name in ("told-a", "told-b", "told-c"):
        yield DenoiserSpec(name=name, factory="rude_plugin:Told", iterative=False)
"""


@pytest.mark.slow(5)
def test_settings_of_torch_are_put_back(process, tmp_path):
    (tmp_path / "rude_plugin.py").write_text(PLUGIN)
    methods = [word for name in ("rude", "told-a", "told-b", "told-c") for word in ("--denoiser", name)]
    done = process("run", *ONE_IMAGE[1:], *methods, "--plugin", "rude_plugin.py", *HERE, "--threads", "1")
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in process("export").stdout.splitlines()]
    assert {(one["denoiser"], one["status"]) for one in found} == {
        ("rude", "ok"),
        ("told-a", "ok"),
        ("told-b", "ok"),
        ("told-c", "ok"),
    }
