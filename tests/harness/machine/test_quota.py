"""A control group's quota limits the threads; the files of the system are stand-ins."""

from __future__ import annotations

import os

import pytest

from priorbench.machine import quota, settings

ROOT = "/sys/fs/cgroup"
SECOND = {"/proc/self/cgroup": "0::/slurm/job_7/step_0"}
FIRST = {"/proc/self/cgroup": "11:memory:/job\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/x\n0::/"}


@pytest.mark.parametrize(
    ("files", "processors"),
    [
        ({}, None),
        (SECOND, None),
        ({**SECOND, f"{ROOT}/slurm/job_7/step_0/cpu.max": "max 100000"}, None),
        ({**SECOND, f"{ROOT}/slurm/job_7/step_0/cpu.max": "250000 100000"}, 2.5),
        ({**SECOND, f"{ROOT}/slurm/job_7/cpu.max": "300000 100000", f"{ROOT}/cpu.max": "900000 100000"}, 3),
        # in a container that does not see its own path, the root is its group
        ({"/proc/self/cgroup": "0::/../../x", f"{ROOT}/cpu.max": "50000 100000"}, 0.5),
        (
            {
                **FIRST,
                f"{ROOT}/cpu,cpuacct/docker/abc/cpu.cfs_quota_us": "400000",
                f"{ROOT}/cpu,cpuacct/docker/abc/cpu.cfs_period_us": "100000",
            },
            4,
        ),
        (
            {
                **FIRST,
                f"{ROOT}/cpu/cpu.cfs_quota_us": "150000",
                f"{ROOT}/cpu/cpu.cfs_period_us": "100000",
            },
            1.5,
        ),
        (
            {**FIRST, f"{ROOT}/cpu/cpu.cfs_quota_us": "-1", f"{ROOT}/cpu/cpu.cfs_period_us": "100000"},
            None,
        ),
    ],
)
def test_the_tightest_quota_counts(monkeypatch, files, processors):
    monkeypatch.setattr(quota, "read_small", files.get)
    assert quota.quota_processors() == processors
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(16), raising=False)
    expected = 16 if processors is None else max(1, int(processors))
    assert settings.available_threads() == expected


def test_stops_of_the_own_group_are_counted(monkeypatch):
    place = f"{ROOT}/slurm/job_7/cpu.stat"
    monkeypatch.setattr(quota, "read_small", {**SECOND, place: "usage_usec 9\nnr_throttled 4"}.get)
    assert quota.quota_stops() == 4
    monkeypatch.setattr(quota, "read_small", SECOND.get)
    assert quota.quota_stops() is None
