"""The recorded step, with a stand-in that records on the CPU."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from priorbench import Observation
from priorbench.toolkit import fitting, stepping
from priorbench.toolkit.fitting import FitSettings, fit, fit_in_phases
from priorbench.toolkit.phases import Phase
from priorbench.toolkit.sizes import Frame
from priorbench.toolkit.stepping import WARM_UP_STEPS, RecordedStep


class Tape:
    """A recorder as CUDA graphs are one: recording does no work, replaying writes to the same results."""

    def __init__(self, state: list[torch.Tensor], refuse: bool = False) -> None:
        self.state, self.refuse = state, refuse
        self.aside_calls = self.replays = 0

    def aside(self, step):
        self.aside_calls += 1
        return step()

    def record(self, step):
        before = [x.clone() for x in self.state]
        self.results = step()
        for tensor, value in zip(self.state, before, strict=True):
            tensor.data.copy_(value)
        for result in self.results:
            result.fill_(float("nan"))
        if self.refuse:
            raise RuntimeError("operation not permitted when stream is capturing")
        self.step = step
        return self.results

    def replay(self):
        self.replays += 1
        for static, value in zip(self.results, self.step(), strict=True):
            static.copy_(value)


def counter() -> tuple[torch.Tensor, stepping.Step]:
    count = torch.zeros(())

    def step() -> tuple[torch.Tensor, ...]:
        count.add_(1)
        return (count * 10,)

    return count, step


@pytest.mark.parametrize("refuse", [False, True], ids=["recorded", "refused"])
def test_every_call_is_one_step_and_results_stay(refuse):
    count, step = counter()
    tape = Tape([count], refuse)
    recorded = RecordedStep(step, tape)
    results = [recorded()[0] for _ in range(7)]
    assert [float(r) for r in results] == [10 * n for n in range(1, 8)]
    assert tape.aside_calls == WARM_UP_STEPS
    assert tape.replays == (0 if refuse else 7 - WARM_UP_STEPS)
    assert (recorded.refusal is not None) == refuse


def test_only_errors_of_recording_are_forgiven():
    class Broken(Tape):
        def record(self, step):
            raise TypeError("a mistake")

    count, step = counter()
    recorded = RecordedStep(step, Broken([count]))
    for _ in range(WARM_UP_STEPS):
        recorded()
    with pytest.raises(TypeError, match="a mistake"):
        recorded()


class Mixer(nn.Module):
    """A little generator whose output depends on its input and its weight."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Conv2d(2, 3, 1, bias=False)
        nn.init.constant_(self.mix.weight, 0.3)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.mix(z))


def taped(monkeypatch: pytest.MonkeyPatch) -> list[Tape]:
    """Record every fit from here on; return the list to which its tapes come."""
    tapes: list[Tape] = []

    def recording(step, device):
        optimiser = next(
            cell.cell_contents for cell in step.__wrapped__.__closure__ if hasattr(cell.cell_contents, "step")
        )
        tapes.append(Tape(optimiser.param_groups[0]["params"]))
        return RecordedStep(step, tapes[-1])

    monkeypatch.setattr(fitting, "stepping", recording)
    return tapes


@pytest.mark.parametrize(
    "how",
    [
        {"optimiser": "gd", "learning_rate": 3.0},
        {"optimiser": "gd", "learning_rate": 3.0, "input_noise": 0.2, "averaging": 0.5},
    ],
    ids=["plain", "noisy"],
)
def test_a_recorded_fit_is_the_fit(how, monkeypatch):
    """Fresh input noise enters every replay, and no yielded tensor is written to again."""
    z = torch.rand(1, 2, 5, 5, generator=torch.Generator().manual_seed(0))
    observation = Observation(image=torch.full((3, 5, 5), 0.7), noise=None, device=torch.device("cpu"))
    frame = Frame(height=5, width=5)

    def run() -> list[torch.Tensor]:
        found = []
        for it in itertools.islice(fit(Mixer(), z, observation, frame=frame, settings=FitSettings(**how)), 9):
            found += [it.output, it.loss, it.estimate()]
        return found

    expected, tapes = run(), taped(monkeypatch)
    found = run()
    assert tapes[0].replays == 9 - WARM_UP_STEPS
    for ours, theirs in zip(found, expected, strict=True):
        assert torch.equal(ours, theirs)


class Darker(nn.Module):
    """Half of another network's picture."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        half: torch.Tensor = self.network(z) / 2
        return half


def test_each_phase_is_recorded_anew_and_goes_on_with_the_weights_of_the_last_one(monkeypatch):
    """Gradient descent by hand: half of the picture for 6 steps, then the picture, at falling rates."""
    z = torch.rand(1, 2, 5, 5, generator=torch.Generator().manual_seed(0))
    observation = Observation(image=torch.full((3, 5, 5), 0.7), noise=None, device=torch.device("cpu"))
    settings = FitSettings(optimiser="gd", learning_rate=3.0)
    by_hand, expected = Mixer(), []
    for n in range(12):
        x = by_hand(z)[0] / (2 if n < 6 else 1)
        expected.append(x.detach())
        (gradient,) = torch.autograd.grad((x - 0.7).square().mean(), by_hand.mix.weight)
        rate = 3.0 if n < 6 else 3.0 / (n - 5)
        by_hand.mix.weight.data -= rate * gradient
    network = Mixer()
    phases = [
        Phase(generate=Darker(network), steps=6),
        Phase(generate=network, rate=lambda number: 1 / (number + 1)),
    ]
    tapes = taped(monkeypatch)
    fit = fit_in_phases(phases, z, observation, frame=Frame(height=5, width=5), settings=settings)
    for x, iterate in zip(expected, itertools.islice(fit, 12), strict=True):
        torch.testing.assert_close(iterate.output, x)
    assert [tape.replays for tape in tapes] == [6 - WARM_UP_STEPS] * 2


def test_tf32_is_off_unless_asked_for_and_then_put_back(monkeypatch):
    device = torch.device("cuda")
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32
    for tf32 in (False, True):
        with stepping.precision(device, tf32=tf32):
            assert (matmul.allow_tf32, cudnn.allow_tf32) == (tf32, tf32)
        assert (matmul.allow_tf32, cudnn.allow_tf32) == before
    assert FitSettings().tf32 is False
