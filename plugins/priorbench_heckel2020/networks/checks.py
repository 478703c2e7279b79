"""Check values of the paper's networks and pictures: what is counted or computed, not fitted."""

from __future__ import annotations

import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch

from priorbench import evaluate
from priorbench.toolkit.sizes import Frame
from priorbench.toolkit.untrained import UntrainedNetwork
from priorbench_heckel2020.networks.fits import phantom_norm

#: name -> trainable parameters as published
PARAMETERS = {
    "decoder, convolutions first, k = 256, 5 upsamplings, colour": 397_056,
    "decoder, convolutions first, k = 256, 4 upsamplings, grey": 330_496,
    "decoder of Table 1, k = 128": 100_224,
    "decoder of Table 1, k = 512": 1_580_544,
    "DIP, colour": 2_217_831,
    "DIP, grey": 2_217_573,
    "fixed kernels, k = 128": 66_688,
    "trainable 3x3, k = 42": 79_842,
    "deconvolution, k = 42": 84_966,
}


def values(seed: int) -> dict[str, Any]:
    """Return the numbers of trainable parameters, and what is known of lists, noise and pictures."""
    return {
        "parameters": {name: _parameters(name) for name in PARAMETERS},
        "deconvolution": _sides(),
        "names": _names(),
        "same noise": _same_noise(),
        "phantom": phantom_norm(256),
        "basis": _basis(300),
    }


def _parameters(name: str) -> int:
    method, outputs = _method(name)
    height = 512 if outputs == 3 else 256
    frame = Frame(height=height, width=height, multiple=method.multiple, coarsest=method.coarsest)
    with torch.device("meta"):
        network = method.make(outputs, frame)
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def _method(name: str) -> tuple[UntrainedNetwork[Any], int]:
    """Return a network of `PARAMETERS`, and the channels of its pictures."""
    from priorbench_deep_decoder.model import DeepDecoder
    from priorbench_dip.model import DeepImagePrior
    from priorbench_generators.model import Generator

    def decoder(k: int, layers: int) -> DeepDecoder:
        return DeepDecoder(channels=k, layers=layers, order="convolve-first")

    over = DeepDecoder(channels=512, layers=5, order="convolve-first", normalise="before-activation")
    made: dict[str, tuple[Any, int]] = {
        "decoder, convolutions first, k = 256, 5 upsamplings, colour": (decoder(256, 5), 3),
        "decoder, convolutions first, k = 256, 4 upsamplings, grey": (decoder(256, 4), 1),
        "decoder of Table 1, k = 128": (DeepDecoder(channels=128, layers=5), 3),
        "decoder of Table 1, k = 512": (over, 3),
        "DIP, colour": (DeepImagePrior(), 3),
        "DIP, grey": (DeepImagePrior(), 1),
        "fixed kernels, k = 128": (Generator(channels=128), 1),
        "trainable 3x3, k = 42": (Generator(architecture="trainable-3x3", channels=42), 1),
        "deconvolution, k = 42": (Generator(architecture="deconvolution", channels=42), 1),
    }
    method, outputs = made[name]
    untrained: UntrainedNetwork[Any] = method.untrained
    return untrained, outputs


def _sides() -> list[int]:
    """Return the sides of the input and the output of the published deconvolution network."""
    from priorbench_generators.model import Generator

    untrained = Generator(architecture="deconvolution", channels=2).untrained
    frame = Frame(height=256, width=256, multiple=untrained.multiple, coarsest=untrained.coarsest)
    network, net_input = untrained.start(1, frame, 0)
    return [net_input.shape[-1], network(net_input).shape[-1]]


def _names() -> int:
    """Return how many different names the list of ImageNet pictures has."""
    text = files("priorbench_heckel2020").joinpath("imagenet100.txt").read_text("utf-8")
    return len(set(text.split()))


def _same_noise() -> dict[str, float]:
    """Return what the noise of Table 1 does to a grey picture in colour."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "grey.png")
        Image.new("RGB", (256, 256), (128, 128, 128)).save(path)
        found = evaluate(lambda seen: seen.image, image_set=f"folder:path={path}", noise="heckel2020")
    noisy = found.images[0].output.astype(np.float64)
    return {
        "between channels": float(np.abs(noisy - noisy[:1]).max()),
        "deviation": float((noisy - 128 / 255).std()),
        "outside": float(max(0.0, -noisy.min(), noisy.max() - 1)),
    }


def _basis(n: int) -> dict[str, float]:
    """Return how far the trigonometric basis is from orthogonal, and its constant's amplitude."""
    from priorbench_two_layer.basis import basis

    W = basis(n)
    return {"orthogonality": float(np.abs(W.T @ W - np.eye(n)).max()), "constant": float(W[0, 0])}
