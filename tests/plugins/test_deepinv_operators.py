"""The physics objects of deepinv as operators, where that package can be imported."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import torch

from priorbench.errors import PriorbenchError
from priorbench.protocol.least_squares import pseudo_inverse
from priorbench_operators.physics import PhysicsModel


def _missing() -> str:
    try:
        importlib.import_module("deepinv")
    except Exception as error:  # a torchvision for another torch raises a RuntimeError
        return f"deepinv cannot be imported ({error}): pip install 'priorbench[deepinv]'"
    return ""


needs_deepinv = pytest.mark.skipif(bool(_missing()), reason=_missing())
PHYSICS = [
    ("Inpainting", {"mask": 0.4}),
    ("CompressedSensing", {"m": 20}),
    ("Downsampling", {"factor": 2, "filter": "bicubic", "padding": "circular"}),
    ("BlurFFT", {}),
    ("Denoising", {}),
]


def drawn(physics, shape=(1, 6, 8), **arguments):
    return PhysicsModel(physics=physics, arguments=arguments).draw(shape, np.random.default_rng(0))


def test_batches_and_vectors_become_one_image_and_three_axes():
    operator = drawn("operator_things:Rows", (3, 6, 8))
    x = torch.rand(3, 6, 8, dtype=torch.float64)
    y = operator.A(x)
    assert y.shape == (1, 1, 18)
    assert torch.allclose(y.reshape(3, 6), x.sum(-1))
    assert operator.A_adjoint(y).shape == (3, 6, 8)


def test_what_is_not_there_is_refused_in_one_line():
    with pytest.raises(PriorbenchError, match=r"torch has no 'no_such_thing'"):
        drawn("torch:no_such_thing")
    with pytest.raises(PriorbenchError, match=r"no_such_module:x cannot be imported: ModuleNotFoundError"):
        drawn("no_such_module:x")
    with pytest.raises(PriorbenchError, match="no A_adjoint: only linear physics"):
        drawn("operator_things:Nothing")


@needs_deepinv
@pytest.mark.parametrize(("name", "arguments"), PHYSICS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_deepinv_physics_are_operators_unchanged(name, arguments, dtype):
    """They compute in single precision, whatever the image has."""
    shape = (1, 16, 12)
    if name == "BlurFFT":
        arguments = {
            "filter": importlib.import_module("deepinv").physics.functional.blur.gaussian_blur(
                sigma=(1.0, 2.0)
            )
        }
    operator = drawn(name, shape, **arguments)
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(shape, generator=generator, dtype=dtype).requires_grad_()
    y = operator.A(x)
    assert (y.ndim, y.dtype) == (3, dtype)
    other = torch.rand(y.shape, generator=generator, dtype=dtype)
    product = (y * other).sum()
    error = (product - (x * operator.A_adjoint(other)).sum()).abs()
    assert float(error.detach()) < 1e-5 * float((y.norm() * other.norm()).detach())
    [gradient] = torch.autograd.grad(product, x)
    assert torch.allclose(gradient, operator.A_adjoint(other), atol=1e-4)
    assert torch.isfinite(pseudo_inverse(operator, y.detach())).all()


@needs_deepinv
def test_deepinv_physics_are_drawn_from_the_given_generator():
    first, again = (drawn("CompressedSensing", m=5) for _ in range(2))
    other = PhysicsModel(physics="CompressedSensing", arguments={"m": 5}).draw(
        (1, 6, 8), np.random.default_rng(1)
    )
    x = torch.rand(1, 6, 8)
    assert torch.equal(first.A(x), again.A(x))
    assert not torch.allclose(first.A(x), other.A(x))


@needs_deepinv
def test_a_misspelt_physics_has_a_suggestion():
    with pytest.raises(PriorbenchError, match=r"has no 'Inpaint'; did you mean 'Inpainting'"):
        drawn("Inpaint")
