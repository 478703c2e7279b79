"""A player has its pixels when the method is made and warmed up, and not before."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from small_runs import records

from priorbench.contract.noise import NoiseDescriptor
from priorbench.contract.operators import Identity
from priorbench.loading.registry import Registry
from priorbench.player.messages import with_pixels, work_from_message, work_to_message, write_pixels
from priorbench.player.own import OwnPlayer
from priorbench.player.shared_memory import SharedMemory
from priorbench.player.work import Work
from priorbench.protocol.exchange import Problem
from priorbench.protocol.problems import posed
from priorbench.worker.launching import _file_in_memory

SHAPE = (1, 6, 5)


def problem(seed: int) -> Problem:
    """Return a problem with a noise of its own."""
    noisy = np.random.default_rng(seed).random(SHAPE, dtype=np.float32)
    descriptor = NoiseDescriptor(family="gaussian", sigma=0.1)
    return posed(noisy, descriptor=descriptor, operator=Identity(), seed=seed, device="cpu", shape=SHAPE)


def work(*problems: Problem) -> Work:
    """Return work on problems."""
    return Work(
        denoiser="draws",
        parameters={},
        iterative=False,
        device="cpu",
        problems=problems,
        draws=(None,) * len(problems),
    )


def test_what_a_method_is_made_with_has_no_pixels_and_no_seed() -> None:
    asked = work(problem(3), problem(4))
    told = json.loads(json.dumps(work_to_message(asked)))
    empty = work_from_message(told, Registry(specs={}))
    assert not any(one.noisy.any() or one.observation.seed for one in empty.problems)
    assert [one.shape for one in empty.problems] == [SHAPE, SHAPE]
    shared = SharedMemory(_file_in_memory())
    try:
        whole = with_pixels(empty.problems, write_pixels(asked, shared), shared)
    finally:
        shared.close()
    for one, other in zip(whole, asked.problems, strict=True):
        assert np.array_equal(one.noisy, other.noisy)
        assert one.observation.seed == other.observation.seed


class Draws:
    """A method that draws from the global generators, as it should not."""

    def denoise(self, observation):
        drawn = torch.rand(SHAPE) + torch.from_numpy(np.random.rand(*SHAPE)) + random.random()
        return (observation.image + drawn).float()


@pytest.fixture
def generators():
    """Give back the state of the global generators."""
    torch_state, numpy_state, state = torch.get_rng_state(), np.random.get_state(), random.getstate()
    yield
    torch.set_rng_state(torch_state)
    np.random.set_state(numpy_state)
    random.setstate(state)


def test_what_is_drawn_from_a_global_generator_does_not_hang_on_the_trials_before(generators) -> None:
    player = OwnPlayer(Registry(specs={}), alone=True)
    player._factories["draws"] = (Draws, 0.0)
    found = []
    for seed in (1, 2, 1):
        player.make(work(problem(seed)))
        player.begin()
        player.receive([problem(seed)])
        player.fit.advance(1)
        found.append(player.fit.show(0, "estimate").image)
        player.finish()
    assert torch.equal(found[0], found[2])
    drawn = [image.numpy() - problem(seed).noisy for image, seed in zip(found, (1, 2), strict=False)]
    assert not np.allclose(*drawn)


@pytest.mark.slow(10)
def test_no_frame_has_the_pixels_before_the_clock_starts(command) -> None:
    """A method could do its work there, and its time would be that of looking it up."""
    plugin = str(Path(__file__).parents[2] / "support" / "late_pixels.py")
    given = ("run", "-", "--images", "ramps:count=2", "--noise", "gaussian-25", "--denoiser", "hasty")
    done = command(*given, "--plugin", plugin, "--executor", "local")
    assert done.returncode == 0, done.stderr
    found = records(command)
    assert len(found) == 2
    for record in found:
        assert record["psnr"] == pytest.approx(record["noisy_psnr"], abs=1), "it saw them"
