"""`priorbench doctor`: the machine, and how far its times scatter."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from shown_plugin import path_with

from priorbench.scatter import measuring
from priorbench.scatter.estimates import scatter


def test_without_noise_only_the_machine_is_told(site: Any, priorbench: Any) -> None:
    status, out, _ = priorbench("doctor", "--device", "cpu", "--format", "json")
    assert status == 0
    assert set(json.loads(out)) == {"fingerprint", "environment", "would disturb a timing", "plugins"}


def test_seconds_belong_to_noise(site: Any, priorbench: Any) -> None:
    status, out, err = priorbench("doctor", "--seconds", "5")
    assert (status, out) == (2, "")
    assert "give both" in err


@pytest.mark.slow(20)
def test_noise_for_scripts_and_for_people(site: Any, priorbench: Any) -> None:
    options = ("doctor", "--device", "cpu", "--threads", "1", "--noise", "--seconds", "2")
    status, out, err = priorbench(*options, "--format", "json")
    assert status == 0
    assert "about 2 s" in err and "block 6 of 6" in err
    noise = json.loads(out)["noise"]
    assert (noise["seconds"], noise["level"]) == (2.0, 0.95)
    assert [piece["name"] for piece in noise["pieces"]] == ["convolutions", "arithmetic"]
    for piece in noise["pieces"]:
        assert {(run["images"], run["repetitions"]) for run in piece["resolved"]} == {
            (images, repetitions) for images in (3, 12, 24, 100) for repetitions in (1, 3)
        }
        assert all(run["percent"] > 0 for run in piece["resolved"])
    assert any("between days" in line for line in noise["not measured"])


def test_noise_is_a_table_for_people(site: Any, priorbench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    own = [np.array([0.03, 0.0303]) * (1 + 0.002 * number) for number in range(6)]
    found = [measuring.Measured(name="work", what="some work", scatter=scatter(own, marked=0.5))]
    monkeypatch.setattr(measuring, "measure", lambda *arguments: found)
    status, out, _ = priorbench("doctor", "--device", "cpu", "--noise")
    assert status == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "work median timings typical all drift disturbed" in lines
    assert "work repetitions 3 images 12 images 24 images 100 images" in lines
    [row] = [line for line in lines if line.startswith("work 30.")]
    assert row.endswith("50 %")
    assert "many timings were disturbed: measure again when the machine has nothing else to do" in lines
    assert any("changes between days" in line and "not in this" in line for line in lines)


@pytest.mark.slow(20)
def test_ctrl_c_ends_the_measurement_and_all_that_it_started(site: Any) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "priorbench", "doctor", "--device", "cpu", "--noise", "--seconds", "120"],
        env={**os.environ, **path_with(site)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stderr is not None
    while "leave the machine alone" not in (line := process.stderr.readline()):
        assert line
    below = _below(process.pid)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert "Traceback" not in process.stderr.read()
    deadline = time.monotonic() + 20
    while any(map(_runs, below)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert below and not any(map(_runs, below))


def _below(process: int) -> list[int]:
    """Return the children of a process, once it has some."""
    for _ in range(400):
        try:
            with open(f"/proc/{process}/task/{process}/children", encoding="ascii") as file:  # noqa: PTH123
                found = [int(child) for child in file.read().split()]
        except OSError:
            pytest.skip("this system does not tell children")
        if found:
            return found
        time.sleep(0.05)
    return []


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
