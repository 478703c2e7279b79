"""The deep decoder as a plugin: in general, as in a published table, and with fewer operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from priorbench import DenoiserSpec, hookimpl

_UNDER = {
    "channels": 128,
    "layers": 5,
    "order": "upsample-first",
    "normalise": "after-activation",
    "iterations": 3000,
}
_OVER = {
    "channels": 512,
    "layers": 5,
    "order": "convolve-first",
    "normalise": "before-activation",
    "iterations": 1500,
}


@hookimpl
def priorbench_denoisers() -> Iterable[DenoiserSpec]:
    """Yield the deep decoder, the two of Heckel & Soltanolkotabi 2020, Table 1, and our own variant."""
    yield _decoder(
        "deep-decoder", "Deep decoder: 1x1 convolutions, upsampling, ReLU, channel normalisation", {}
    )
    yield _decoder(
        "deep-decoder-under", "Deep decoder, 128 channels, 3000 iterations: barely fits noise", _UNDER
    )
    yield _decoder("deep-decoder-over", "Deep decoder, 512 channels, stopped after 1500 iterations", _OVER)
    yield DenoiserSpec(
        name="deep-decoder-coarse-to-fine",
        factory="priorbench_deep_decoder.coarse_to_fine:CoarseToFine",
        summary="Deep decoder, 512 channels, small layers first: fewer operations (our own variant)",
        citation=(
            "a variant of priorbench's own, of the over-parameterised decoder of R. Heckel and "
            "M. Soltanolkotabi, Denoising and Regularization via Exploiting the Structural Bias of "
            "Convolutional Generators, ICLR 2020; nobody has published it"
        ),
        licence="MIT",
        devices="any",
        stochastic=True,
        accepts_mask=True,
        accepts_operator=True,
        iterative=True,
        together=True,
        arithmetic="precision",
    )


def _decoder(name: str, summary: str, preset: Mapping[str, Any]) -> DenoiserSpec:
    return DenoiserSpec(
        name=name,
        factory="priorbench_deep_decoder.model:DeepDecoder",
        summary=summary,
        citation=(
            "R. Heckel and P. Hand, Deep Decoder: Concise Image Representations from Untrained "
            "Non-convolutional Networks, ICLR 2019; R. Heckel and M. Soltanolkotabi, Denoising and "
            "Regularization via Exploiting the Structural Bias of Convolutional Generators, ICLR 2020"
        ),
        licence="MIT",
        preset=preset,
        devices="any",
        stochastic=True,
        accepts_mask=True,
        accepts_operator=True,
        iterative=True,
        together=True,
        arithmetic="precision",
    )
