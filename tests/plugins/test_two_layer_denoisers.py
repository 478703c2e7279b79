"""The denoisers of the two-layer plugin: sizes, seeds, masks, operators, and what they gain."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pytest
import torch
from denoising_support import observe, photograph

from priorbench import Observation
from priorbench.errors import PriorbenchError
from priorbench_two_layer.circulant import Circulant, separable, triangle
from priorbench_two_layer.denoisers import TwoLayer, TwoLayerLinear
from priorbench_two_layer.dual_kernel import dual_kernel
from priorbench_two_layer.linearised import fourier_energies, prediction
from priorbench_two_layer.risk import best_iteration, risk
from priorbench_two_layer.wide_dip.solver import WideDeepInversePrior

CPU = torch.device("cpu")


def random(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def at(method, observation: Observation, tau: int) -> torch.Tensor:
    item = next(itertools.islice(method.iterate(observation), tau - 1, None))
    return item.output if item.estimate is None else item.estimate()


def gain(method, clean: np.ndarray, observation: Observation) -> float:
    """Return the gain of the best of 30 iterates over the noisy image, in dB."""
    errors = []
    for item in itertools.islice(method.iterate(observation), 30):
        estimate = item.output if item.estimate is None else item.estimate()
        errors.append(float(np.square(estimate.clamp(0, 1).numpy() - clean).mean()))
    noisy = float(np.square(observation.image.clamp(0, 1).numpy() - clean).mean())
    return 10 * np.log10(noisy / min(errors))


def test_both_denoise_a_photograph():
    clean = photograph(3, 64, 80)
    observation = observe(clean)
    assert gain(TwoLayerLinear(), clean, observation) > 5
    assert gain(TwoLayer(k=64), clean, observation) > 4


def test_the_default_budget_about_minimises_the_closed_form_risk_of_photographs():
    for channels in (1, 3):
        clean = photograph(channels, 256, 256)
        circulant = separable("triangle", (256, 256), 3)
        signal = np.mean([fourier_energies(plane) for plane in clean], axis=0)
        sigma, s = dual_kernel(circulant), 25 / 255 * 256
        best = best_iteration(sigma, circulant.step_size, signal, s, most=1000)
        least, default = risk(sigma, circulant.step_size, [best, TwoLayerLinear().iterations], signal, s)
        assert 10 * np.log10(default / least) < 0.15, best


def test_the_finite_width_approaches_the_limit():
    observation = observe(photograph(1, 32, 32))
    limit = at(TwoLayerLinear(), observation, 8)
    gaps = [
        float((at(TwoLayer(k=k, start="symmetric", omega=1.0), observation, 8) - limit).norm() / limit.norm())
        for k in (64, 1024)
    ]
    assert gaps[1] < 0.5 * gaps[0]
    assert gaps[1] < 0.03


@pytest.mark.parametrize("tau", [1, 2, 7, 150])
@pytest.mark.parametrize("shape", [(3, 20, 31), (1, 1, 24), (1, 9, 8)])
def test_the_closed_form_is_gradient_descent_on_the_linear_model(tau, shape):
    """Without a margin, an image of one row is a signal on a ring. The loss is that before the step."""
    y = torch.rand(shape, generator=random(0))
    observation = Observation(image=y, noise=None, device=CPU)
    method = TwoLayerLinear(width=2.5, margin=0)
    circulant = separable("triangle", shape[1:], 2.5)
    K = dual_kernel(circulant) ** 2
    output, loss = np.zeros(shape), 0.0
    for _ in range(tau):
        r = output - y.numpy()
        loss = float(np.square(r).mean())
        output = output - circulant.step_size * np.fft.ifft2(K * np.fft.fft2(r)).real
    item = next(itertools.islice(method.iterate(observation), tau - 1, None))
    np.testing.assert_allclose(item.estimate().numpy(), output, atol=2e-6)
    assert item.loss == pytest.approx(loss, rel=1e-4)
    if shape[1] == 1:
        sigma = dual_kernel(Circulant(triangle(shape[2], 2.5)))
        signal = prediction(sigma, circulant.step_size, tau, y.numpy()[0, 0].astype(np.float64))
        np.testing.assert_allclose(item.estimate().numpy()[0, 0], signal, atol=2e-6)


METHODS = [TwoLayer(k=16), TwoLayerLinear(), WideDeepInversePrior(k=40)]


@pytest.mark.parametrize("method", METHODS, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 1, 50), (1, 17, 2), (3, 33, 47)])
def test_any_size_any_seed_and_nothing_global(method, shape):
    image = torch.rand(shape, generator=random(0))
    observation = Observation(image=image.clone(), noise=None, device=CPU, seed=3)
    state = torch.get_rng_state()
    first, again = at(method, observation, 3), at(method, observation, 3)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first, again)
    assert first.shape == shape
    assert first.dtype == torch.float32
    assert bool(torch.isfinite(first).all())
    assert torch.equal(observation.image, image)


@pytest.mark.parametrize("method", METHODS, ids=lambda m: type(m).__name__)
def test_the_loss_falls_and_estimates_stay_what_they_were(method):
    observation = observe(photograph(1, 24, 24))
    items = list(itertools.islice(method.iterate(observation), 6))
    losses = [float(item.loss) for item in items]
    assert losses == sorted(losses, reverse=True)
    late = [item.output if item.estimate is None else item.estimate() for item in items]
    for tau in (1, 4):
        torch.testing.assert_close(late[tau - 1], at(method, observation, tau))


class Blur:
    """A x = the mean of neighbours along a row, on half the columns: not square, not symmetric."""

    def A(self, x: torch.Tensor) -> torch.Tensor:  # noqa: N802
        return (x[..., ::2] + x[..., 1::2]) / 2

    def A_adjoint(self, y: torch.Tensor) -> torch.Tensor:  # noqa: N802
        return torch.repeat_interleave(y, 2, dim=-1) / 2


def test_wide_dip_solves_an_inverse_problem_whose_measurement_has_another_shape():
    x = torch.rand((1, 4, 6), generator=random(0)) * 0.5 + 0.2
    observation = Observation(image=Blur().A(x), noise=None, device=CPU, operator=Blur())
    method = WideDeepInversePrior(k=400)
    estimate = at(method, observation, 3000)
    assert estimate.shape == x.shape
    torch.testing.assert_close(Blur().A(estimate), observation.image, atol=2e-3, rtol=0)


def test_wide_dip_is_the_reduced_fit():
    """The same V and h_0 through the compiled float64 fit, with the identity as the operator."""
    from priorbench.toolkit.initialisation import stream
    from priorbench_two_layer.wide_dip.activation import TANH
    from priorbench_two_layer.wide_dip.problem import Reduced
    from priorbench_two_layer.wide_dip.reduced import Descent, fit

    y = torch.rand((1, 3, 4), generator=random(0))
    method = WideDeepInversePrior(k=30, phi="tanh", eta=1.5)
    estimate = at(method, Observation(image=y, noise=None, device=CPU, seed=5), 40)
    V = torch.empty(12, 30).random_(0, 2, generator=stream(5, "columns")).mul_(2).sub_(1).double().numpy()
    h = torch.randn(30, generator=stream(5, "weights")).double().numpy()
    batch = Reduced(B=V[None], y=y.double().numpy().reshape(1, 12), h=h[None])
    run = fit(batch, TANH, Descent(eta=1.5, steps=40, tolerance=0.0, check_every=0))
    np.testing.assert_allclose(estimate.numpy().ravel(), V @ TANH.phi(run.h[0]) / 30**0.5, atol=2e-5)


def test_wide_dip_ignores_masked_pixels():
    mask = torch.rand((1, 5, 6), generator=random(1)) > 0.3
    one = torch.rand((1, 5, 6), generator=random(0))
    two = torch.where(mask, one, 9.0)
    a, b = (
        at(WideDeepInversePrior(k=50), Observation(image=y, noise=None, device=CPU, mask=mask), 20)
        for y in (one, two)
    )
    assert torch.equal(a, b)
    nothing = Observation(image=one, noise=None, device=CPU, mask=torch.zeros_like(mask))
    with pytest.raises(ValueError, match="no pixel"):
        at(WideDeepInversePrior(k=5), nothing, 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TwoLayer(k=3), "k must be even, not 3"),
        (lambda: TwoLayer(width=0.5), "half-width must be at least 1"),
        (lambda: TwoLayerLinear(kernel="box"), "kernel cannot be 'box'"),
        (lambda: TwoLayer(start="zero"), "start cannot be 'zero'"),
        (lambda: TwoLayerLinear(margin=-1), "margin must be at least 0"),
        (lambda: WideDeepInversePrior(phi="relu"), "activation cannot be 'relu'"),
        (lambda: WideDeepInversePrior(columns="normal"), "columns cannot be 'normal'"),
        (lambda: WideDeepInversePrior(eta=-1.0), "eta must be"),
    ],
)
def test_bad_parameters_are_refused(make, message):
    with pytest.raises((ValueError, PriorbenchError), match=message):
        make()


def test_registration_imports_neither_torch_nor_numpy():
    program = (
        "import sys, priorbench_two_layer as p; list(p.priorbench_denoisers()); "
        "print({'torch', 'numpy', 'numba'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
