"""`precision: bfloat16` of the deep decoder: what is rounded, and that nothing else is."""

from __future__ import annotations

import itertools

import pytest
import torch
from kernels import alone
from torch import nn

from priorbench import Observation
from priorbench.errors import PriorbenchError
from priorbench.toolkit import bfloat16
from priorbench.toolkit.initialisation import build, stream
from priorbench_deep_decoder.model import DeepDecoder
from priorbench_deep_decoder.network import Architecture, DecoderNetwork

vectors = pytest.importorskip("priorbench.toolkit.fused.vectors")
function = pytest.importorskip("priorbench_deep_decoder.engine.function")

in_hardware = pytest.mark.skipif(
    "+avx512bf16" not in vectors.FEATURES, reason="the processor has no AVX512-BF16"
)
CONSTANTS = {
    "under": {"channels": 64, "layers": 3},
    "over": {
        "channels": 96,
        "layers": 3,
        "order": "convolve-first",
        "normalise": "before-activation",
    },
    "odd": {"channels": 37, "layers": 2},
}


def make(
    precision: str, dtype: torch.dtype = torch.float32, seed: int = 0, **constants: object
) -> DecoderNetwork:
    network = build(
        lambda: DecoderNetwork(Architecture(**constants), outputs=3, precision=precision),
        generator=stream(seed, "weights"),
        scale_init="uniform",
    )
    with torch.no_grad():
        for layer in network.hidden:
            layer.norm.bias.uniform_(-0.3, 0.3, generator=stream(1, "weights"))
    return network.to(dtype)


def net_input(network: DecoderNetwork, side: int) -> torch.Tensor:
    z = 0.1 * torch.rand((1, network.architecture.channels, side, side), generator=stream(0, "input"))
    return z.to(network.output.weight.dtype).contiguous(memory_format=torch.channels_last)


def step(module: nn.Module, z: torch.Tensor) -> list[torch.Tensor]:
    """Return the output and the gradients of all parameters of a mean squared error."""
    output = module(z)
    target = torch.rand(output.shape, generator=stream(2, "target")).to(output.dtype)
    nn.functional.mse_loss(output, target).backward()
    if isinstance(module, function.FusedDecoder):
        return [output.detach(), *module.parts(module.theta.grad)]
    return [output.detach(), *(p.grad for p in module.parameters())]


def distances(ours: list[torch.Tensor], exact: list[torch.Tensor]) -> torch.Tensor:
    """Return the relative error of each tensor, in the 2-norm."""
    pairs = zip(ours, exact, strict=True)
    return torch.stack([(a.double() - b.double()).norm() / b.double().norm() for a, b in pairs])


def exact_times(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return the product of matrices that are rounded already: float32 has each product exactly."""
    assert a.dtype == b.dtype == torch.bfloat16
    return a.float() @ b.float()


@in_hardware
@pytest.mark.parametrize("name", CONSTANTS)
def test_a_step_is_as_far_from_the_exact_one_as_torchs_with_rounded_factors(
    name, monkeypatch, tmp_path_factory
):
    """Geometric mean over seeds, of each tensor: the engine folds scales into weights, then rounds them."""
    monkeypatch.setattr(bfloat16, "times", exact_times)
    ratios = []
    for seed in range(6):
        exact = make("float32", torch.float64, seed, **CONSTANTS[name])
        reference = step(exact, net_input(exact, 8))
        plain, network = (make("bfloat16", seed=seed, **CONSTANTS[name]) for _ in range(2))
        straight = distances(step(plain, net_input(plain, 8)), reference)
        with alone(tmp_path_factory, "bfloat16"):
            ours = distances(step(function.FusedDecoder(network), net_input(network, 8)), reference)
        assert 5e-4 < ours[0] < 5e-3, "of the output, when factors have 8 bits"
        ratios.append((ours / straight).log())
    assert (torch.stack(ratios).mean(0).exp() < 1.5).all()


@pytest.mark.parametrize(("channels", "outputs"), [(8, 3), (9, 3), (8, 9)])
def test_a_mixing_into_few_channels_is_not_rounded(channels, outputs, monkeypatch):
    calls = []
    monkeypatch.setattr(bfloat16, "times", lambda a, b: calls.append(b.shape[1]) or exact_times(a, b))
    architecture = Architecture(channels=channels, layers=1)
    network = DecoderNetwork(architecture, outputs=outputs, precision="bfloat16")
    with torch.no_grad():
        network(net_input(network, 2))
    assert calls == [channels] * 2 * (channels > 8) + [outputs] * (outputs > 8)


@in_hardware
def test_the_number_of_threads_does_not_change_a_bit(tmp_path_factory):
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            network = make("bfloat16", **CONSTANTS["under"])
            with alone(tmp_path_factory, "bfloat16"):
                found.append(step(function.FusedDecoder(network), net_input(network, 6)))
    finally:
        torch.set_num_threads(before)
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(other, found[0], strict=True))


def fit(**parameters: object) -> list[torch.Tensor]:
    image = torch.rand(3, 24, 32, generator=stream(0, "image"))
    noisy = Observation(image=image, noise=None, device=torch.device("cpu"), seed=3)
    method = DeepDecoder(channels=24, layers=2, **parameters)
    return [iterate.output for iterate in itertools.islice(method.iterate(noisy), 40)]


@in_hardware
def test_a_fit_in_bfloat16_is_another_one_and_as_good(tmp_path_factory):
    with alone(tmp_path_factory, "bfloat16"):
        rounded, again = fit(precision="bfloat16"), fit(precision="bfloat16")
    single = fit()
    image = torch.rand(3, 24, 32, generator=stream(0, "image"))
    assert all(torch.equal(a, b) for a, b in zip(rounded, again, strict=True))
    assert not torch.equal(rounded[0], single[0])
    errors = [float((outputs[-1] - image).square().mean()) for outputs in (rounded, single)]
    assert errors[0] == pytest.approx(errors[1], rel=0.05)


@in_hardware
def test_on_a_cpu_the_plain_engine_is_refused():
    with pytest.raises(PriorbenchError, match="engine 'plain' has no such products on a CPU: take 'auto'"):
        fit(precision="bfloat16", engine="plain")


def test_nothing_is_imitated_where_compiled_code_may_not_use_the_instructions(monkeypatch):
    monkeypatch.setattr(vectors, "FEATURES", vectors.FEATURES - {"+avx512bf16"})
    for engine in ("auto", "fused"):
        with pytest.raises(PriorbenchError, match="precision 'bfloat16': the processor, as numba sees it"):
            fit(precision="bfloat16", engine=engine)


def test_without_numba_there_is_no_bfloat16_on_a_cpu(monkeypatch):
    monkeypatch.setattr("priorbench.toolkit.engines.find_spec", lambda name: None)
    with pytest.raises(PriorbenchError, match="precision 'bfloat16': numba is not installed"):
        fit(precision="bfloat16")


@in_hardware
def test_what_the_engine_does_not_take_is_not_computed_in_another_way():
    network = make("bfloat16", torch.float64, **CONSTANTS["odd"])
    with pytest.raises(RuntimeError, match="no product of bfloat16 with a float32 result on cpu"):
        function.FusedDecoder(network)(net_input(network, 2))


def test_precisions_have_names():
    with pytest.raises(ValueError, match="did you mean 'bfloat16'"):
        DeepDecoder(precision="bfloat")


@pytest.mark.parametrize("name", ["under", "over"])
def test_stacked_networks_compute_what_each_does(name, monkeypatch):
    """What `--batch` does on a GPU."""
    monkeypatch.setattr(bfloat16, "times", exact_times)
    networks = [make("bfloat16", **CONSTANTS[name]) for _ in range(3)]
    inputs = [net_input(network, 2) * factor for network, factor in zip(networks, (1, 2, 3), strict=True)]
    parameters, buffers = torch.func.stack_module_state(networks)

    def one(own: dict[str, torch.Tensor], kept: dict[str, torch.Tensor], z: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(networks[0], (own, kept), (z,))

    images = torch.vmap(one)(parameters, buffers, torch.stack(inputs))
    images.square().sum().backward()
    for n, (network, z) in enumerate(zip(networks, inputs, strict=True)):
        image = network(z)
        image.square().sum().backward()
        torch.testing.assert_close(images[n], image, rtol=1e-4, atol=1e-5)
        for key, parameter in network.named_parameters():
            assert distances([parameters[key].grad[n]], [parameter.grad]) < 0.02  # some are rounded otherwise
