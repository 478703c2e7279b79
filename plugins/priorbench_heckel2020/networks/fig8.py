"""Figs. 4 and 8: an image and noise, fitted by generators with four kinds of convolutions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from priorbench import Claim, Quantity
from priorbench.experiments import Chart, Conclusion, Figure, Results, Size, Table, Trials
from priorbench_heckel2020.networks.fits import (
    CLEAN,
    drawn,
    end,
    losses,
    phantom,
    reached,
    slowdowns,
    uniform_noise,
)

#: kind -> the method and its settings
KINDS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "bilinear": (
        "deep-decoder",
        {"layers": 4, "order": "convolve-first", "optimiser": "sgd", "learning_rate": 0.1},
    ),
    "fixed-kernel": ("heckel2020-generator", {"architecture": "fixed-kernel"}),
    "trainable-3x3": ("heckel2020-generator", {"architecture": "trainable-3x3"}),
    "deconvolution": ("heckel2020-generator", {"architecture": "deconvolution"}),
}
#: (kind, channels) -> iterations to a training error of 0.05 and 0.01: image, noise; digitised
PUBLISHED: Mapping[tuple[str, int], tuple[tuple[int, int | None], tuple[int, int | None]]] = {
    ("bilinear", 128): ((18, 47), (10_000, None)),
    ("bilinear", 256): ((17, 55), (3700, 53_000)),
    ("bilinear", 512): ((16, 59), (2100, 22_000)),
    ("fixed-kernel", 128): ((38, 150), (1300, 17_000)),
    ("fixed-kernel", 256): ((24, 71), (520, 2400)),
    ("fixed-kernel", 512): ((19, 39), (260, 860)),
    ("trainable-3x3", 42): ((51, 90), (180, 660)),
    ("trainable-3x3", 85): ((27, 49), (73, 150)),
    ("trainable-3x3", 170): ((22, 34), (40, 76)),
}
LEVEL = 0.05
#: channels -> the figure's nominal ratio of parameters to pixels
_FACTORS = {128: 1, 256: 4, 512: 16, 42: 1, 85: 4, 170: 16, 64: 4, 21: 4}
#: how far iterations may be apart, as a factor: digitised to 10 %, one run each, points 10 % apart
FACTOR = 1.5
#: kind -> (channels, iterations)
_Runs = Mapping[str, tuple[tuple[int, ...], int]]
#: size -> side of the pictures; what is run
_RUNS: Mapping[str, tuple[int, _Runs]] = {
    "quick": (
        64,
        {
            "bilinear": ((64,), 400),
            "fixed-kernel": ((64,), 400),
            "trainable-3x3": ((21,), 100),
            "deconvolution": ((21,), 100),
        },
    ),
    "small": (
        256,
        {
            "bilinear": ((128,), 2000),
            "fixed-kernel": ((128,), 1500),
            "trainable-3x3": ((42,), 700),
            "deconvolution": ((42,), 700),
        },
    ),
    "full": (
        256,
        {
            "bilinear": ((128, 256, 512), 100_000),
            "fixed-kernel": ((128, 256, 512), 100_000),
            "trainable-3x3": ((42, 85, 170), 100_000),
            "deconvolution": ((42, 85, 170), 100_000),
        },
    ),
}


class Fig8:
    """Fig. 8 of Heckel & Soltanolkotabi 2020, and Appendix B.1's checkerboard."""

    sizes = (
        Size(name="quick", seconds=40, reduced="64 x 64, one number of channels, 100 to 400 iterations"),
        Size(name="small", seconds=3600, reduced="fewest channels only, 700 to 2000 iterations"),
        Size(name="full", seconds=34 * 24 * 3600),
    )

    def work(self, size: Size) -> Iterator[Trials]:
        """Return the fits of all kinds."""
        yield from _work(size, KINDS)
        side, runs = _RUNS[size.name]
        channels, iterations = runs["bilinear"]
        yield Trials(
            name="checkerboard",
            suite={
                "images": [{"checkerboard": {"size": side}}],
                "noises": [CLEAN],
                "denoisers": [_method("bilinear", channels[0], iterations)],
                "stopping": ["fixed"],
            },
        )

    def conclude(self, size: Size, results: Results) -> Conclusion:
        """Return how much slower noise is than the image, by kind; and iterations beside the published."""
        return _concluded(size, results, KINDS, "Fig. 8", more=[_checkerboard(results)])


class Fig4:
    """Fig. 4, right: fixed against trainable kernels; fits that Fig. 8 has too are not run again."""

    sizes = (
        Size(name="quick", seconds=15, reduced="64 x 64, one number of channels, 100 to 400 iterations"),
        Size(name="small", seconds=1000, reduced="fewest channels only, 700 to 2000 iterations"),
        Size(name="full", seconds=13 * 24 * 3600),
    )

    def work(self, size: Size) -> Iterator[Trials]:
        """Return the fits of bilinear upsampling and of trainable kernels."""
        yield from _work(size, ("bilinear", "trainable-3x3"))

    def conclude(self, size: Size, results: Results) -> Conclusion:
        """Return how much slower noise is than the image, with fixed and with trainable kernels."""
        return _concluded(size, results, ("bilinear", "trainable-3x3"), "Fig. 4, right")


def _method(kind: str, channels: int, iterations: int) -> dict[str, Any]:
    name, settings = KINDS[kind]
    return {name: {"label": f"{kind}-{channels}", **settings, "channels": channels, "iterations": iterations}}


def _work(size: Size, kinds: Iterable[str]) -> Iterator[Trials]:
    side, runs = _RUNS[size.name]
    yield Trials(
        name="fits",
        suite={
            "images": [phantom(side), uniform_noise(size=side)],
            "noises": [CLEAN],
            "denoisers": [_method(kind, k, runs[kind][1]) for kind in kinds for k in runs[kind][0]],
            "stopping": ["fixed"],
        },
    )


def _concluded(
    size: Size,
    results: Results,
    kinds: Iterable[str],
    place: str,
    more: Sequence[Claim] = (),
) -> Conclusion:
    _, runs = _RUNS[size.name]
    networks = [(kind, k) for kind in kinds for k in runs[kind][0]]
    return Conclusion(
        claims=[
            *(_slowdown(results, kind, k, place) for kind, k in networks),
            *more,
            *(claim for kind, k in networks for claim in _iterations(results, kind, k, place)),
        ],
        figure=_figure(results, kinds, runs),
        tables=[_table(results, networks)],
        conditions=[
            "Norms of image and noise are not equal in this experiment, as in the paper.",
            "Smaller pictures have channels that keep the ratio of parameters to pixels at 4.",
        ],
    )


def _slowdown(results: Results, kind: str, k: int, place: str) -> Claim:
    image, noise = (losses(results, "fits", denoiser=f"{kind}-{k}", image_set=s) for s in ("image", "noise"))
    ratios, bound = slowdowns(LEVEL, image, noise)
    published = PUBLISHED.get((kind, k))
    number = None if published is None else published[1][0] / published[0][0]
    name = f"iterations to {LEVEL}, noise / image{' (at least)' if bound else ''}"
    row = {"fixed-kernel": "8", "trainable-3x3": "9", "deconvolution": "10"}.get(kind, "20")
    if kind in ("bilinear", "fixed-kernel"):
        statement = f"{kind}, k = {k}: the image is fitted more than ten times faster than noise"
        quantity = Quantity.above(name, ratios, 10, number)
    else:
        statement = f"{kind}, k = {k}: with trained kernels, less than ten times faster"
        quantity = Quantity.below(name, [] if bound else ratios, 10, number)
    return Claim(
        statement=statement,
        place=place,
        quantities=(quantity,),
        basis="'more than one order of magnitude'; published ratios are 34 and more, and 3.5 and less",
        row=row,
        note="smaller pictures than the paper's" if published is None and kind != "deconvolution" else "",
    )


def _iterations(results: Results, kind: str, k: int, place: str) -> Iterator[Claim]:
    """Yield for each target how its iterations compare with those digitised from the figure."""
    published = PUBLISHED.get((kind, k))
    if published is None:
        return
    for target, numbers in zip(("image", "noise"), published, strict=True):
        curves = losses(results, "fits", denoiser=f"{kind}-{k}", image_set=target)
        quantities = []
        for level, number in zip((LEVEL, 0.01), numbers, strict=True):
            if number is not None:
                found = [at for at in (reached(level, curve) for curve in curves) if at is not None]
                name = f"iterations to {level}"
                quantities.append(Quantity.between(name, found, number / FACTOR, number * FACTOR, number))
        yield Claim(
            statement=f"{kind}, k = {k}: how fast the {target} is fitted",
            place=f"{place}, digitised",
            quantities=tuple(quantities),
            basis="a factor of 1.5: digitised to 10 %, one run each, points of our curves 10 % apart",
            row="20",
        )


def _checkerboard(results: Results) -> Claim:
    curves = [one.losses for one in results.good("checkerboard")]
    return Claim(
        statement="Bilinear upsampling does not fit a checkerboard: it is as hard as noise",
        place="Appendix B.1",
        quantities=(Quantity.above("training error at the end", [end(c) for c in curves], 0.2, 0.25),),
        basis="0.25 is the error of a flat grey; 0.2 would be a fifth of the way",
        row="T1",
    )


def _table(results: Results, networks: Sequence[tuple[str, int]]) -> Table:
    rows: list[list[str | float | int | None]] = []
    for kind, k in networks:
        published = PUBLISHED.get((kind, k), ((None, None), (None, None)))
        for target, numbers in zip(("image", "noise"), published, strict=True):
            for curve in losses(results, "fits", denoiser=f"{kind}-{k}", image_set=target)[:1]:
                found = [reached(level, curve) for level in (LEVEL, 0.01)]
                pairs = [value for pair in zip(numbers, found, strict=True) for value in pair]
                rows.append([kind, k, target, *pairs, curve[0][-1] if curve[0] else None, end(curve)])
    header = [
        "convolutions",
        "channels",
        "target",
        "to 0.05, published",
        "ours",
        "to 0.01, published",
        "ours",
    ]
    return Table(
        title="Iterations to a training error (empty: never)",
        header=[*header, "to 0.01, published", "ours", "iterations run", "training error at the end"],
        rows=rows,
    )


def _figure(results: Results, kinds: Iterable[str], runs: _Runs) -> Figure:
    panels = []
    for kind in kinds:
        lines = [
            drawn(f"{target}, factor {_FACTORS[k]}", one)
            for k in runs[kind][0]
            for target in ("image", "noise")
            for one in results.good("fits", denoiser=f"{kind}-{k}", image_set=target)[:1]
        ]
        panels.append(
            Chart(title=kind, x_label="iteration", y_label="training error", lines=lines, log_x=True)
        )
    return Figure(panels=panels, columns=2)
