"""The CPU engines of DIP and ConvDecoder against the networks' published descriptions."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
import torch
from described_networks import conv_decoder, skip_network
from kernels import alone
from torch import nn

from priorbench import Observation
from priorbench.errors import PriorbenchError
from priorbench.toolkit import engines
from priorbench.toolkit.engines import use_fused
from priorbench.toolkit.fitting import FitSettings, fit
from priorbench.toolkit.sizes import Frame
from priorbench_conv_decoder import fused as fused_decoder
from priorbench_conv_decoder.model import ConvDecoder
from priorbench_dip import fused as fused_dip
from priorbench_dip.model import DeepImagePrior

CPU = torch.device("cpu")


def picture(channels: int, height: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(channels, height, width, generator=torch.Generator().manual_seed(seed))


class Described(nn.Module):
    """A network's parameters, and what its description makes of them."""

    def __init__(self, network: nn.Module, function: Callable[..., torch.Tensor]) -> None:
        super().__init__()
        self.network, self._function = network, function

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self._function(z, iter(self.network.parameters()))


class Dip:
    """The skip network three ways."""

    def __init__(self, height: int, width: int, seed: int = 0, **how: object) -> None:
        method = DeepImagePrior(**{"channels": 16, "input_channels": 8, "scales": 4} | how)
        a = method.architecture
        self.frame = Frame(height=height, width=width, multiple=2**a.scales, coarsest=a.coarsest)
        self.network, self.z = method.untrained.start(3, self.frame, seed)
        self.described = Described(self.network, lambda z, weights: skip_network(a, z, weights))

    def fused(self) -> nn.Module:
        return fused_dip.fuse(self.network, *self.frame.size)


class Decoder:
    """ConvDecoder three ways."""

    def __init__(self, height: int, width: int, seed: int = 0, **how: object) -> None:
        method = ConvDecoder(**{"channels": 12, "layers": 5} | how)
        self.frame = Frame(height=height, width=width, multiple=1, coarsest=4)
        self.network, self.z = method.untrained.start(3, self.frame, seed)
        sizes = method.architecture.sizes(*self.frame.size)
        self.described = Described(self.network, lambda z, weights: conv_decoder(sizes, z, weights))

    def fused(self) -> nn.Module:
        side = self.z.shape[-1]
        return fused_decoder.fuse(self.network, side, side)


VARIANTS = {
    "published": (Dip, {}),
    "nearest": (Dip, {"upsampling": "nearest"}),
    "zero": (Dip, {"padding": "zero"}),
    "no skip": (Dip, {"skip_channels": 0}),
    "5 x 5": (Dip, {"kernel": 5, "scales": 2}),
    "1 x 1": (Dip, {"kernel": 1}),
    "decoder": (Decoder, {}),
}


def gradients(
    forward: nn.Module, network: nn.Module, z: torch.Tensor, along: torch.Tensor
) -> list[torch.Tensor]:
    """Return the output and the gradient of each parameter; a missing one is zero."""
    network.zero_grad()
    output = forward(z)
    (output * along).sum().backward()
    return [output.detach()] + [
        torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in network.parameters()
    ]


@pytest.fixture(scope="module", autouse=True)
def compiled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have the kernels on disk, whichever of the test processes compiles them."""
    for dtype, name in ((torch.float64, "dip-float64"), (torch.float32, "float32")):
        with alone(tmp_path_factory, name):
            for make in (Dip, Decoder):
                case = make(16, 16)
                network, z = case.network.to(dtype), case.z.to(dtype)
                gradients(case.fused(), network, z, torch.zeros((), dtype=dtype))


@pytest.mark.parametrize("name", VARIANTS)
def test_values_and_gradients_are_the_described_ones(name):
    make, how = VARIANTS[name]
    case = make(48, 33, **how)
    network, z = case.network.double(), case.z.double()
    for module in network.modules():  # a shift that is not zero
        if isinstance(module, nn.BatchNorm2d):
            module.bias.data.normal_(generator=torch.Generator().manual_seed(1))
    along = picture(3, *case.frame.size, seed=1)[None].double()
    described = gradients(case.described, network, z, along)
    for ours, theirs in zip(gradients(case.fused(), network, z, along), described, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-10)


def trajectory(forward: nn.Module, case: Dip | Decoder, steps: int) -> tuple[torch.Tensor, torch.Tensor]:
    observation = Observation(image=picture(3, case.frame.height, case.frame.width), noise=None, device=CPU)
    settings = FitSettings(input_noise=0.02)
    seen = list(
        itertools.islice(
            fit(forward, case.z.double(), observation, frame=case.frame, settings=settings), steps
        )
    )
    return torch.stack([iterate.loss for iterate in seen]), seen[-1].estimate()


#: channels and depth of the published skip network
PUBLISHED = {"channels": 128, "input_channels": 32, "scales": 5}


@pytest.mark.parametrize(
    ("make", "size", "how"),
    [
        *itertools.product((Dip, Decoder), ((64, 64), (45, 70)), ({},)),
        # Weights matter: rounding may carry a value over the kink of an activation, and then the paths part.
        pytest.param(Dip, (45, 50), PUBLISHED | {"seed": 1}, marks=pytest.mark.slow(30)),
    ],
    ids=str,
)
def test_float64_trajectories_agree_for_50_adam_steps(make, size, how):
    one, two = make(*size, **how), make(*size, **how)
    one.network.double(), two.network.double()
    losses, image = trajectory(one.fused(), one, 50)
    described, described_image = trajectory(two.described, two, 50)
    torch.testing.assert_close(losses, described, rtol=1e-8, atol=0)
    assert (image - described_image).norm() < 1e-7 * described_image.norm()


@pytest.mark.parametrize("make", [Dip, Decoder])
def test_float32_gradients_are_as_near_to_float64_as_plain_ones(make):
    def distance(one: list[torch.Tensor], two: list[torch.Tensor]) -> float:
        squares = [(a.double() - b).square().sum() for a, b in zip(one[1:], two[1:], strict=True)]
        return float(torch.stack(squares).sum().sqrt())

    for seed in range(5):
        case = make(64, 64, seed=seed)
        along = picture(3, *case.frame.size, seed=seed)[None] - 0.5
        plain = gradients(case.network, case.network, case.z, along)
        fused = gradients(case.fused(), case.network, case.z, along)
        exact = gradients(case.network.double(), case.network, case.z.double(), along.double())
        assert distance(fused, exact) < 2 * distance(plain, exact)


def test_a_run_is_good_for_one_backward():
    case = Dip(16, 16, scales=2)
    network = case.fused()
    first, _ = network(case.z), network(case.z)
    with pytest.raises(RuntimeError, match="only its last run"):
        first.sum().backward()
    with pytest.raises(ValueError, match="engine='plain'"):
        network(case.z.requires_grad_())


def test_engines_are_chosen_by_device_and_by_what_is_installed(monkeypatch):
    assert use_fused("auto", CPU)
    assert not use_fused("plain", CPU)
    assert not use_fused("auto", torch.device("cuda"))
    with pytest.raises(PriorbenchError, match="CPU only"):
        use_fused("fused", torch.device("cuda"))
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    assert not use_fused("auto", CPU)
    with pytest.raises(PriorbenchError, match="pip install numba"):
        use_fused("fused", CPU)
    with pytest.raises(ValueError, match="did you mean 'fused'"):
        DeepImagePrior(engine="fuse")


@pytest.mark.parametrize("shape", [(3, 33, 47), (1, 1, 1), (3, 1, 50), (1, 64, 64)])
def test_the_decoder_takes_any_size(shape):
    method = ConvDecoder(channels=8, layers=4)
    observation = Observation(image=picture(*shape), noise=None, device=CPU)
    last = list(itertools.islice(method.iterate(observation), 3))[-1]
    assert last.estimate().shape == shape
    assert bool(torch.isfinite(last.estimate()).all())
