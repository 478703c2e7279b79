"""The protocol on a device: clock, memory, failures, who has the device, precision."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
import torch
from tests.gpu.methods import HELD

from priorbench.protocol.clock import Clock, device_for
from priorbench.toolkit.stepping import precision

_IMAGES = ("--images", "pictures", "--limit", "1", "--noise", "gaussian-25")
_HOLD = """
import sys, time, torch
held = torch.ones(2**20, device=sys.argv[1])
print("ready", flush=True)
time.sleep(600)
"""


def _records(priorbench, device: str, *methods: str) -> tuple[int, dict[str, dict]]:
    """Run methods of these tests; return the exit status, and their records."""
    names = [word for name in methods for word in ("--denoiser", name)]
    done = priorbench("run", "-", *_IMAGES, *names, "--device", device)
    assert done.returncode in (0, 1), done.stderr
    told = priorbench("export").stdout.splitlines()
    return done.returncode, {one["denoiser"]: one for one in map(json.loads, told)}


def _most(device: str) -> float:
    """Return bytes that `gpu-holds` has at most; a worker's heap on the CPU keeps what the warm-up had."""
    return (2.5 if device == "cpu" else 1.1) * HELD


def test_the_clock_waits_for_the_device_and_agrees_with_its_events(device):
    where = torch.device(device)
    one = torch.rand(2048, 2048, device=where)
    one @ one  # the library is loaded, and memory there

    def work() -> None:
        for _ in range(20 if device == "cpu" else 400):
            one @ one

    clock = Clock(device_for(where))
    clock.start()
    begun = time.perf_counter()
    work()
    queued = time.perf_counter() - begun
    spent = clock.stop()
    assert spent.wall >= queued
    assert 0.8 * spent.wall <= spent.device <= 1.05 * spent.wall
    if device != "cpu":
        assert queued < 0.8 * spent.wall, "the work was not queued: the test shows nothing"


@pytest.mark.budget(90)
def test_peak_memory_is_that_of_the_device(priorbench, device):
    status, found = _records(priorbench, device, "gpu-holds")
    assert (status, found["gpu-holds"]["status"]) == (0, "ok"), found
    assert HELD <= found["gpu-holds"]["peak_memory_bytes"] <= _most(device)
    assert found["gpu-holds"]["device"].partition(":")[0] == device.partition(":")[0]


@pytest.mark.budget(120)
def test_out_of_memory_is_a_record_and_the_next_trial_is_fine(priorbench, device):
    status, found = _records(priorbench, device, "gpu-exhausts", "gpu-holds")
    told = {name: record["status"] for name, record in found.items()}
    assert (status, told) == (1, {"gpu-exhausts": "out-of-memory", "gpu-holds": "ok"})
    # the other one has the device to itself again: nothing of what failed is left on it
    assert found["gpu-holds"]["peak_memory_bytes"] <= _most(device)


@pytest.mark.budget(60)
def test_products_are_as_exact_as_float32(priorbench, device):
    status, found = _records(priorbench, device, "gpu-exact")
    assert (status, found["gpu-exact"]["status"]) == (0, "ok"), found["gpu-exact"]["error"]


def test_tf32_is_on_where_it_is_asked_for_and_off_afterwards(device):
    matmul, where = torch.backends.cuda.matmul, torch.device(device)
    before = matmul.allow_tf32
    one = torch.rand(1024, 1024, device=where)
    exact = one.double() @ one.double()

    def error() -> float:
        return float((((one @ one).double() - exact).abs() / exact).max())

    with precision(where, tf32=False):
        plain = error()
    with precision(where, tf32=True):
        reduced = error()
        assert matmul.allow_tf32 == (before if device == "cpu" else True)
    assert matmul.allow_tf32 == before
    assert plain < 2e-5
    if device != "cpu" and torch.cuda.get_device_capability(where) >= (8, 0):
        assert reduced > 4 * plain


@pytest.mark.budget(60)
def test_two_workers_on_one_device_are_refused(priorbench, device):
    if device == "cpu":
        pytest.skip("workers may share the processor")
    done = priorbench("run", "-", *_IMAGES, "--denoiser", "gpu-holds", "--device", "cuda:0", "--jobs", "2")
    assert done.returncode == 2
    assert "2 workers on 1 device (cuda:0)" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.budget(120)
def test_workers_have_a_device_each(priorbench, device):
    if device == "cpu" or torch.cuda.device_count() < 2:
        pytest.skip("there is one device")
    chosen = ("--images", "pictures", "--noise", "gaussian-25", "--repetitions", "4")
    done = priorbench("run", "-", *chosen, "--denoiser", "gpu-holds", "--device", "cuda:0,cuda:1")
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in priorbench("export").stdout.splitlines()]
    assert {one["device"] for one in found} == {"cuda:0", "cuda:1"}
    assert not any("workers" in (one["tainted"] or "") for one in found)


@pytest.mark.budget(120)
def test_another_process_on_the_device_marks_the_timing(priorbench, device):
    if device == "cpu":
        pytest.skip("other processes may use the processor: that is tested elsewhere")
    pytest.importorskip("pynvml", reason="nobody tells who uses the device without nvidia-ml-py")
    other = subprocess.Popen([sys.executable, "-c", _HOLD, device], stdout=subprocess.PIPE)
    try:
        assert other.stdout is not None
        assert other.stdout.readline()
        _, found = _records(priorbench, device, "gpu-holds")
    finally:
        other.kill()
        other.wait()
    assert "used the GPU" in (found["gpu-holds"]["tainted"] or "")
