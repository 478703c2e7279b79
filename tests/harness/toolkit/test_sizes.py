"""The shared helpers of untrained networks, against closed forms and numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from priorbench.toolkit.checks import at_least, one_of, within
from priorbench.toolkit.initialisation import build, stream, uniform_input
from priorbench.toolkit.sizes import Frame


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


# --- sizes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("height", "width", "size"),
    [
        (512, 512, (512, 512)),
        (321, 481, (352, 512)),
        (64, 96, (64, 96)),
        (17, 17, (64, 64)),
        (1, 65, (64, 96)),
    ],
)
def test_frame_sides_are_multiples_and_not_too_small(height, width, size):
    frame = Frame(height=height, width=width, multiple=32, coarsest=2)
    assert frame.size == size
    assert frame.coarse_size == (size[0] // 32, size[1] // 32)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3, 8, 32]), st.integers(1, 2))
def test_reflected_padding_is_numpys_and_crop_undoes_it(height, width, multiple, coarsest):
    frame = Frame(height=height, width=width, multiple=multiple, coarsest=coarsest)
    image = random(2, height, width)
    padded = frame.pad_reflect(image)
    assert torch.equal(frame.crop(padded), image)
    margins = [(0, 0)]
    for side, length in zip(frame.size, (height, width), strict=True):
        margins.append(((side - length) // 2, side - length - (side - length) // 2))
    assert np.array_equal(padded.numpy(), np.pad(image.numpy(), margins, mode="reflect"))


def test_frame_refuses_other_sizes():
    frame = Frame(height=20, width=30, multiple=16)
    with pytest.raises(ValueError, match=r"\(32, 32\)"):
        frame.crop(torch.zeros(3, 20, 30))
    with pytest.raises(ValueError, match=r"\(20, 30\)"):
        frame.pad_reflect(torch.zeros(3, 32, 32))
    with pytest.raises(ValueError, match="height must be at least 1"):
        Frame(height=0, width=3)


# --- checks ------------------------------------------------------------------------------------------


def test_checks_say_what_is_allowed():
    with pytest.raises(ValueError, match="channels must be at least 1, not 0"):
        at_least(1, channels=0)
    with pytest.raises(ValueError, match=r"averaging must be a finite number in \[0, 1\), not 1"):
        within(0, 1, averaging=1.0)
    with pytest.raises(ValueError, match="learning_rate must be a finite number at least 0, not nan"):
        within(0, float("inf"), learning_rate=float("nan"))
    with pytest.raises(ValueError, match="did you mean 'adam'"):
        one_of(("adam", "sgd"), optimiser="adan")


# --- initialisation ----------------------------------------------------------------------------------


def make_network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(50, 60, 3),
        nn.BatchNorm2d(60, track_running_stats=False),
        nn.ReLU(),
        nn.Linear(400, 300, bias=False),
    )


def test_streams_differ_by_seed_and_purpose_and_repeat():
    def first(seed, purpose):
        return torch.rand(4, generator=stream(seed, purpose)).tolist()

    assert first(1, "weights") == first(1, "weights")
    assert len({tuple(first(s, p)) for s in (0, 1, 2**40) for p in ("weights", "input")}) == 6


def test_weights_have_the_published_distributions():
    network = build(make_network, generator=stream(0, "weights"), scale_init="uniform")
    for tensor, bound in [
        (network[0].weight, 450**-0.5),
        (network[0].bias, 450**-0.5),
        (network[3].weight, 400**-0.5),
    ]:
        assert tensor.abs().max() <= bound
        assert tensor.abs().max() > 0.95 * bound
        assert float(tensor.detach().std()) == pytest.approx(
            bound / 3**0.5, rel=0.2 if tensor.ndim == 1 else 0.02
        )
    scale = network[1].weight.detach()
    assert 0 <= float(scale.min()) < 0.1 < 0.9 < float(scale.max()) <= 1
    assert not network[1].bias.any()
    ones = build(make_network, generator=stream(0, "weights"), scale_init="one")[1].weight
    assert torch.equal(ones, torch.ones(60))


def test_building_leaves_the_global_generator_alone_and_does_not_read_it():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one = build(make_network, generator=stream(7, "weights"), scale_init="uniform")
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    two = build(make_network, generator=stream(7, "weights"), scale_init="uniform")
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


@pytest.mark.parametrize(
    "module", [lambda: nn.GroupNorm(2, 4), lambda: nn.BatchNorm2d(4)], ids=["group", "running"]
)
def test_modules_that_would_stay_undefined_are_refused(module):
    with pytest.raises(TypeError, match="no rule to initialise"):
        build(module, generator=stream(0, "weights"), scale_init="one")


def test_input_is_uniform_from_zero_to_scale():
    z = uniform_input((1, 32, 16, 16), scale=0.1, generator=stream(0, "input"))
    assert float(z.min()) >= 0
    assert float(z.max()) <= 0.1
    assert float(z.mean()) == pytest.approx(0.05, rel=0.02)
