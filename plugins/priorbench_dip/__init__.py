"""Deep Image Prior (Ulyanov, Vedaldi & Lempitsky 2018) as a plugin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from priorbench import DenoiserSpec, hookimpl

_DEMO = {"iterations": 3000, "input_noise": 1 / 30, "averaging": 0.99}


@hookimpl
def priorbench_denoisers() -> Iterable[DenoiserSpec]:
    """Yield Deep Image Prior with the constants of a published comparison, and with its authors' own."""
    yield _dip("dip", "Deep Image Prior, constants of Heckel & Soltanolkotabi 2020, Table 1", {})
    yield _dip(
        "dip-demo", "Deep Image Prior, constants of its authors' denoising demo: outputs averaged", _DEMO
    )


def _dip(name: str, summary: str, preset: Mapping[str, Any]) -> DenoiserSpec:
    return DenoiserSpec(
        name=name,
        factory="priorbench_dip.model:DeepImagePrior",
        summary=summary,
        citation="D. Ulyanov, A. Vedaldi and V. Lempitsky, Deep Image Prior, CVPR 2018",
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
