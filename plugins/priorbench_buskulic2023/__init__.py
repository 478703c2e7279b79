"""Buskulic, Queau & Fadili 2023 as a plugin: Fig. 1a and 1b, statements beside them, check values."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import ExperimentSpec, hookimpl

_CITATION = (
    "N. Buskulic, Y. Quéau and J. Fadili, Convergence Guarantees of Overparametrized Wide Deep Inverse "
    "Prior, SSVM 2023"
)
_EXPERIMENTS = {
    "fig1a": ("grids:Figure1a", "Fig. 1a: which share of runs converges, over n and k"),
    "fig1b": ("grids:Figure1b", "Fig. 1b: which share of runs converges, over m and k"),
    "also": ("also:Also", "what the paper says beside its figure: kappa(A), d, activations, ker A, ..."),
    "systems": ("systems:Systems", "check values of the paper's network and theory, system by system"),
}


@hookimpl
def priorbench_experiments() -> Iterator[ExperimentSpec]:
    """Yield the paper's figures and statements."""
    for name, (place, summary) in _EXPERIMENTS.items():
        yield ExperimentSpec(
            name=f"buskulic2023-{name}",
            factory=f"priorbench_buskulic2023.{place}",
            summary=summary,
            citation=_CITATION,
            licence="MIT",
        )
