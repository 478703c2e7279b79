"""The deep decoder against its published parameter counts, its definition and its published statistics."""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from priorbench import Observation
from priorbench.toolkit.initialisation import build, stream
from priorbench.toolkit.sizes import Frame
from priorbench_deep_decoder import priorbench_denoisers
from priorbench_deep_decoder.model import DeepDecoder
from priorbench_deep_decoder.network import Architecture, DecoderNetwork

CPU = torch.device("cpu")
SMALL = {"channels": 8, "layers": 2}


def observe(image: torch.Tensor, **fields: object) -> Observation:
    return Observation(image=image, noise=None, device=CPU, **fields)


def picture(channels: int, height: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(channels, height, width, generator=torch.Generator().manual_seed(seed))


def fitted(
    method: DeepDecoder, observation: Observation, steps: int = 4
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the estimate after some steps, and all losses."""
    iterates = method.iterate(observation)
    seen = list(itertools.islice(iterates, steps))
    return seen[-1].estimate(), torch.stack([it.loss for it in seen])


def parameters(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(
    ("channels", "layers", "outputs", "count"),
    [
        (128, 5, 3, 100_224),
        (512, 5, 3, 1_580_544),
        (256, 5, 3, 397_056),
        (256, 5, 4, 397_312),
        (128, 4, 1, 83_328),
        (256, 4, 1, 330_496),
        (512, 4, 1, 1_316_352),
    ],
)
@pytest.mark.parametrize("order", ["convolve-first", "upsample-first"])
def test_published_parameter_counts(channels, layers, outputs, count, order):
    architecture = Architecture(channels=channels, layers=layers, order=order)
    assert parameters(DecoderNetwork(architecture, outputs=outputs)) == count


def test_without_affine_only_the_mixings_are_trained():
    k, L, c = 16, 3, 3
    architecture = Architecture(channels=k, layers=L, affine=False)
    assert parameters(DecoderNetwork(architecture, outputs=c)) == (L + 1) * k**2 + c * k


def channel_norm(x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor) -> torch.Tensor:
    centred = x - x.mean((0, 2, 3), keepdim=True)
    variance = centred.square().mean((0, 2, 3), keepdim=True)
    return centred / (variance + 1e-5).sqrt() * gamma[:, None, None] + beta[:, None, None]


def up2(x: torch.Tensor, mode: str) -> torch.Tensor:
    """Upsampling by two as a fixed matrix: weights 1/4 and 3/4, repeated at the border; or repetition."""
    if mode == "nearest":
        return x.repeat_interleave(2, -2).repeat_interleave(2, -1)

    def along_last(x):
        left, right = torch.cat([x[..., :1], x[..., :-1]], -1), torch.cat([x[..., 1:], x[..., -1:]], -1)
        return torch.stack([0.25 * left + 0.75 * x, 0.75 * x + 0.25 * right], -1).flatten(-2)

    return along_last(along_last(x).transpose(-1, -2)).transpose(-1, -2)


def as_published(network: DecoderNetwork, z: torch.Tensor, architecture: Architecture) -> torch.Tensor:
    """The network in the published order, operation by operation."""
    a, x = architecture, z
    weights = [layer.mix.weight[:, :, None, None] for layer in network.hidden]
    norms = [(layer.norm.weight, layer.norm.bias) for layer in network.hidden]

    def act(x, norm):
        if a.normalise == "after-activation":
            return channel_norm(x.clamp(min=0), *norm)
        return channel_norm(x, *norm).clamp(min=0)

    if a.order == "upsample-first":
        x = act(F.conv2d(x, weights[0]), norms[0])
        for weight, norm in zip(weights[1:], norms[1:], strict=True):
            x = act(F.conv2d(up2(x, a.upsampling), weight), norm)
    else:
        for weight, norm in zip(weights[:-1], norms[:-1], strict=True):
            x = act(up2(F.conv2d(x, weight), a.upsampling), norm)
        x = act(F.conv2d(x, weights[-1]), norms[-1])
    return torch.sigmoid(F.conv2d(x, network.output.weight[:, :, None, None]))


@pytest.mark.parametrize("upsampling", ["bilinear", "nearest"])
@pytest.mark.parametrize("normalise", ["after-activation", "before-activation"])
@pytest.mark.parametrize("order", ["convolve-first", "upsample-first"])
def test_network_is_the_published_function(order, normalise, upsampling):
    """Values and gradients, float64, against a direct transcription of the description."""
    a = Architecture(channels=12, layers=3, order=order, normalise=normalise, upsampling=upsampling)
    network = build(
        lambda: DecoderNetwork(a, outputs=3), generator=stream(0, "weights"), scale_init="uniform"
    ).double()
    z = picture(12, 4, 6)[None].double().to(memory_format=torch.channels_last)
    weights = picture(3, 32, 48, seed=1)[None].double()
    results = []
    for forward in (network, lambda z: as_published(network, z, a)):
        network.zero_grad()
        output = forward(z)
        (output * weights).sum().backward()
        results.append([output.detach(), *(p.grad.clone() for p in network.parameters())])
    for ours, published in zip(*results, strict=True):
        torch.testing.assert_close(ours, published, rtol=1e-9, atol=1e-11)


def specs() -> dict[str, object]:
    return {spec.name: spec for spec in priorbench_denoisers()}


@pytest.mark.parametrize(
    ("name", "count", "upsamples", "normalise", "iterations"),
    [
        ("deep-decoder-under", 100_224, (False, *[True] * 5), "after-activation", 3000),
        ("deep-decoder-over", 1_580_544, (*[True] * 5, False), "before-activation", 1500),
    ],
)
def test_presets_are_table_1(name, count, upsamples, normalise, iterations):
    method = DeepDecoder(**specs()[name].preset)
    assert parameters(DecoderNetwork(method.architecture, outputs=3)) == count
    assert method.architecture.upsamples == upsamples
    assert method.architecture.normalise == normalise
    assert method.iterations == iterations
    settings = method.untrained.settings
    assert (settings.optimiser, settings.learning_rate, settings.input_noise, settings.averaging) == (
        "adam",
        0.01,
        0,
        0,
    )
    _, z = method.untrained.start(3, Frame(height=512, width=512, multiple=32, coarsest=2), seed=0)
    assert z.shape == (1, method.architecture.channels, 16, 16)
    assert 0.099 < float(z.max()) <= 0.1


def test_registration_imports_no_torch():
    program = (
        "import sys, priorbench_deep_decoder as p; list(p.priorbench_denoisers()); "
        "print({'torch', 'numpy'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_same_seed_same_bits_and_nothing_global_is_touched():
    observation = observe(picture(3, 40, 40), seed=5)
    torch.manual_seed(0)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    first, losses = fitted(DeepDecoder(**SMALL, input_noise=0.01), observation)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    torch.manual_seed(1)
    again, losses_again = fitted(DeepDecoder(**SMALL, input_noise=0.01), observation)
    assert torch.equal(first, again)
    assert torch.equal(losses, losses_again)
    other, _ = fitted(DeepDecoder(**SMALL, input_noise=0.01), observe(picture(3, 40, 40), seed=6))
    assert not torch.equal(first, other)


@pytest.mark.parametrize("name", ["deep-decoder-under", "deep-decoder-over"])
def test_presets_repeat_bit_for_bit(name):
    observation = observe(picture(3, 64, 64), seed=1)
    (one, _), (two, _) = (fitted(DeepDecoder(**specs()[name].preset), observation, 3) for _ in range(2))
    assert torch.equal(one, two)


def test_the_seed_decides_weights_and_input():
    frame = Frame(height=16, width=16, multiple=4)
    (one, z_one), (same, z_same), (other, z_other) = (
        DeepDecoder(**SMALL).untrained.start(1, frame, seed) for seed in (1, 1, 2)
    )
    drawn = [name for name, weight in one.named_parameters() if weight.any()]  # shifts begin at 0
    assert len(drawn) > 5
    for name in drawn:
        assert torch.equal(one.get_parameter(name), same.get_parameter(name))
        assert not torch.equal(one.get_parameter(name), other.get_parameter(name))
    assert torch.equal(z_one, z_same)
    assert not torch.equal(z_one, z_other)


def test_an_image_after_another_gives_the_same_bits_as_alone():
    method = DeepDecoder(**SMALL)
    alone, _ = fitted(DeepDecoder(**SMALL), observe(picture(1, 24, 24, seed=2), seed=3))
    fitted(method, observe(picture(3, 20, 31), seed=3))
    after, _ = fitted(method, observe(picture(1, 24, 24, seed=2), seed=3))
    assert torch.equal(alone, after)


@pytest.mark.parametrize("shape", [(3, 33, 47), (1, 33, 47), (1, 1, 1), (3, 1, 50), (1, 17, 17), (3, 64, 96)])
@pytest.mark.parametrize("layers", [1, 5])
def test_any_size_works(shape, layers):
    estimate, losses = fitted(DeepDecoder(channels=8, layers=layers), observe(picture(*shape)), 3)
    assert estimate.shape == shape
    assert bool(torch.isfinite(estimate).all())
    assert bool(torch.isfinite(losses).all())


def test_masked_pixels_do_not_influence_the_fit():
    mask = picture(1, 20, 28, seed=1) > 0.2
    one, two = picture(3, 20, 28), picture(3, 20, 28)
    two[:, ~mask[0]] = 7.0
    a, b, without = (
        fitted(DeepDecoder(**SMALL), observe(image, mask=m))[0]
        for image, m in [(one, mask), (two, mask), (two, None)]
    )
    assert torch.equal(a, b)
    assert not torch.equal(b, without)


class Negative:
    """A x = 1 - x."""

    def A(self, x: torch.Tensor) -> torch.Tensor:  # noqa: N802
        return 1 - x

    def A_adjoint(self, y: torch.Tensor) -> torch.Tensor:  # noqa: N802
        return -y


def test_the_operator_is_inverted():
    y = torch.full((1, 16, 16), 0.9)
    estimate, _ = fitted(DeepDecoder(**SMALL), observe(y, operator=Negative()), 150)
    torch.testing.assert_close(estimate, torch.full_like(y, 0.1), atol=0.03, rtol=0)


@pytest.mark.parametrize(
    "optimiser", [{}, {"optimiser": "sgd", "learning_rate": 0.1}, {"optimiser": "gd", "learning_rate": 0.3}]
)
def test_the_fit_gets_better(optimiser):
    ramp = torch.linspace(0, 1, 32).expand(1, 32, 32)
    _, losses = fitted(DeepDecoder(channels=16, layers=3, **optimiser), observe(ramp), 60)
    assert float(losses[-1]) < 0.3 * float(losses[0])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"channels": 0}, "channels must be at least 1, not 0"),
        ({"order": "upsample-frist"}, "did you mean 'upsample-first'"),
        ({"scale_init": "ones"}, "did you mean 'one'"),
        ({"iterations": 0}, "iterations must be at least 1"),
        ({"input_scale": -0.1}, "input_scale"),
    ],
)
def test_bad_parameters_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        DeepDecoder(**wrong)
