"""The kinds of plugin that can be begun with a scaffold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from priorbench.contract.specs import (
    AnySpec,
    DenoiserSpec,
    ExecutorSpec,
    ExperimentSpec,
    ImageSetSpec,
    MetricSpec,
    NoiseSpec,
    OperatorSpec,
    StoppingRuleSpec,
    SuiteSpec,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """What a scaffold of this kind has in the places where kinds differ.

    Attributes
    ----------
    spec : type
        class of the spec that the plugin registers.
    module : str
        name of the module with the code; its template is called like the kind. Empty where there is no code.
    summary : str
        one line for lists.
    fields : tuple of str, default ()
        further arguments of the spec, one line each.
    needs : tuple of str, default ()
        distributions that its code imports, beside priorbench and torch.
    """

    spec: type[AnySpec]
    module: str
    summary: str
    fields: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def is_method(self) -> bool:
        """Whether it is a denoiser, which its suite pits against others."""
        return self.spec is DenoiserSpec


SCAFFOLDS: Mapping[str, Kind] = {
    "one-shot": Kind(
        spec=DenoiserSpec,
        module="method",
        summary="local Wiener filter",
        fields=('devices="any"', "iterative=False"),
    ),
    "iterative": Kind(
        spec=DenoiserSpec,
        module="method",
        summary="heat diffusion, stopped early",
        fields=('devices="any"', "iterative=True", "together=False"),
    ),
    "numpy": Kind(
        spec=DenoiserSpec,
        module="method",
        summary="Gaussian blur as strong as the noise",
        fields=('devices=("cpu",)', 'requires=("scipy",)  # as in pyproject.toml', "iterative=False"),
        needs=("scipy",),
    ),
    "wrapped": Kind(
        spec=DenoiserSpec,
        module="method",
        summary="bilateral filter of scikit-image",
        fields=(
            'devices=("cpu",)',
            'requires=("scikit-image",)  # "opencv-python | opencv-python-headless": either will do',
            "iterative=False",
        ),
        needs=("scikit-image", "numpy"),
    ),
    "image-set": Kind(
        spec=ImageSetSpec,
        module="images",
        summary="gratings of several periods",
        needs=("numpy",),
    ),
    "noise": Kind(
        spec=NoiseSpec,
        module="noise",
        summary="uniform noise",
        fields=('level=("sigma",)',),
    ),
    "operator": Kind(
        spec=OperatorSpec,
        module="operator",
        summary="motion blur along the rows",
    ),
    "stopping-rule": Kind(
        spec=StoppingRuleSpec,
        module="rule",
        summary="stops when the output hardly changes any more",
    ),
    "metric": Kind(
        spec=MetricSpec,
        module="metric",
        summary="error of the edges",
        needs=("numpy",),
        fields=("higher_is_better=False",),
    ),
    "suite": Kind(
        spec=SuiteSpec,
        module="",
        summary="classical methods on three small photographs",
    ),
    "executor": Kind(
        spec=ExecutorSpec,
        module="executor",
        summary="local workers that give way to all other work",
    ),
    "experiment": Kind(
        spec=ExperimentSpec,
        module="experiment",
        summary="PSNR of a noisy image, against its closed form",
    ),
}
