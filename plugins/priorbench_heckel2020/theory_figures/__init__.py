"""Experiments on the paper's theory: Figures 3, 5, 6 and 11, statements beside the figures, check values."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import ExperimentSpec

_EXPERIMENTS = {
    "fig3": ("fig3:Figure3", "singular vectors of a circulant matrix are trigonometric functions"),
    "fig5": ("fig5:Figure5", "gradient descent on least squares fits the structured part first"),
    "fig6": ("fig6:Figure6", "kernels and their dual kernels, by the text and as coded"),
    "fig11": ("fig11:Figure11", "a two-layer generator fits a step long before noise"),
    "also": ("also:Also", "what the paper says beside its figures: any U, eq. 28, checkerboard, lemmas, ..."),
    "theory-systems": ("systems:TheorySystems", "check values of the paper's theory, system by system"),
}


def specs(citation: str) -> Iterator[ExperimentSpec]:
    """Yield the experiments on the paper's theory."""
    for name, (place, summary) in _EXPERIMENTS.items():
        yield ExperimentSpec(
            name=f"heckel2020-{name}",
            factory=f"priorbench_heckel2020.theory_figures.{place}",
            summary=f"Fig. {name[3:]}: {summary}" if name.startswith("fig") else summary,
            citation=citation,
            licence="MIT",
        )
