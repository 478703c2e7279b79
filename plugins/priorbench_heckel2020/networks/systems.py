"""The checklist of the paper's systems that are networks, pictures and noise, with their check values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from priorbench import Claim, Quantity
from priorbench.experiments import (
    Computation,
    Conclusion,
    Outcome,
    Results,
    Row,
    Size,
    Table,
    Trials,
)
from priorbench_heckel2020.networks.checks import PARAMETERS
from priorbench_heckel2020.networks.fits import phantom

_COMMAND = "priorbench reproduce heckel2020-systems"
#: parameters -> row
_ROWS = {
    "decoder, convolutions first, k = 256, 5 upsamplings, colour": "4",
    "decoder, convolutions first, k = 256, 4 upsamplings, grey": "4",
    "decoder of Table 1, k = 128": "5",
    "decoder of Table 1, k = 512": "6",
    "DIP, colour": "7",
    "DIP, grey": "7",
    "fixed kernels, k = 128": "8",
    "trainable 3x3, k = 42": "9",
    "deconvolution, k = 42": "10",
}
_EXACT = "exact"


def _figure(name: str) -> str:
    return f"priorbench reproduce heckel2020-{name}"


class Systems:
    """Rows 1 to 21 and 29 to 33 of the checklist of Heckel & Soltanolkotabi 2020."""

    sizes = (
        Size(name="quick", seconds=20, reduced="Fits of row 11: 2 pictures of 64 x 64, 100 iterations"),
        Size(name="full", seconds=3600),
    )
    rows = (
        Row(number="1", name="ImageNet-100 loader", place="Table 1", command=_figure("table1")),
        Row(number="2", name="noise equal in the channels, clipped", place="Table 1", command=_COMMAND),
        Row(number="3", name="independent noise, clipped", place="Fig. 2", command=_figure("fig2")),
        Row(number="4", name="deep decoder, convolutions first", place="Figs. 1, 4, 8, 10", command=_COMMAND),
        Row(number="5", name="deep decoder, upsampling first", place="Table 1, Fig. 1", command=_COMMAND),
        Row(number="6", name="deep decoder, normalised before ReLU", place="Table 1", command=_COMMAND),
        Row(number="7", name="DIP", place="Table 1, Figs. 1, 2, 12", command=_COMMAND),
        Row(number="8", name="generator ii), fixed kernels", place="Fig. 8", command=_figure("fig8")),
        Row(number="9", name="generator iii), trainable 3x3", place="Figs. 4, 8", command=_figure("fig8")),
        Row(number="10", name="generator iv), deconvolution", place="Fig. 8", command=_figure("fig8")),
        Row(number="11", name="fitter with best training loss", place="all fits", command=_COMMAND),
        Row(number="12", name="PSNR and MSE", place="all", command=_COMMAND),
        Row(number="13", name="BM3D as published", place="Table 1", command=_figure("table1")),
        Row(number="14", name="BM3D told the noise", place="control", command=_figure("table1")),
        Row(number="15", name="BM3D, independent noise", place="Fig. 2", command=_figure("fig2")),
        Row(number="16", name="Table 1 with failure flag", place="Table 1", command=_figure("table1")),
        Row(number="17", name="curves: noisy, clean, noise", place="Fig. 1", command=_figure("fig1")),
        Row(number="18", name="panel of pictures", place="Fig. 2", command=_figure("fig2")),
        Row(number="19", name="trigonometric basis", place="Definition 1, Fig. 3", command=_figure("fig3")),
        Row(number="20", name="image and noise, 4 kinds", place="Figs. 4, 8", command=_figure("fig8")),
        Row(number="21", name="linear least squares", place="Proposition 1, Fig. 5", command=_figure("fig5")),
        Row(number="29", name="Jacobian of a 1-D decoder", place="Fig. 7", command=_figure("fig7")),
        Row(number="30", name="distances of weights", place="Fig. 9", command=_figure("fig9")),
        Row(number="31", name="ImageNet against noise", place="Fig. 10", command=_figure("fig10")),
        Row(number="32", name="two-layer fit, step and noise", place="Fig. 11", command=_figure("fig11")),
        Row(number="33", name="norms of J^T y", place="Fig. 12", command=_figure("fig12")),
    )

    def work(self, size: Size) -> Iterator[Computation | Trials]:
        """Return the check values, the phantom's noisy picture, and fits with both ways to stop."""
        yield Computation(name="checks", function="priorbench_heckel2020.networks.checks:values")
        yield Trials(
            name="noisy",
            suite={
                "images": [phantom(256)],
                "noises": [{"gaussian": {"label": "noise", "sigma": "40/255", "clip": True}}],
                "denoisers": ["identity"],
            },
        )
        crop, iterations = (64, 100) if size.reduced else (256, 3000)
        yield Trials(
            name="stopping",
            suite={
                "images": [{"photos": {"crop": crop}}],
                "noises": ["heckel2020"],
                "denoisers": [{"deep-decoder-under": {"label": "decoder", "iterations": iterations}}],
                "stopping": ["best-loss", "fixed"],
            },
            limit=2 if size.reduced else 3,
        )

    def conclude(self, size: Size, results: Results) -> Conclusion:
        """Return the check values beside the published ones."""
        (found,) = results.values["checks"]
        return Conclusion(
            claims=[
                *_parameters(found["parameters"]),
                *_pictures(found),
                *_scores(results.good("noisy")),
                _best_loss(results, size),
            ],
            tables=[
                Table(
                    title="Trainable parameters",
                    header=["network", "published", "ours"],
                    rows=[[name, PARAMETERS[name], ours] for name, ours in found["parameters"].items()],
                )
            ],
        )


def _parameters(found: Mapping[str, int]) -> Iterator[Claim]:
    for name, ours in found.items():
        yield Claim(
            statement=f"{name}: {PARAMETERS[name]:,} trainable parameters",
            place="published code",
            quantities=(Quantity.near("parameters", ours, PARAMETERS[name], 0),),
            basis=_EXACT,
            row=_ROWS[name],
        )


def _pictures(found: Mapping[str, Any]) -> Iterator[Claim]:
    def claim(statement: str, row: str, basis: str, *quantities: Quantity) -> Claim:
        return Claim(statement=statement, place="published code", quantities=quantities, basis=basis, row=row)

    sides, noise, basis = found["deconvolution"], found["same noise"], found["basis"]
    yield claim(
        "The deconvolution network makes 256 pixels of 32",
        "10",
        _EXACT,
        Quantity.near("side of the input", sides[0], 32, 0),
        Quantity.near("side of the output", sides[1], 256, 0),
    )
    yield claim("The list has 100 pictures", "1", _EXACT, Quantity.near("names", found["names"], 100, 0))
    yield claim(
        "The noise of Table 1 is one field for all channels, and the noisy picture is clipped",
        "2",
        "exact; the deviation of 65,536 normal values to 1 %",
        Quantity.near("largest difference between channels", noise["between channels"], 0, 0),
        Quantity.near("standard deviation", noise["deviation"], 25 / 255, 0.001),
        Quantity.near("largest excess over [0, 1]", noise["outside"], 0, 0),
    )
    yield claim(
        "The phantom has the norm of the paper's file",
        "17",
        "the printed digits",
        Quantity.near("norm", found["phantom"], 85.7806, 1e-4),
    )
    yield claim(
        "The trigonometric basis is orthonormal, its constant 1/sqrt(n)",
        "19",
        "rounding",
        Quantity.near("largest entry of W^T W - I, n = 300", basis["orthogonality"], 0, 1e-12),
        Quantity.near("constant", basis["constant"], 300**-0.5, 1e-12),
    )


def _scores(noisy: Sequence[Outcome]) -> Iterator[Claim]:
    found = [one.record.noisy_psnr for one in noisy if one.record.noisy_psnr is not None]
    yield Claim(
        statement="The phantom with clipped noise of 40/255 has a PSNR of 17.74 dB",
        place="Fig. 1 (a)",
        quantities=(Quantity.near("PSNR", found, 17.74, 0.06, "dB"),),
        basis="the noise of 65,536 pixels changes it by 0.03 dB",
        row="12",
    )


def _best_loss(results: Results, size: Size) -> Claim:
    pairs = {
        rule: {one.record.image: one.record.psnr for one in results.good("stopping", stopping=rule)}
        for rule in ("best-loss", "fixed")
    }
    gains = [
        best - last
        for image, best in pairs["best-loss"].items()
        if best is not None and (last := pairs["fixed"].get(image)) is not None
    ]
    return Claim(
        statement="The network with the best training loss is better than the last one: 0.38 dB, k = 128",
        place="Table 1, stored outputs",
        quantities=(Quantity.between("best loss - last", gains, 0.0, 1.0, 0.38, "dB"),),
        basis="published means are 0.04 to 0.38 dB; single pictures scatter",
        too_small=size.reduced,
        row="11",
    )
