"""Nothing of the harness leaves a thread at work when a method's clock starts."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import torch

from priorbench.contract.noise import NoiseDescriptor
from priorbench.contract.observation import Observation
from priorbench.machine.quiet import running_threads, wait_until_quiet
from priorbench.protocol.exchange import Problem
from priorbench.protocol.measure import measure
from priorbench.protocol.scoring import score

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the state of threads")

#: what the harness computes between two timed stretches, on arrays large enough for threads to be worth it
SCORING = """
import time
import numpy as np, torch
from priorbench.contract.operators import Identity
from priorbench.protocol.least_squares import least_squares
from priorbench.protocol.metrics import psnr, ssim
rng = np.random.default_rng(0)
clean, noisy = (rng.random((3, 256, 256), dtype=np.float32) for _ in range(2))
WORK  # what is imported here starts threads of its own, which fall asleep
time.sleep(0.4)
WORK
spent = time.process_time() - time.thread_time()
time.sleep(0.06)
print(time.process_time() - time.thread_time() - spent)
"""
WORK = {
    "psnr": "psnr(noisy, clean)",
    "ssim": "ssim(noisy, clean)",
    "least squares": "least_squares(Identity(), torch.from_numpy(noisy.astype(np.float64)), iterations=3)",
}


@pytest.mark.parametrize("work", WORK)
def test_no_arithmetic_of_the_harness_leaves_a_thread_awake(work: str) -> None:
    """Threads that wait for more work spin: processor time passes while the process sleeps."""
    free = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", SCORING.replace("WORK", WORK[work])],
        capture_output=True,
        text=True,
        check=True,
        env={**free, "OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "PASSIVE"},
    )
    assert float(done.stdout) < 0.002


@pytest.fixture
def spinning() -> threading.Event:
    """A thread that computes until the event is set."""
    end = threading.Event()

    def spin() -> None:
        array = np.ones((400, 400))
        while not end.is_set():
            array.sum()

    thread = threading.Thread(target=spin)
    thread.start()
    yield end
    end.set()
    thread.join()


def test_a_thread_at_work_is_seen_and_waited_for(spinning: threading.Event) -> None:
    deadline = time.monotonic() + 5
    while not running_threads() and time.monotonic() < deadline:
        pass
    assert not wait_until_quiet(0.0)
    threading.Timer(0.05, spinning.set).start()
    assert wait_until_quiet(5.0)


@pytest.fixture
def problem() -> Problem:
    noisy = np.zeros((1, 8, 8), np.float32)
    noise = NoiseDescriptor(family="gaussian")
    observation = Observation(image=torch.empty(0), noise=noise, device=torch.device("cpu"))
    return Problem(noisy=noisy, observation=observation)


class Copies:
    """Returns the noisy image."""

    def denoise(self, observation: Observation) -> torch.Tensor:
        return observation.image.clone()


class Sleeps:
    """Sleeps for 50 ms."""

    def denoise(self, observation: Observation) -> torch.Tensor:
        time.sleep(0.05)
        return observation.image.clone()


def test_a_method_that_sleeps_has_no_processor_time(problem: Problem) -> None:
    score(np.ones((3, 64, 64), np.float32), np.zeros((3, 64, 64), np.float32), {})
    outcome = measure(Sleeps(), problem)[0]
    assert outcome.cpu_seconds < 0.1 * outcome.wall_seconds  # 24 ms of 50 where a thread was left awake


def test_a_clock_that_started_beside_a_busy_thread_says_so(
    spinning: threading.Event, problem: Problem
) -> None:
    assert not measure(Copies(), problem)[0].quiet
    spinning.set()
    wait_until_quiet(5.0)
    assert measure(Copies(), problem)[0].quiet
