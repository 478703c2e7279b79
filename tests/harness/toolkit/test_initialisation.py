"""How networks begin: the distributions of weights and inputs, and whose random numbers they are."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from priorbench.toolkit.initialisation import build, stream, uniform_input


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
