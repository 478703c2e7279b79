"""A copy of a network that the CPU engines compute, as `copy.deepcopy` makes it."""

from __future__ import annotations

import copy

import pytest
import torch
from kernels import alone
from torch import nn

from priorbench import Observation
from priorbench_conv_decoder.model import ConvDecoder
from priorbench_deep_decoder.model import DeepDecoder
from priorbench_dip.model import DeepImagePrior

pytest.importorskip("numba")

METHODS = {
    "deep decoder": DeepDecoder(channels=16, layers=2, engine="fused"),
    "DIP": DeepImagePrior(channels=16, input_channels=8, scales=2, engine="fused"),
    "ConvDecoder": ConvDecoder(channels=12, layers=3, engine="fused"),
}


def gradients(network: nn.Module, output: torch.Tensor) -> list[torch.Tensor]:
    network.zero_grad()
    output.square().sum().backward()
    return [parameter.grad for parameter in network.parameters() if parameter.grad is not None]


@pytest.mark.parametrize("name", METHODS)
def test_a_copy_computes_the_same_in_memory_of_its_own(name, tmp_path_factory):
    image = torch.rand(3, 24, 24, generator=torch.Generator().manual_seed(0))
    begun = METHODS[name].untrained.begin(Observation(image=image, noise=None, device=torch.device("cpu")))
    network, z = begun.network, begun.net_input
    with alone(tmp_path_factory, "float32"):
        output = network(z)
        expected = gradients(network, output)
    copied = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(2)
    ours = copied(z)
    theirs = network(z)
    assert torch.equal(ours, output)
    assert not torch.equal(theirs, output)
    found = gradients(copied, ours)
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))
