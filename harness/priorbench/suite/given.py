"""What cannot go with noise that is given: the noisy pictures come from the image set, as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from priorbench.contract.choice import DENOISING, Choice
from priorbench.contract.specs import ImageSetSpec, NoiseSpec
from priorbench.loading.registry import Registry


def is_given(registry: Registry, noise: Choice) -> bool:
    """Say whether a noise is the noisy picture that an image set brings."""
    spec = registry.find(NoiseSpec.kind, noise.name).spec
    return isinstance(spec, NoiseSpec) and spec.given


def misfits(
    registry: Registry, images: Sequence[Choice], noises: Sequence[Choice], operators: Sequence[Choice]
) -> Iterator[tuple[str, str]]:
    """Yield the label of each noise that is given, and why it cannot go with a set or an operator.

    Parameters
    ----------
    registry : Registry
        What is installed.
    images, noises, operators : Sequence[Choice]
        What is to be run, each with each.
    """
    for noise in noises:
        if not is_given(registry, noise):
            continue
        for image_set in images:
            spec = registry.find(ImageSetSpec.kind, image_set.name).spec
            if not (isinstance(spec, ImageSetSpec) and spec.paired):
                yield (
                    noise.label,
                    f"the image set '{image_set.label}' brings no noisy pictures: give one that does, "
                    "such as --images pairs:noisy=DIR,clean=DIR, or a noise that is drawn, "
                    "such as gaussian-25",
                )
        for operator in operators:
            if operator.name != DENOISING.name:
                yield (
                    noise.label,
                    f"the noisy pictures are there already, the operator '{operator.label}' cannot be "
                    "applied before their noise: leave it out, or give a noise that is drawn",
                )
