"""The shared fit of untrained networks, against closed forms."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from priorbench import Observation
from priorbench.toolkit.fitting import FitSettings, fit
from priorbench.toolkit.sizes import Frame, image_shape

CPU = torch.device("cpu")


class FreeImage(nn.Module):
    """A generator whose output is its only parameter: gradient descent on it has closed forms."""

    def __init__(self, start: torch.Tensor) -> None:
        super().__init__()
        self.theta = nn.Parameter(start.clone()[None])

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.theta


class Echo(nn.Module):
    """A generator that shows its input (and has a parameter, as an optimiser wants one)."""

    def __init__(self) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(1))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return z + 0 * self.shift


class EveryOther:
    """Subsampling, an operator that changes the shape."""

    def A(self, x: torch.Tensor) -> torch.Tensor:  # noqa: N802
        return x[..., ::2, ::2]

    def A_adjoint(self, y: torch.Tensor) -> torch.Tensor:  # noqa: N802
        x = torch.zeros(*y.shape[:-2], 2 * y.shape[-2], 2 * y.shape[-1])
        x[..., ::2, ::2] = y
        return x


def observe(image: torch.Tensor, **fields: object) -> Observation:
    return Observation(image=image, noise=None, device=CPU, **fields)


def run(
    network: nn.Module, observation: Observation, steps: int, *, z: torch.Tensor | None = None, **how: object
):
    _, height, width = image_shape(observation)
    frame = Frame(height=height, width=width)
    z = torch.zeros(1, 1, 1, 1) if z is None else z
    iterates = fit(network, z, observation, frame=frame, settings=FitSettings(**how))
    return itertools.islice(iterates, steps)


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_plain_gradient_descent_follows_its_closed_form():
    """theta_t - y = (1 - 2 eta / n)^t (theta_0 - y) on the mean squared error of n numbers."""
    y, start, eta = random(3, 4, 5), random(3, 4, 5, seed=1), 7.0
    shrink = 1 - 2 * eta / y.numel()
    for t, it in enumerate(run(FreeImage(start), observe(y), 5, optimiser="gd", learning_rate=eta)):
        torch.testing.assert_close(it.output, y + shrink**t * (start - y))
        torch.testing.assert_close(it.estimate(), y + shrink ** (t + 1) * (start - y))
        torch.testing.assert_close(it.loss, (shrink**t * (start - y)).square().mean())


def test_sgd_is_heavy_ball():
    """v <- mu v + g; theta <- theta - eta v."""
    y, theta, eta, mu = random(1, 3, 3), random(1, 3, 3, seed=1), 0.9, 0.8
    iterates = run(FreeImage(theta), observe(y), 6, optimiser="sgd", learning_rate=eta, momentum=mu)
    velocity = torch.zeros_like(theta)
    for it in iterates:
        torch.testing.assert_close(it.output, theta)
        velocity = mu * velocity + 2 * (theta - y) / y.numel()
        theta = theta - eta * velocity
        torch.testing.assert_close(it.estimate(), theta)


def test_adam_is_adam():
    """Kingma & Ba 2015, Algorithm 1, with its default constants."""
    y, theta, eta = random(1, 3, 3).double(), random(1, 3, 3, seed=1).double(), 0.01
    network = FreeImage(theta)
    m = v = torch.zeros_like(theta)
    for t, it in enumerate(
        run(network, observe(y), 6, z=torch.zeros(1, 1, 1, 1, dtype=torch.float64)), start=1
    ):
        gradient = 2 * (theta - y) / y.numel()
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        theta = theta - eta * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-8)
        torch.testing.assert_close(it.estimate(), theta, rtol=1e-12, atol=1e-12)


def test_averaging_returns_the_exponential_average_of_outputs():
    iterates = list(run(FreeImage(random(1, 2, 2)), observe(random(1, 2, 2, seed=1)), 5, averaging=0.7))
    average = iterates[0].output
    for it in iterates:
        if it is not iterates[0]:
            average = 0.7 * average + 0.3 * it.output
        torch.testing.assert_close(it.estimate(), average)


def test_pixels_outside_the_mask_are_not_fitted():
    mask = random(1, 6, 6) > 0.3
    y, start = random(3, 6, 6), random(3, 6, 6, seed=1)
    y[:, ~mask[0]] = float("nan")
    last = list(run(FreeImage(start), observe(y, mask=mask), 20, learning_rate=0.02))[-1]
    allowed = mask.expand_as(y)
    assert torch.equal(last.estimate()[~allowed], start[~allowed])
    assert (last.estimate() - y)[allowed].abs().mean() < (start - y)[allowed].abs().mean()
    expected = (last.output - y)[allowed].square().mean()
    torch.testing.assert_close(last.loss, expected)


def test_a_mask_without_pixels_is_refused():
    with pytest.raises(ValueError, match="no pixel"):
        next(
            run(
                FreeImage(random(1, 2, 2)),
                observe(random(1, 2, 2), mask=torch.zeros(2, 2, dtype=torch.bool)),
                1,
            )
        )


def test_the_operator_decides_what_is_compared():
    y, start = random(1, 3, 3), random(1, 6, 6, seed=1)
    observation = observe(y, operator=EveryOther())
    assert image_shape(observation) == (1, 6, 6)
    first, second = run(FreeImage(start), observation, 2, optimiser="gd", learning_rate=4.5)
    torch.testing.assert_close(first.loss, (start[:, ::2, ::2] - y).square().mean())
    torch.testing.assert_close(second.output[:, ::2, ::2], y)  # eta = n / 2 solves it in one step
    assert torch.equal(second.output[:, 1::2], start[:, 1::2])


def test_only_true_pixels_enter_the_loss():
    y = random(1, 5, 7)
    frame = Frame(height=5, width=7, multiple=8)
    start = random(1, 8, 8)
    network = FreeImage(start)
    iterate = list(
        itertools.islice(
            fit(network, torch.zeros(1, 1, 1, 1), observe(y), frame=frame, settings=FitSettings()), 30
        )
    )[-1]
    assert iterate.output.shape == y.shape
    moved = (network.theta[0] != start).detach()
    assert bool(frame.crop(moved).all())
    assert int(moved.sum()) == y.numel()


def test_input_noise_is_fresh_seeded_and_absent_from_the_estimate():
    z = random(1, 1, 50, 50)
    torch.manual_seed(0)
    state = torch.get_rng_state()

    def noises(seed, look):
        steps = run(Echo(), observe(torch.zeros(1, 50, 50), seed=seed), 3, z=z, input_noise=0.5)
        outputs = []
        for it in steps:
            if look:
                assert torch.equal(it.estimate(), z[0])
            outputs.append(it.output - z[0])
        return torch.stack(outputs)

    first = noises(3, look=True)
    assert torch.equal(first, noises(3, look=False))
    assert not torch.equal(first, noises(4, look=False))
    correlation = torch.corrcoef(first.flatten(1))
    assert float((correlation - torch.eye(3)).abs().max()) < 0.1
    assert float(first.std()) == pytest.approx(0.5, rel=0.03)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    "how", [{}, {"averaging": 0.9}, {"input_noise": 0.1}], ids=["plain", "averaged", "noisy"]
)
def test_what_was_yielded_is_never_overwritten(how):
    network = Echo() if "input_noise" in how else FreeImage(random(1, 4, 4))
    z = random(1, 1, 4, 4)
    kept, copies = [], []
    for it in run(network, observe(random(1, 4, 4, seed=1)), 6, z=z, **how):
        kept += [it.output, it.loss, it.estimate()]
        copies += [x.clone() for x in kept[-3:]]
    assert all(torch.equal(a, b) for a, b in zip(kept, copies, strict=True))


class _NoReadBack(TorchDispatchMode):
    """Fails where a tensor's value is read back to the host."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.aten._local_scalar_dense.default:
            raise AssertionError("a step waits for the device")
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("optimiser", ["adam", "sgd", "gd"])
def test_a_step_reads_nothing_back(optimiser):
    mask = torch.ones(4, 4, dtype=torch.bool)
    how = {"optimiser": optimiser, "averaging": 0.9, "input_noise": 0.1}
    iterates = run(Echo(), observe(random(1, 4, 4), mask=mask), 5, z=random(1, 1, 4, 4), **how)
    next(iterates)
    with _NoReadBack():
        next(iterates)
        with pytest.raises(AssertionError):
            torch.ones(1).item()


def test_the_callers_gradient_mode_does_not_matter_and_is_kept():
    with torch.no_grad():
        iterates = run(FreeImage(random(1, 2, 2)), observe(random(1, 2, 2, seed=1)), 3)
        for it in iterates:
            assert not torch.is_grad_enabled()
            assert not it.output.requires_grad
            assert not it.estimate().requires_grad


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"optimiser": "lbfgs"}, "Allowed: adam, gd, sgd"),
        ({"averaging": 1.0}, "averaging"),
        ({"momentum": -1}, "mom"),
    ],
)
def test_bad_settings_are_refused(how, words):
    with pytest.raises(ValueError, match=words):
        FitSettings(**how)
