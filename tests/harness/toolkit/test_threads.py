"""Threads of a fit whose network has a team: torch's own are left asleep."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from priorbench import Observation
from priorbench.toolkit.fitting import FitSettings, fit
from priorbench.toolkit.sizes import Frame
from priorbench.toolkit.threads import allowed_threads, own_threads, threads_of


@pytest.fixture(autouse=True)
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


class Seeing(nn.Module):
    """One layer, which notes what threads there are."""

    def __init__(self, seen: list[tuple[int, int]], has_team: bool) -> None:
        super().__init__()
        self.layer, self.seen, self.has_team = nn.Conv2d(1, 1, 1), seen, has_team

    def forward(self, x):
        self.seen.append((torch.get_num_threads(), allowed_threads()))
        x.register_hook(lambda _: self.seen.append((torch.get_num_threads(), allowed_threads())))
        return self.layer(x)


def test_torch_has_one_thread_and_a_team_those_of_torch():
    with own_threads():
        assert (torch.get_num_threads(), allowed_threads()) == (1, 3)
        with own_threads():
            assert (torch.get_num_threads(), allowed_threads()) == (1, 3)
    assert (torch.get_num_threads(), allowed_threads()) == (3, 3)


def test_a_failure_leaves_everything_as_it_was():
    with pytest.raises(ValueError, match="step"), own_threads():
        raise ValueError("step")
    assert (torch.get_num_threads(), allowed_threads()) == (3, 3)


def test_a_network_that_has_none_uses_torchs():
    with threads_of(nn.Conv2d(1, 1, 1))():
        assert (torch.get_num_threads(), allowed_threads()) == (3, 3)


@pytest.mark.parametrize(("has_team", "expected"), [(True, (1, 3)), (False, (3, 3))])
def test_a_fit_does_its_steps_and_estimates_so_and_nothing_else(has_team, expected):
    seen: list[tuple[int, int]] = []
    network = nn.Sequential(Given(), Seeing(seen, has_team))
    noisy = Observation(image=torch.rand(1, 4, 4), noise=None, device=torch.device("cpu"), seed=0)
    frame = Frame(height=4, width=4, multiple=1, coarsest=1)
    steps = fit(network, torch.rand(1, 1, 4, 4), noisy, frame=frame, settings=FitSettings(input_noise=0.1))
    for step in itertools.islice(steps, 2):
        assert (torch.get_num_threads(), allowed_threads()) == (3, 3)
        with torch.enable_grad():
            step.estimate()
    assert seen and set(seen) == {expected}


class Given(nn.Module):
    """Makes the input something with a gradient, so that a backward pass goes through."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return (x * self.factor).requires_grad_()
