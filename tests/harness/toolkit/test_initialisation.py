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


def one_of_each() -> nn.Module:
    """Everything that `build` knows, of 8 channels."""
    maps = [
        nn.Conv1d(8, 8, 3),
        nn.Conv2d(8, 8, 3),
        nn.Conv3d(8, 8, 3),
        nn.ConvTranspose1d(8, 8, 4),
        nn.ConvTranspose2d(8, 8, 4),
        nn.ConvTranspose3d(8, 8, 4),
        nn.Linear(8, 8),
    ]
    norms = [nn.BatchNorm1d(8), nn.BatchNorm2d(8), nn.BatchNorm3d(8)]
    fixed = [nn.BatchNorm1d(8, affine=False), nn.BatchNorm2d(8, track_running_stats=False)]
    return nn.ModuleList([*maps, *norms, *fixed, nn.ReLU()])


def test_every_kind_of_convolution_and_normalisation_has_torchs_own_bound():
    network = build(one_of_each, generator=stream(0, "weights"), scale_init="uniform")
    torch_own = one_of_each()
    for ours, theirs in zip(network, torch_own, strict=True):
        if hasattr(ours, "in_channels") or hasattr(ours, "in_features"):
            fan_in, _ = nn.init._calculate_fan_in_and_fan_out(theirs.weight)
            for tensor in (ours.weight, ours.bias):
                assert 0.5 * fan_in**-0.5 < float(tensor.detach().abs().max()) <= fan_in**-0.5
        elif getattr(ours, "affine", False):
            assert 0 <= float(ours.weight.detach().min()) < float(ours.weight.detach().max()) <= 1
            assert not ours.bias.any()
        if getattr(ours, "track_running_stats", False):
            assert torch.equal(ours.running_mean, torch.zeros(8))
            assert torch.equal(ours.running_var, torch.ones(8))
            assert int(ours.num_batches_tracked) == 0


class Blur(nn.Module):
    """A fixed kernel, normalised through the values of a tensor, beside a weight and a random projection."""

    def __init__(self) -> None:
        super().__init__()
        kernel = torch.tensor([1.0, 3.0, 3.0, 1.0])
        self.register_buffer("kernel", (kernel / kernel.sum().item()).double())
        self.register_buffer("projection", torch.randn(5))
        self.conv = nn.Conv1d(1, 1, 4)


def test_buffers_are_what_make_gave_them_and_random_ones_follow_the_seed():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one = build(Blur, generator=stream(7, "weights"), scale_init="one")
    assert torch.equal(torch.get_rng_state(), before)
    assert one.kernel.dtype == torch.float32
    assert one.kernel.tolist() == [0.125, 0.375, 0.375, 0.125]
    torch.manual_seed(2)
    again = build(Blur, generator=stream(7, "weights"), scale_init="one")
    other = build(Blur, generator=stream(8, "weights"), scale_init="one")
    assert torch.equal(one.projection, again.projection) and torch.equal(one.conv.weight, again.conv.weight)
    assert not torch.equal(one.projection, other.projection)


def test_buffers_do_not_shift_the_weights():
    """A network keeps its weights when a buffer is added: shipped methods keep their numbers."""

    def plain() -> nn.Module:
        return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False))

    def running() -> nn.Module:
        return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))

    ours, theirs = (
        build(make, generator=stream(0, "weights"), scale_init="uniform") for make in (plain, running)
    )
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))
    expected = torch.empty(4, 3, 3, 3).uniform_(-(27**-0.5), 27**-0.5, generator=stream(0, "weights"))
    assert torch.equal(ours[0].weight, expected)


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.kernel = torch.ones(3)


class Scaled(nn.Linear):
    def __init__(self) -> None:
        super().__init__(3, 3)
        self.gain = nn.Parameter(torch.ones(3))


@pytest.mark.parametrize(
    ("module", "says"),
    [
        (lambda: nn.Sequential(nn.GroupNorm(2, 4)), r"a GroupNorm \(0\): its parameters bias, weight"),
        (lambda: nn.utils.parametrizations.weight_norm(nn.Linear(3, 3)), "_ParametrizationList|Parametriz"),
        (lambda: nn.LazyLinear(3), "LazyLinear"),
        (lambda: nn.LSTM(3, 3), "LSTM"),
        (Scaled, "a Scaled: its parameters bias, gain, weight"),
        (Plain, r"'kernel' is a plain tensor.*register_buffer"),
    ],
    ids=["group", "parametrised", "lazy", "lstm", "subclass", "plain tensor"],
)
def test_modules_that_would_stay_undefined_are_refused(module, says):
    with pytest.raises(TypeError, match=f"no rule to initialise.*{says}"):
        build(module, generator=stream(0, "weights"), scale_init="one")


def test_what_make_itself_raises_is_told():
    def broken() -> nn.Module:
        raise ValueError("channels must be even")

    with pytest.raises(ValueError, match="channels must be even"):
        build(broken, generator=stream(0, "weights"), scale_init="one")


def test_input_is_uniform_from_zero_to_scale():
    z = uniform_input((1, 32, 16, 16), scale=0.1, generator=stream(0, "input"))
    assert float(z.min()) >= 0
    assert float(z.max()) <= 0.1
    assert float(z.mean()) == pytest.approx(0.05, rel=0.02)
