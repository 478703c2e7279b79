"""Stopping rules as a plugin: published ways to choose an iterate without looking at the clean image."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import StoppingRuleSpec, hookimpl
from priorbench_stopping.companions import companion_rules

_WANG_2023 = (
    "H. Wang, T. Li, Z. Zhuang, T. Chen, H. Liang, J. Sun, Early stopping for deep image prior, "
    "Transactions on Machine Learning Research (2023)"
)
_MOROZOV_1966 = (
    "V. A. Morozov, On the solution of functional equations by the method of regularization, Soviet "
    "Mathematics Doklady 7 (1966); for untrained networks: T. Jahn, B. Jin, Early stopping of untrained "
    "convolutional neural networks, arXiv 2402.04610 (2024)"
)
_SHI_2022 = (
    "Z. Shi, P. Mettes, S. Maji, C. G. M. Snoek, On measuring and controlling the spectral bias of the deep "
    "image prior, International Journal of Computer Vision 130 (2022)"
)


@hookimpl
def priorbench_stopping_rules() -> Iterator[StoppingRuleSpec]:
    """Yield the rules that watch one fit, and those that ask for another beside it."""
    yield from _by_variance()
    yield from _by_discrepancy()
    yield StoppingRuleSpec(
        name="blur-sharpness",
        factory="priorbench_stopping.blur_sharpness:BlurSharpness",
        summary="stops when the outputs' ratio of blurriness to sharpness settles",
        citation=_SHI_2022,
        licence="MIT",
    )
    yield from companion_rules()


def _by_variance() -> Iterator[StoppingRuleSpec]:
    yield StoppingRuleSpec(
        name="es-wmv",
        factory="priorbench_stopping.windowed:WindowedMovingVariance",
        summary="least variance of the last 100 outputs, patience 1000",
        citation=_WANG_2023,
        licence="MIT",
    )
    yield StoppingRuleSpec(
        name="es-emv",
        factory="priorbench_stopping.exponential:ExponentialMovingVariance",
        summary="least exponentially weighted variance of the outputs, patience 1000",
        citation=_WANG_2023,
        licence="MIT",
    )


def _by_discrepancy() -> Iterator[StoppingRuleSpec]:
    yield StoppingRuleSpec(
        name="discrepancy",
        factory="priorbench_stopping.discrepancy:Discrepancy",
        summary="first residual as small as the noise, told the energy of the noise that was drawn",
        citation=_MOROZOV_1966,
        licence="MIT",
        needs=("noise-energy",),
    )
    yield StoppingRuleSpec(
        name="discrepancy-sigma",
        factory="priorbench_stopping.discrepancy:DiscrepancyOfSigma",
        summary="first residual as small as the noise, told sigma; clipping is accounted for",
        citation=_MOROZOV_1966,
        licence="MIT",
        needs=("sigma",),
    )
    yield StoppingRuleSpec(
        name="discrepancy-blind",
        factory="priorbench_stopping.discrepancy:DiscrepancyBlind",
        summary="first residual as small as the noise, which is estimated from the picture",
        citation=_MOROZOV_1966,
        licence="MIT",
        needs=("denoising",),
    )
