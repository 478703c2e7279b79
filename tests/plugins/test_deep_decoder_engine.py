"""The fused engine against the plain network and against the network as the publication codes it."""

from __future__ import annotations

import gc
import itertools
import sys
import threading

import pytest
import torch
from kernels import alone
from torch import nn

from priorbench import Observation
from priorbench.errors import PriorbenchError
from priorbench.toolkit.fitting import FitSettings, fit
from priorbench.toolkit.initialisation import build, stream
from priorbench.toolkit.sizes import Frame
from priorbench_deep_decoder.model import DeepDecoder
from priorbench_deep_decoder.network import Architecture, DecoderNetwork

function = pytest.importorskip("priorbench_deep_decoder.engine.function")
FusedDecoder = function.FusedDecoder

UNDER = {"channels": 128}
OVER = {"channels": 512, "order": "convolve-first", "normalise": "before-activation"}


def make(
    dtype: torch.dtype = torch.float64, outputs: int = 3, seed: int = 0, shift: float = 0.3, **constants
) -> DecoderNetwork:
    """Return a decoder whose shifts are not zero, as they are at the start, so that every path is used."""
    architecture = Architecture(**constants)
    generator = stream(seed, "weights")
    network = build(
        lambda: DecoderNetwork(architecture, outputs=outputs), generator=generator, scale_init="uniform"
    )
    with torch.no_grad():
        for layer in network.hidden:
            if architecture.affine:
                layer.norm.bias.uniform_(-shift, shift, generator=generator)
    return network.to(dtype)


def net_input(network: DecoderNetwork, height: int, width: int, seed: int = 1) -> torch.Tensor:
    shape = (1, network.architecture.channels, height, width)
    z = torch.rand(shape, generator=stream(seed, "input"))
    return (0.1 * z).to(network.output.weight.dtype).contiguous(memory_format=torch.channels_last)


def target_like(output: torch.Tensor, seed: int = 2) -> torch.Tensor:
    return torch.rand(output.shape, generator=stream(seed, "target"), dtype=torch.float64).to(output.dtype)


def gradients(forward: nn.Module, z: torch.Tensor) -> list[torch.Tensor]:
    """Return output, input gradient and all parameter gradients of a mean squared error."""
    forward.zero_grad()
    z = z.clone(memory_format=torch.preserve_format).requires_grad_()
    output = forward(z)
    nn.functional.mse_loss(output, target_like(output)).backward()
    return [output.detach(), z.grad, *parameter_gradients(forward)]


def parameter_gradients(module: nn.Module) -> list[torch.Tensor]:
    """Return copies of the gradients of all parameters, as the plain network has them."""
    if isinstance(module, FusedDecoder):
        return module.parts(module.theta.grad.clone())
    return [p.grad.clone() for p in module.parameters()]


def distance(ours: list[torch.Tensor], exact: list[torch.Tensor]) -> float:
    """Return the largest relative error, in the 2-norm, of any of the tensors."""
    return max(
        float((a.double() - b.double()).norm() / b.double().norm()) for a, b in zip(ours, exact, strict=True)
    )


@pytest.fixture(scope="module", autouse=True)
def compiled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have the kernels on disk, whichever of the test processes compiles them."""
    for dtype, name in ((torch.float64, "deep-decoder-float64"), (torch.float32, "float32")):
        network = make(dtype, channels=2, layers=1)
        with alone(tmp_path_factory, name):
            gradients(FusedDecoder(network), net_input(network, 2, 2))


@pytest.mark.parametrize("affine", [True, False], ids=["affine", "bare"])
@pytest.mark.parametrize("upsampling", ["bilinear", "nearest"])
@pytest.mark.parametrize("normalise", ["after-activation", "before-activation"])
@pytest.mark.parametrize("order", ["convolve-first", "upsample-first"])
def test_the_engine_is_the_plain_network(order, normalise, upsampling, affine):
    network = make(
        channels=12, layers=3, order=order, normalise=normalise, upsampling=upsampling, affine=affine
    )
    z = net_input(network, 2, 3)
    assert distance(gradients(FusedDecoder(network), z), gradients(network, z)) < 1e-12


@pytest.mark.parametrize(
    ("constants", "outputs", "size"),
    [
        ({"channels": 1, "layers": 1}, 1, (2, 2)),
        ({"channels": 7, "layers": 1, "sigmoid": False}, 2, (1, 5)),
        ({"channels": 40, "layers": 2}, 11, (3, 1)),
        ({"channels": 70, "layers": 4, **{k: OVER[k] for k in ("order", "normalise")}}, 9, (5, 4)),
    ],
    ids=str,
)
def test_any_channels_outputs_layers_and_sizes(constants, outputs, size):
    network = make(outputs=outputs, **constants)
    z = net_input(network, *size)
    assert distance(gradients(FusedDecoder(network), z), gradients(network, z)) < 1e-10


def test_many_tiles_are_one(monkeypatch):
    program = sys.modules["priorbench_deep_decoder.engine.program"]
    monkeypatch.setattr(program, "TILE_BYTES", 1)
    for constants in (UNDER, OVER):
        network = make(**{**constants, "channels": 32, "layers": 3})
        z = net_input(network, 3, 4)
        expected = gradients(network, z)
        for pixels in (1, 40, 10_000):
            monkeypatch.setattr(program, "TILE_PIXELS", pixels)
            assert distance(gradients(FusedDecoder(network), z), expected) < 1e-12


class Published(nn.Module):
    """The decoder as the publication codes it: torch's own layers, in the published order."""

    def __init__(self, network: DecoderNetwork) -> None:
        super().__init__()
        a, layers = network.architecture, []
        for number, own in enumerate(network.hidden):
            convolution = nn.Conv2d(a.channels, a.channels, 1, bias=False)
            convolution.weight.data = own.mix.weight.detach().clone()[:, :, None, None]
            norm = nn.BatchNorm2d(a.channels)
            norm.load_state_dict({**norm.state_dict(), **own.norm.state_dict()})
            up = nn.Upsample(scale_factor=2, mode=a.upsampling)
            if a.order == "convolve-first":
                layers += [convolution, up] if number < a.layers else [convolution]
            else:
                layers += [up, convolution] if number else [convolution]
            layers += [nn.ReLU(), norm] if a.normalise == "after-activation" else [norm, nn.ReLU()]
        last = nn.Conv2d(a.channels, network.output.out_features, 1, bias=False)
        last.weight.data = network.output.weight.detach().clone()[:, :, None, None]
        self.net = nn.Sequential(*layers, last, nn.Sigmoid()).to(network.output.weight.dtype)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.net(z)


def picture(height: int, width: int) -> torch.Tensor:
    """A disc on a slope, in three colours, with noise."""
    down, right = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    disc = ((down - 0.2) ** 2 + right**2 < 0.3).float()
    clean = torch.stack([0.2 + 0.5 * disc, 0.5 + 0.3 * right, 0.4 + 0.2 * down + 0.2 * disc])
    return clean + 0.1 * torch.randn(clean.shape, generator=stream(3, "noise"))


def losses(network: nn.Module, z: torch.Tensor, shape: tuple[int, int], steps: int) -> torch.Tensor:
    y = picture(*shape)
    observation = Observation(image=y, noise=None, device=torch.device("cpu"))
    frame = Frame(height=shape[0], width=shape[1], multiple=32, coarsest=2)
    iterates = fit(network, z, observation, frame=frame, settings=FitSettings())
    return torch.stack([it.loss for it in itertools.islice(iterates, steps)])


@pytest.mark.parametrize(
    ("constants", "shape", "steps"),
    # the widest one for some steps only: they take half a second each
    [
        (UNDER, (64, 64), 50),
        (UNDER, (37, 61), 50),
        ({**OVER, "channels": 96}, (61, 37), 50),
        (OVER, (61, 37), 15),
    ],
    ids=["under", "under-odd", "over-odd", "over-wide"],
)
@pytest.mark.slow(8)
def test_trajectories_are_those_of_the_published_network(constants, shape, steps):
    """Adam with the published step, float64: both ways of computing against torch's layers as published."""
    z = net_input(make(**constants), 2, 2).contiguous(memory_format=torch.channels_last)
    published, plain, fused = (
        losses(wrap(make(shift=0.0, **constants)), z, shape, steps)
        for wrap in (Published, nn.Sequential, FusedDecoder)
    )
    assert float(published[-1]) < 0.7 * float(published[0])
    torch.testing.assert_close(plain, published, rtol=1e-8, atol=0)
    torch.testing.assert_close(fused, published, rtol=1e-8, atol=0)


@pytest.mark.parametrize(("constants", "sizes"), [(UNDER, (64, 128)), (OVER, (64,))], ids=["under", "over"])
def test_single_precision_is_no_worse_than_the_plain_networks(constants, sizes):
    """First-step gradients against float64, the geometric mean over five seeds: at most twice as far off."""
    for size in sizes:
        ratios = []
        for seed in range(5):
            exact = make(seed=seed, **constants)
            z = net_input(exact, size // 32, size // 32, seed)
            reference = gradients(exact, z)[2:]
            single = make(torch.float32, seed=seed, **constants)
            plain = Published(single)
            published = distance(_published_gradients(plain, z.float()), _mixings(reference, exact))
            ours = gradients(FusedDecoder(single), z.float())[2:]
            ratios.append(distance(_mixings(ours, single), _mixings(reference, exact)) / published)
        print(size, [f"{ratio:.2f}" for ratio in ratios])
        assert float(torch.tensor(ratios).log().mean().exp()) < 2


def _mixings(found: list[torch.Tensor], network: DecoderNetwork) -> list[torch.Tensor]:
    return [g for g, p in zip(found, network.parameters(), strict=True) if p.ndim == 2]


def _published_gradients(published: Published, z: torch.Tensor) -> list[torch.Tensor]:
    output = published(z)
    nn.functional.mse_loss(output, target_like(output)).backward()
    return [p.grad.flatten(1) for p in published.parameters() if p.ndim == 4]


def test_statistics_survive_a_large_mean():
    """E[x^2] - E[x]^2 in single precision would be off by all its digits here."""
    network = make(torch.float32, channels=16, layers=2, normalise="before-activation")
    exact = make(torch.float64, channels=16, layers=2, normalise="before-activation")
    z = net_input(exact, 4, 4) * 0.01 + 10
    ours, expected = FusedDecoder(network)(z.float()), exact(z)
    plain = network(z.float())
    assert (ours - expected).norm() < 2 * (plain - expected).norm()


def test_a_backward_pass_after_another_forward_pass():
    network = make(channels=16, layers=2)
    fused = FusedDecoder(network)
    one, two = net_input(network, 2, 2), net_input(network, 2, 2, seed=7)
    expected = gradients(network, one)[2:]
    fused.zero_grad()
    output = fused(one)
    loss = nn.functional.mse_loss(output, target_like(output))
    with torch.no_grad():
        fused(two)
    loss.backward(retain_graph=True)
    assert distance(parameter_gradients(fused), expected) < 1e-12
    fused.zero_grad()
    loss.backward()
    assert distance(parameter_gradients(fused), expected) < 1e-12


def test_what_the_engine_does_not_take_is_computed_by_the_plain_network():
    network = make(torch.float32, channels=8, layers=2)
    two = torch.rand(2, 8, 3, 3)
    assert torch.equal(FusedDecoder(network)(two), network(two))
    half = make(torch.bfloat16, channels=8, layers=2)
    z = net_input(half, 2, 2)
    assert torch.equal(FusedDecoder(half)(z), half(z))


def test_the_number_of_threads_is_left_alone_and_does_not_matter():
    before = torch.get_num_threads()
    try:
        found = []
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            network = make(torch.float64, channels=48, layers=4)
            found.append(gradients(FusedDecoder(network), net_input(network, 3, 3)))
            assert torch.get_num_threads() == threads
        assert distance(found[1], found[0]) < 1e-12
        assert distance(found[2], found[0]) < 1e-12
    finally:
        torch.set_num_threads(before)


def observation() -> Observation:
    image = torch.rand(3, 40, 24, generator=stream(0, "image"))
    mask = torch.rand(40, 24, generator=stream(1, "mask")) > 0.2
    return Observation(image=image, noise=None, device=torch.device("cpu"), mask=mask, seed=3)


def test_a_fit_that_ended_leaves_no_thread():
    """At once, not when the garbage collector comes, except for the first: compiling keeps all alive."""
    estimate("fused")
    gc.collect()
    others, threads = set(threading.enumerate()), torch.get_num_threads()
    gc.disable()
    try:
        torch.set_num_threads(2)
        fit = DeepDecoder(channels=16, layers=2, engine="fused").iterate(observation())
        next(fit).estimate()
        started = set(threading.enumerate()) - others
        assert started
        fit.close()
        del fit
        for thread in started:
            thread.join(timeout=10)
        assert not any(thread.is_alive() for thread in started)
    finally:
        gc.enable()
        torch.set_num_threads(threads)


def estimate(engine: str, **parameters: object) -> torch.Tensor:
    method = DeepDecoder(channels=16, layers=2, engine=engine, **parameters)
    return list(itertools.islice(method.iterate(observation()), 5))[-1].estimate()


@pytest.mark.parametrize("parameters", [{}, {"input_noise": 0.03}, {"averaging": 0.9}], ids=str)
def test_the_method_gives_the_same_estimate(parameters):
    plain, fused, auto = (estimate(engine, **parameters) for engine in ("plain", "fused", "auto"))
    torch.testing.assert_close(fused, plain, rtol=0, atol=1e-4)
    assert torch.equal(auto, fused)


def test_without_numba_auto_is_plain_and_fused_is_refused(monkeypatch):
    plain = estimate("plain")
    monkeypatch.setattr("priorbench.toolkit.engines.find_spec", lambda name: None)
    assert torch.equal(estimate("auto"), plain)
    with pytest.raises(PriorbenchError, match="numba is not installed"):
        estimate("fused")


def test_engines_have_names():
    with pytest.raises(ValueError, match="did you mean 'fused'"):
        DeepDecoder(engine="fuse")
