"""Heckel & Soltanolkotabi 2020 as a plugin: its noise, its Table 1 as a suite, its figures as experiments."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import ExperimentSpec, NoiseSpec, SuiteSpec, hookimpl
from priorbench_heckel2020 import theory_figures

_CITATION = (
    "R. Heckel, M. Soltanolkotabi, Denoising and regularization via exploiting the structural bias of "
    "convolutional generators, ICLR 2020"
)


@hookimpl
def priorbench_noise_models() -> Iterator[NoiseSpec]:
    """Yield the paper's noise: one Gaussian field for all channels, and the noisy image clipped."""
    yield NoiseSpec(
        name="heckel2020",
        factory="priorbench.standard.noise_models:Gaussian",
        summary="white Gaussian noise, sigma 25/255, equal in the channels, clipped to [0, 1]",
        citation=_CITATION,
        preset={"sigma": "25/255", "channels": "equal", "clip": True},
        family="gaussian",
        level=("sigma",),
        after_draw=("clip",),
    )


@hookimpl
def priorbench_suites() -> Iterator[SuiteSpec]:
    """Yield the paper's Table 1."""
    yield SuiteSpec(
        name="heckel2020-table1",
        resource="priorbench_heckel2020:table1.yaml",
        summary="Table 1: 100 ImageNet pictures, four methods; needs ImageNet (--images 'imagenet:path=...')",
    )


@hookimpl
def priorbench_experiments() -> Iterator[ExperimentSpec]:
    """Yield the paper's table, figures and statements."""
    found = {one.name: one for one in (*theory_figures.specs(_CITATION), *_of_networks())}
    names = ["table1", *(f"fig{number}" for number in range(1, 13)), "also", "systems", "theory-systems"]
    yield from (found[f"heckel2020-{name}"] for name in names)


def _of_networks() -> Iterator[ExperimentSpec]:
    yield _experiment("table1", "table1:Table1", "Table 1: four methods on 100 pictures of ImageNet")
    for number, factory, shows in (
        (1, "networks.fig1:Fig1", "a noisy picture, the clean one, and noise, by two networks"),
        (2, "fig2:Fig2", "one photograph, four methods"),
        (4, "networks.fig8:Fig4", "fixed against trained kernels, an image and noise"),
        (7, "networks.fig7:Fig7", "Jacobian of a 1-D decoder, exact and as coded"),
        (8, "networks.fig8:Fig8", "four kinds of convolutions, an image and noise"),
        (9, "networks.fig9:Fig9", "how far weights move for an image and for noise"),
        (10, "networks.fig10:Fig10", "pictures of ImageNet are fitted sooner than noise"),
        (12, "networks.fig12:Fig12", "norms of J^T y over random starts, an image and noise"),
    ):
        yield _experiment(f"fig{number}", factory, f"Fig. {number}: {shows}")
    yield _experiment("systems", "networks.systems:Systems", "check values of networks, pictures and noise")


def _experiment(name: str, factory: str, summary: str) -> ExperimentSpec:
    return ExperimentSpec(
        name=f"heckel2020-{name}",
        factory=f"priorbench_heckel2020.{factory}",
        summary=summary,
        citation=_CITATION,
        licence="MIT",
    )
