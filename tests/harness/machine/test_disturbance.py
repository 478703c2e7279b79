"""What disturbs a timing, and what an environment tells of a GPU; the GPU and its library are stand-ins."""

from __future__ import annotations

import dataclasses
import os
import sys
from types import SimpleNamespace

import pytest
import torch
from stand_in_gpu import management_library

from priorbench.machine import nvidia
from priorbench.machine.description import describe, fingerprint
from priorbench.machine.disturbance import conditions, disturbance, warnings_now


@pytest.fixture
def gpu(monkeypatch):
    """Return a function that puts a stand-in library, and a device that it knows, in place."""

    def install(**settings) -> None:
        nvidia._open.cache_clear()
        monkeypatch.setitem(sys.modules, "pynvml", management_library(**settings))
        monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(uuid="a-b-c"))

    yield install
    nvidia._open.cache_clear()


def test_facts_of_a_gpu_are_told_where_they_can_be_read(gpu):
    gpu()
    assert nvidia.facts("cuda:0") == {
        "driver": "580.1",
        "clock_mhz": 1980,
        "memory_clock_mhz": 2619,
        "power_limit_watts": 700,
    }
    gpu(power=False)
    assert "power_limit_watts" not in nvidia.facts("cuda")
    assert nvidia.facts("cpu") == nvidia.facts("xpu") == {}


def test_without_the_library_nothing_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    nvidia._open.cache_clear()
    assert nvidia.state("cuda", 1) is None
    assert nvidia.facts("cuda") == {}
    assert any("priorbench[cuda]" in line for line in warnings_now(1, "cuda", seconds=0.01))
    nvidia._open.cache_clear()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"mask": 8}, "the GPU was slowed down (hardware slowdown)"),
        ({"mask": 32 | 64}, "the GPU was slowed down (too hot)"),
        ({"pids": (os.getpid(), 1)}, "1 other process used the GPU"),
        ({"mask": 4, "pids": (os.getpid(),)}, None),  # a power cap, and this process alone
    ],
)
def test_a_disturbed_gpu_marks_a_timing(gpu, settings, reason):
    quiet = conditions()
    gpu(**settings)
    after = dataclasses.replace(quiet, gpu=conditions("cuda").gpu)
    assert disturbance(quiet, after) == reason


def test_foreign_load_heat_and_quota_mark_a_timing():
    before = conditions()
    later = {"at": before.at + 2.0, "own": before.own + 1.0}
    base = dataclasses.replace(before, busy=100.0, throttled=1, quota=1)
    alone = dataclasses.replace(base, **later, busy=101.1)
    assert disturbance(base, alone) is None
    assert disturbance(base, dataclasses.replace(alone, busy=103.0)) == "other processes used 1.0 cores"
    assert "too hot" in disturbance(base, dataclasses.replace(alone, throttled=2))
    assert "quota" in disturbance(base, dataclasses.replace(alone, quota=2))


def test_a_fingerprint_tells_environments_apart_and_nothing_else():
    environment = describe(2, "cpu")
    assert fingerprint(environment) == fingerprint(describe(2, "cpu"))
    assert fingerprint(environment) != fingerprint(describe(1, "cpu"))
