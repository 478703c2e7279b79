"""Which parameters of a network are the weights of its convolutions."""

from __future__ import annotations

import torch
from torch import nn

_MAPS = (nn.Linear, nn.modules.conv._ConvNd)


def convolution_weights(network: nn.Module) -> dict[str, torch.Tensor]:
    """Return the weights of convolutions and linear maps, the output's included, by the name of their module.

    The published code takes the parameters with more than two dimensions: neither biases nor normalisations.
    A 1x1 convolution may be kept as an ``nn.Linear``, whose weight has two; what counts is what it is.
    Weights that are not trained are left out.
    """
    return {
        name: module.weight
        for name, module in network.named_modules()
        if isinstance(module, _MAPS) and module.weight.requires_grad
    }
