"""`precision: bfloat16` of DIP and ConvDecoder as PyTorch computes it: what is rounded, and nothing else."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from priorbench import Observation
from priorbench.errors import PriorbenchError
from priorbench.toolkit import bfloat16, untrained
from priorbench.toolkit.initialisation import stream
from priorbench.toolkit.sizes import Frame
from priorbench.toolkit.together import fit_stacked
from priorbench_conv_decoder.model import ConvDecoder
from priorbench_dip.model import DeepImagePrior

CPU = torch.device("cpu")
METHODS = {
    "dip": (DeepImagePrior, {"channels": 12, "input_channels": 8, "scales": 3}),
    "dip, zeros, nearest": (
        DeepImagePrior,
        {"channels": 9, "scales": 2, "skip_channels": 10, "padding": "zero", "upsampling": "nearest"},
    ),
    "conv-decoder": (ConvDecoder, {"channels": 12, "layers": 4}),
}


def exact_times(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return the product of matrices that are rounded already.

    In double precision: in a deep network, a number that is rounded to the other side changes all after it.
    """
    assert a.dtype == b.dtype == torch.bfloat16
    return a.double() @ b.double()


@pytest.fixture
def imitated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute on a CPU, slowly, what a GPU does."""
    monkeypatch.setattr(bfloat16, "times", lambda a, b: exact_times(a, b).float())
    monkeypatch.setattr(untrained, "use_fused", lambda *_, **__: False)


def start(
    name: str, seed: int = 0, size: tuple[int, int] = (24, 16), **how: object
) -> tuple[nn.Module, torch.Tensor]:
    """Return a network and its input, in double precision."""
    make, constants = METHODS[name]
    shape = make(**constants, **how).untrained
    frame = Frame(height=size[0], width=size[1], multiple=shape.multiple, coarsest=shape.coarsest)
    network, z = shape.start(3, frame, seed)
    with torch.no_grad():
        for module in network.modules():  # a shift that is not zero
            if isinstance(module, nn.BatchNorm2d):
                module.bias.uniform_(-0.3, 0.3, generator=stream(1, "weights"))
    return network.double(), z.double()


class _Round(torch.autograd.Function):
    """Rounds a factor; its gradient is that of the rounded number."""

    @staticmethod
    def forward(ctx, x):
        return x.to(torch.bfloat16).to(x.dtype)

    @staticmethod
    def backward(ctx, d):
        return d


class _RoundGradient(torch.autograd.Function):
    """Rounds the gradient of a result, which is a factor of the next products."""

    @staticmethod
    def forward(ctx, y):
        return y.clone()

    @staticmethod
    def backward(ctx, d):
        return d.to(torch.bfloat16).to(d.dtype)


def round_factors(network: nn.Module) -> None:
    """Let a network's wide convolutions, torch's own in its precision, round what they multiply."""
    for conv in network.modules():
        if isinstance(conv, nn.Conv2d) and conv.out_channels > 8:
            nn.utils.parametrize.register_parametrization(conv, "weight", _Rounding(), unsafe=True)
            conv.register_forward_pre_hook(lambda _, given: (_Round.apply(given[0]),))
            bias, conv.bias = conv.bias, None
            conv.own_bias = bias
            conv.register_forward_hook(
                lambda own, _, y: _RoundGradient.apply(y) + own.own_bias[:, None, None]
            )


class _Rounding(nn.Module):
    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        return _Round.apply(weight)


def step(network: nn.Module, z: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return the output and the gradients of all parameters of a mean squared error."""
    output = network(z)
    target = torch.rand(output.shape, generator=stream(2, "target")).to(output.dtype)
    nn.functional.mse_loss(output, target).backward()
    renamed = {"parametrizations.weight.original": "weight", "own_bias": "bias"}
    found = {"output": output.detach()}
    for name, parameter in network.named_parameters():
        for old, new in renamed.items():
            name = name.replace(old, new)
        found[name] = parameter.grad
    return found


def distance(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one.double() - other.double()).norm() / other.double().norm())


@pytest.mark.parametrize("name", METHODS)
def test_a_step_is_that_of_torchs_convolutions_with_rounded_factors(name, monkeypatch):
    monkeypatch.setattr(bfloat16, "times", exact_times)
    ours, theirs = step(*start(name, precision="bfloat16")), start(name)
    round_factors(theirs[0])
    rounded, single = step(*theirs), step(*start(name))
    assert ours.keys() == rounded.keys()
    for key, right in rounded.items():
        torch.testing.assert_close(ours[key], right, rtol=1e-8, atol=1e-12)
    assert distance(single["output"], ours["output"]) > 1e-3, "of factors with 8 bits"


@pytest.mark.parametrize("name", METHODS)
def test_stacked_networks_compute_what_each_does(name, monkeypatch):
    """What `--batch` does on a GPU."""
    monkeypatch.setattr(bfloat16, "times", exact_times)
    starts = [start(name, seed, precision="bfloat16") for seed in range(3)]
    networks = [network for network, _ in starts]
    parameters, buffers = torch.func.stack_module_state(networks)

    def one(own: dict[str, torch.Tensor], kept: dict[str, torch.Tensor], z: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(networks[0], (own, kept), (z,))

    images = torch.vmap(one)(parameters, buffers, torch.stack([z for _, z in starts]))
    images.square().sum().backward()
    for n, (network, z) in enumerate(starts):
        image = network(z)
        image.square().sum().backward()
        torch.testing.assert_close(images[n], image, rtol=1e-8, atol=1e-12)
        for key, parameter in network.named_parameters():
            torch.testing.assert_close(parameters[key].grad[n], parameter.grad, rtol=1e-8, atol=1e-10)


def observation(seed: int = 3) -> Observation:
    image = torch.rand(3, 24, 16, generator=stream(seed, "image"))
    return Observation(image=image, noise=None, device=CPU, seed=seed)


@pytest.mark.parametrize("name", METHODS)
def test_a_fit_is_another_one_and_as_good(name, imitated):
    make, constants = METHODS[name]
    losses = {}
    for precision in ("bfloat16", "float32"):
        fit = make(**constants, precision=precision).iterate(observation())
        losses[precision] = [float(one.loss) for one in itertools.islice(fit, 80)]
    assert losses["bfloat16"][1] != losses["float32"][1]
    means = [sum(own[-10:]) / 10 for own in losses.values()]
    assert means[0] == pytest.approx(means[1], rel=0.3)


def test_fits_at_once_are_those_one_by_one(imitated):
    method = DeepImagePrior(**METHODS["dip"][1], precision="bfloat16", input_noise=0.05).untrained
    noisy = [observation(seed) for seed in (3, 4)]
    rows = itertools.islice(fit_stacked([method.begin(one) for one in noisy], method.settings), 3)
    alone = [method.begin(one).fit(method.settings) for one in noisy]
    for row in rows:
        for found, single in zip(row, map(next, alone), strict=True):
            assert distance(found.output, single.output) < 0.03


def test_convolutions_into_few_channels_are_not_rounded(monkeypatch):
    calls = []
    monkeypatch.setattr(bfloat16, "times", lambda a, b: calls.append(b.shape[1]) or exact_times(a, b))
    for name, rounded in (("dip", [12] * 4 * 3), ("dip, zeros, nearest", [9] * 8 + [10] * 2)):
        calls.clear()
        network, z = start(name, precision="bfloat16")
        with torch.no_grad():
            network(z)
        assert sorted(calls) == rounded


@pytest.mark.parametrize("engine", ["auto", "plain", "fused"])
def test_conv_decoder_is_refused_on_a_cpu(engine):
    method = ConvDecoder(precision="bfloat16", engine=engine)
    reason = "precision 'bfloat16': on CPUs it is hardly faster for this method: take 'float32'"
    with pytest.raises(PriorbenchError, match=f"^{reason}$"):
        next(method.iterate(observation()))


@pytest.mark.parametrize("make", [DeepImagePrior, ConvDecoder])
def test_precisions_have_names(make):
    with pytest.raises(ValueError, match="did you mean 'bfloat16'"):
        make(precision="bfloat")
