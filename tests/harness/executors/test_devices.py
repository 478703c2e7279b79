"""Which worker has which GPU, what records say of it, and what is refused; the devices are stand-ins."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from sample_records import record

from priorbench.errors import PriorbenchError
from priorbench.executors import local
from priorbench.executors.devices import (
    Assigned,
    Devices,
    beside,
    choose_devices,
    environments_of,
    visible_ids,
)
from priorbench.executors.local import LocalExecutor
from priorbench.executors.process import WorkerSettings, processors
from priorbench.loading.registry import Registry
from priorbench.machine import disturbance as disturbing

ZERO, ONE = Assigned(name="cuda:0", id="0"), Assigned(name="cuda:1", id="1")


def chosen(
    device: str, jobs: int | None = None, *, share: bool = False, count: int = 4, **told: str
) -> Devices:
    """Choose among so many GPUs."""

    def resolve(name: str) -> str:
        kind, _, index = name.partition(":")
        if kind not in ("cpu", "cuda", "mps") or int(index or 0) >= (count if kind == "cuda" else 1):
            raise PriorbenchError(f"device '{name}' is not there")
        return name

    def counted(kind: str) -> int:
        return count if kind == "cuda" else 1

    return choose_devices(device, jobs, share=share, resolve=resolve, count=counted, environment=told)


def names(devices: Devices) -> list[tuple[str, str]]:
    return [(one.name, one.id) for one in devices.assigned]


@pytest.mark.parametrize(
    ("device", "jobs", "found"),
    [
        ("cuda", 2, [("cuda:0", "0"), ("cuda:1", "1")]),
        ("cuda:*", None, [("cuda:0", "0"), ("cuda:1", "1"), ("cuda:2", "2"), ("cuda:3", "3")]),
        ("cuda:*", 1, [("cuda:0", "0")]),
        ("cuda:1,cuda:3", None, [("cuda:1", "1"), ("cuda:3", "3")]),
        ("cuda:3, cuda:0", 2, [("cuda:3", "3"), ("cuda:0", "0")]),
    ],
)
def test_each_worker_has_a_device(device, jobs, found):
    devices = chosen(device, jobs)
    assert (devices.device, devices.jobs, names(devices)) == ("cuda", len(found), found)


@pytest.mark.parametrize(
    ("device", "jobs"), [("cpu", None), ("cpu", 3), ("cuda", None), ("cuda:2", 1), ("mps", 1)]
)
def test_one_worker_or_the_processor_is_as_it_was(device, jobs):
    assert chosen(device, jobs) == Devices(device=device, jobs=jobs or 1)


@pytest.mark.parametrize(
    ("told", "ids"),
    [
        ("2,5", ["2", "5"]),
        ("GPU-aa, GPU-bb", ["GPU-aa", "GPU-bb"]),
        ("MIG-11,MIG-22", ["MIG-11", "MIG-22"]),
        ("3,-1,4", ["3"]),  # CUDA stops at what is no device; torch then sees one
    ],
)
def test_what_this_process_may_see_is_shared_out(told, ids):
    environment = {"CUDA_VISIBLE_DEVICES": told}
    assert visible_ids("cuda", len(ids), environment) == ids
    assert [one.id for one in chosen("cuda:*", count=len(ids), **environment).assigned] == ids


@pytest.mark.parametrize(
    ("device", "jobs", "words"),
    [
        ("cuda", 5, "5 workers on 4 devices"),
        ("cuda:1", 2, r"2 workers on 1 device \(cuda:1\).*--jobs 1.*--share-device"),
        ("cuda:0,cuda:0", None, "2 workers on 1 device"),
        ("cuda:0,cuda:1", 3, "3 workers on 2 devices"),
        ("mps", 2, "2 workers on 1 device"),
        ("cuda:0,cpu", None, "numbered devices of one kind"),
        ("cuda,cuda:1", None, "numbered devices of one kind"),
        ("mps:*", None, "numbered devices of one kind"),
        ("cuda:7", None, "is not there"),
        ("cuda:0,cuda:9", None, "is not there"),
    ],
)
def test_two_workers_on_one_device_and_lists_of_nonsense_are_refused(device, jobs, words):
    with pytest.raises(PriorbenchError, match=words) as caught:
        chosen(device, jobs)
    assert "\n" not in str(caught.value)


def test_workers_may_be_told_to_share():
    devices = chosen("cuda:1", 2, share=True)
    assert devices.assigned == (replace(ONE, sharers=2),) * 2
    assert chosen("mps", 2, share=True) == Devices(device="mps", jobs=2)


def test_what_the_others_do_to_a_timing():
    assert beside("cuda", ONE, 1, apart=True) is None
    assert beside("cuda", ONE, 2, apart=True) is None
    assert beside("cuda", replace(ONE, sharers=2), 2, apart=True) == "2 workers shared cuda:1"
    # a method on the CPU shares caches and memory; workers without processors of their own share these
    for device, own, apart in (("cpu", ONE, True), ("cuda", ONE, False), ("cuda", None, True)):
        assert beside(device, own, 2, apart=apart) == "2 workers ran at the same time"


def test_like_devices_have_one_environment_and_unlike_ones_their_own():
    models = {"cuda:0": "H200", "cuda:1": "H200", "cuda:2": "L4"}
    two = Assigned(name="cuda:2", id="MIG-1")

    def described(threads: int, name: str) -> dict:
        return {"accelerator": models[name], "threads": threads}

    marks, told = environments_of(
        (ZERO, ONE, two), 1, described=described, identity={"cuda:0": "GPU-a", "cuda:1": "GPU-b"}.get
    )
    assert marks["cuda:0"] == marks["cuda:1"] != marks["cuda:2"]
    assert told[marks["cuda:0"]]["devices"] == {"cuda:0": "GPU-a", "cuda:1": "GPU-b"}
    assert told[marks["cuda:2"]]["devices"] == {"cuda:2": "MIG-1"}


@pytest.mark.parametrize(
    ("there", "threads", "jobs", "found"),
    [
        (2, 1, 2, [(0,), (1,)]),
        (5, 2, 2, [(0, 1), (2, 3)]),
        (2, 1, 3, [(), (), ()]),  # one without a choice would run on the processors of the others
        (2, 2, 2, [(), ()]),
    ],
)
def test_workers_have_processors_of_their_own_or_none_has(monkeypatch, there, threads, jobs, found):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(there)), raising=False)
    assert [processors(slot, threads, jobs) for slot in range(jobs)] == found


def test_a_judge_sees_its_device_alone(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5")
    assert WorkerSettings().variables()["CUDA_VISIBLE_DEVICES"] == "4,5"
    own = Assigned(name="cuda:1", id="5")
    assert WorkerSettings(device=own).variables()["CUDA_VISIBLE_DEVICES"] == "5"


class Judge:
    """Answers for the device of its settings."""

    alive = True

    def __init__(self, registry, settings):
        self.settings = settings

    def run(self, trials):
        return [(record(key=self.settings.device.id, device=trial),) for trial in trials]

    def kill(self):
        """Nothing runs."""


def test_records_name_the_device_and_its_environment(monkeypatch):
    monkeypatch.setattr(local, "WorkerProcess", Judge)
    monkeypatch.setattr(local, "processors", lambda slot, threads, jobs: (slot,))
    monkeypatch.setattr(local, "groups", lambda trials, registry, batch: ((trial,) for trial in trials))
    monkeypatch.setattr(
        local,
        "environments_of",
        lambda devices, threads: ({"cuda:0": "e0", "cuda:1": "e1"}, {"e0": {}, "e1": {}}),
    )
    executor = LocalExecutor(registry=Registry(specs=(), plugins=()), jobs=2, devices=(ZERO, ONE))
    found = [one for (one,) in executor.run(["cuda", "cuda", "cpu"], lambda trial: None)]
    on_gpu = {one.key: (one.device, one.environment, one.tainted) for one in found if one.device != "cpu"}
    assert set(on_gpu.values()) <= {("cuda:0", "e0", None), ("cuda:1", "e1", None)}
    assert all(f"cuda:{key}" == device for key, (device, _, _) in on_gpu.items())
    (on_cpu,) = [one for one in found if one.device == "cpu"]
    assert (on_cpu.environment, on_cpu.tainted) == ("", "2 workers ran at the same time")
    with pytest.raises(PriorbenchError, match="1 devices for 2 workers"):
        LocalExecutor(registry=Registry(specs=(), plugins=()), jobs=2, devices=(ONE,))


def test_beside_others_a_gpu_trial_is_disturbed_on_its_own_processors_only(monkeypatch):
    stat = "cpu  90 0 0 0 0 0 0 0\ncpu0 50 0 0 0 0 0 0 0\ncpu1 40 0 0 0 0 0 0 0\nintr 1"
    monkeypatch.setattr(disturbing, "read_small", lambda path: stat if path == "/proc/stat" else None)
    tick = disturbing._TICK
    monkeypatch.setenv("PRIORBENCH_WORKER_CPUS", "1")
    assert disturbing.conditions("cuda").busy == 90 / tick
    monkeypatch.setenv("PRIORBENCH_WORKER_BESIDE", "1")
    assert disturbing.conditions("cuda").busy == 40 / tick
    assert disturbing.conditions("cpu").busy == 90 / tick
    monkeypatch.setenv("PRIORBENCH_WORKER_CPUS", "1,7")
    assert disturbing.conditions("cuda").busy is None


def test_more_threads_than_processors_are_told(command):
    run = (
        "run",
        "-",
        "--images",
        "ramps:count=1",
        "--noise",
        "gaussian-25",
        "--denoiser",
        "mean",
        "--dry-run",
    )
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    done = command(*run, "--jobs", "2", "--threads", str(there))
    assert done.returncode == 0, done.stderr
    assert f"2 workers with {there} thread" in done.stderr
    assert "they will wait for each other" in done.stderr
    assert "wait for each other" not in command(*run, "--threads", "1").stderr
