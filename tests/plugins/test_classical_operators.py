"""The classical methods for any operator: least squares, and total variation with a constraint."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from denoising_support import observe, photograph
from scipy.optimize import linprog

from priorbench import NoiseDescriptor, Observation
from priorbench_classical.pseudo_inverse import PseudoInverse
from priorbench_classical.tv import TotalVariation
from priorbench_classical.tv_constrained import (
    ConstrainedTotalVariation,
    differences,
    differences_adjoint,
    operator_norm,
)
from priorbench_operators.dense_gaussian import DenseGaussianModel
from priorbench_operators.downsample import DownsampleModel
from priorbench_operators.mask import MaskModel


def inverse_problem(model, clean, sigma=0.02, seed=0) -> Observation:
    x = torch.as_tensor(clean, dtype=torch.float32)
    rng = np.random.default_rng(seed)
    operator = model.draw(tuple(x.shape), rng)
    y = operator.A(x)
    y = y + sigma * torch.from_numpy(rng.standard_normal(tuple(y.shape))).float()
    measured = getattr(operator, "measured", None)
    return Observation(
        image=y if measured is None else torch.where(measured, y, 0),
        noise=NoiseDescriptor(family="gaussian", sigma=sigma),
        device=torch.device("cpu"),
        operator=operator,
        mask=measured,
    )


def total_variation(x) -> float:
    return float(differences(torch.as_tensor(x)).square().sum(dim=(0, 1)).sqrt().sum())


def test_differences_and_their_adjoint():
    x, p = torch.randn(3, 7, 5, dtype=torch.float64), torch.randn(2, 3, 7, 5, dtype=torch.float64)
    assert float((differences(x) * p).sum()) == pytest.approx(
        float((x * differences_adjoint(p)).sum()), abs=1e-12
    )
    assert not differences(torch.ones(1, 4, 6)).any()


@pytest.mark.parametrize(
    "model", [MaskModel(keep=0.5), DownsampleModel(factor=2), DenseGaussianModel(ratio=0.4)]
)
def test_the_norm_is_bounded_by_power_iterations(model):
    observation = inverse_problem(model, photograph(1, 12, 14))
    operator = observation.operator
    columns = [operator.A(row.reshape(1, 12, 14)).reshape(-1) for row in torch.eye(168, dtype=torch.float64)]
    exact = float(torch.linalg.matrix_norm(torch.stack(columns, 1), 2))
    assert (
        exact
        <= operator_norm(observation.operator, observation.image.new_empty(observation.shape))
        < 1.05 * exact
    )


def test_in_denoising_it_is_the_total_variation_of_scikit_image():
    """Of all pictures with that residual, the one of least total variation: Chambolle's with some weight."""
    observation = observe(photograph(1, 40, 50))
    penalised = TotalVariation(weight=0.8, eps=1e-10, max_iterations=5000).denoise(observation)
    residual = float((penalised - observation.image).double().square().mean().sqrt())
    method = ConstrainedTotalVariation(discrepancy=residual / observation.sigma, tolerance=0, steps=3000)
    constrained = method.denoise(observation)
    assert float((constrained - penalised).square().mean().sqrt()) < 5e-4
    assert total_variation(constrained) == pytest.approx(total_variation(penalised), rel=1e-3)


@pytest.mark.parametrize(
    "model", [MaskModel(keep=0.5), DownsampleModel(factor=2), DenseGaussianModel(ratio=0.5)]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_the_residual_is_as_large_as_the_noise(model, channels):
    observation = inverse_problem(model, photograph(channels, 24, 26))
    before = observation.image.clone()
    x = ConstrainedTotalVariation().denoise(observation)
    residual = observation.operator.A(x) - observation.image
    m = residual.numel() if observation.mask is None else int(observation.mask.expand_as(residual).sum())
    assert x.shape == (channels, 24, 26)
    assert torch.equal(observation.image, before)
    assert float(residual.double().norm()) == pytest.approx(np.sqrt(m) * 0.02, rel=0.01)


def test_a_line_without_noise_is_the_solution_of_a_linear_programme():
    """Half of a staircase is seen; the least total variation through it is an l1 problem, solved by HiGHS."""
    clean = np.repeat([0.2, 0.9, 0.4, 0.6], 8).reshape(1, 1, 32).astype(np.float32)
    observation = inverse_problem(MaskModel(keep=0.5), clean, sigma=0.0)
    seen = observation.mask.reshape(-1).numpy()
    n = 32
    D = np.diff(np.eye(n), axis=0)
    # minimise sum t with -t <= D x <= t and x = y where it is seen
    slack = np.eye(n - 1)
    bounds = [(v, v) if s else (None, None) for v, s in zip(clean.reshape(-1), seen, strict=True)]
    programme = linprog(
        np.r_[np.zeros(n), np.ones(n - 1)],
        A_ub=np.block([[D, -slack], [-D, -slack]]),
        b_ub=np.zeros(2 * (n - 1)),
        bounds=bounds + [(0, None)] * (n - 1),
    )
    x = ConstrainedTotalVariation(tolerance=0, steps=5000).denoise(observation)
    assert total_variation(x) == pytest.approx(programme.fun, rel=1e-3)
    assert np.allclose(x.reshape(-1).numpy()[seen], clean.reshape(-1)[seen], atol=1e-3)


def test_the_pseudo_inverse_explains_what_was_measured_and_nothing_else():
    observation = inverse_problem(DownsampleModel(factor=2), photograph(3, 24, 26))
    x = PseudoInverse().denoise(observation)
    assert (x.dtype, tuple(x.shape)) == (torch.float32, (3, 24, 26))
    assert torch.allclose(observation.operator.A(x), observation.image, atol=1e-4)
    # of least norm: orthogonal to whatever A does not see
    other = torch.randn(3, 24, 26)
    unseen = other - PseudoInverse().denoise(
        Observation(
            image=observation.operator.A(other),
            noise=None,
            device=torch.device("cpu"),
            operator=observation.operator,
        )
    )
    assert abs(float((x * unseen).sum())) < 1e-3 * float(x.norm() * unseen.norm())
