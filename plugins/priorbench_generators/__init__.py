"""Convolutional generators and what is measured on them, after Heckel & Soltanolkotabi 2020, as a plugin."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import DenoiserSpec, hookimpl


@hookimpl
def priorbench_denoisers() -> Iterator[DenoiserSpec]:
    """Yield the generators of the paper's Figs. 4 and 8 that are no deep decoder."""
    yield DenoiserSpec(
        name="heckel2020-generator",
        factory="priorbench_generators.model:Generator",
        summary="Generators of Fig. 8: fixed kernels, trainable 3x3 kernels, transposed convolutions",
        citation=(
            "R. Heckel and M. Soltanolkotabi, Denoising and Regularization via Exploiting the Structural "
            "Bias of Convolutional Generators, ICLR 2020"
        ),
        licence="MIT",
        devices="any",
        stochastic=True,
        accepts_mask=True,
        accepts_operator=True,
        iterative=True,
        together=True,
    )
