"""ConvDecoder (Darestani & Heckel 2021) as a plugin: a deep decoder with 3x3 convolutions."""

from __future__ import annotations

from collections.abc import Iterable

from priorbench import DenoiserSpec, hookimpl


@hookimpl
def priorbench_denoisers() -> Iterable[DenoiserSpec]:
    """Yield ConvDecoder."""
    yield DenoiserSpec(
        name="conv-decoder",
        factory="priorbench_conv_decoder.model:ConvDecoder",
        summary="ConvDecoder: nearest upsampling, 3x3 convolution, ReLU, channel normalisation",
        citation=(
            "M. Z. Darestani and R. Heckel, Accelerated MRI with Un-trained Neural Networks, "
            "IEEE Transactions on Computational Imaging 7, 2021"
        ),
        licence="MIT",
        devices="any",
        stochastic=True,
        accepts_mask=True,
        accepts_operator=True,
        iterative=True,
        together=True,
        arithmetic="precision",
        arithmetic_refused={"cpu": "on CPUs they are hardly faster for this method"},
    )
