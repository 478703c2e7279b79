"""The kinds of plugin that can be begun with a scaffold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """What a scaffold of this kind has in the places where kinds differ.

    Attributes
    ----------
    registers : kind of the record, a key of `priorbench.loading.registry.KINDS`.
    record, hook : class of the record, and the hook that yields it.
    module : name of the module with the code; its template is called like the kind.
    summary : one line for lists.
    fields : further arguments of the record, one line each.
    """

    registers: str
    record: str
    hook: str
    module: str
    summary: str
    fields: tuple[str, ...] = ()


KINDS: Mapping[str, Kind] = {
    "one-shot": Kind(
        registers="denoiser",
        record="DenoiserSpec",
        hook="priorbench_denoisers",
        module="method",
        summary="local Wiener filter",
        fields=('devices="any"',),
    ),
    "iterative": Kind(
        registers="denoiser",
        record="DenoiserSpec",
        hook="priorbench_denoisers",
        module="method",
        summary="heat diffusion, stopped early",
        fields=('devices="any"',),
    ),
    "image-set": Kind(
        registers="image set",
        record="ImageSetSpec",
        hook="priorbench_image_sets",
        module="images",
        summary="gratings of several periods",
    ),
    "noise": Kind(
        registers="noise model",
        record="NoiseSpec",
        hook="priorbench_noise_models",
        module="noise",
        summary="uniform noise",
        fields=('level=("sigma",)',),
    ),
    "operator": Kind(
        registers="operator",
        record="OperatorSpec",
        hook="priorbench_operators",
        module="operator",
        summary="motion blur along the rows",
    ),
    "stopping-rule": Kind(
        registers="stopping rule",
        record="StoppingRuleSpec",
        hook="priorbench_stopping_rules",
        module="rule",
        summary="stops when the output hardly changes any more",
    ),
    "metric": Kind(
        registers="metric",
        record="MetricSpec",
        hook="priorbench_metrics",
        module="metric",
        summary="error of the edges",
        fields=("higher_is_better=False",),
    ),
    "experiment": Kind(
        registers="experiment",
        record="ExperimentSpec",
        hook="priorbench_experiments",
        module="experiment",
        summary="PSNR of a noisy image, against its closed form",
    ),
}
