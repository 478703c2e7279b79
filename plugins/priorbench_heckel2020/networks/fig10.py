"""Fig. 10: pictures of ImageNet and noise, fitted by an under-parameterised deep decoder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log10
from statistics import fmean, stdev

from priorbench import Claim, Quantity
from priorbench.experiments import Chart, Conclusion, Figure, Line, Results, Size, Table, Trials
from priorbench_heckel2020.networks.fits import CLEAN, Curve, end, losses, uniform_noise
from priorbench_heckel2020.table1 import _is_published, _pictures

#: final training errors of the 25 pictures, in the order of the list (stored output of the notebook)
PUBLISHED = (
    0.002294, 0.002579, 0.002107, 0.000183, 0.001469, 0.001183, 0.001499, 0.000320, 0.000642, 0.000466,
    0.000164, 0.000804, 0.000411, 0.000782, 0.000390, 0.000598, 0.000205, 0.000160, 0.000401, 0.003327,
    0.000249, 0.000512, 0.001822, 0.002576, 0.000993,
)  # fmt: skip
_VARIANCE = 0.9**2 / 12
#: size -> side of the pictures, channels, iterations, pictures, noises
_RUNS = {
    "quick": (64, 32, 150, 5, 2),
    "small": (128, 64, 10_000, 5, 2),
    "full": (512, 256, 10_000, 25, 2),
}


class Fig10:
    """Fig. 10 of Heckel & Soltanolkotabi 2020: 25 pictures (its text says 100), SGD 0.1 / 0.9.

    Parameters
    ----------
    images : str or None, optional
        your ImageNet, as ``imagenet:path=FOLDER,list=priorbench_heckel2020:imagenet100.txt``, or a folder of
        pictures, as for Table 1. None = ImageNet in ``$PRIORBENCH_DATA`` if it is there, else five
        photographs that are always there.
    """

    sizes = (
        Size(
            name="quick", seconds=15, reduced="5 pictures of 64 x 64, 32 channels, 150 of 10,000 iterations"
        ),
        Size(name="small", seconds=2000, reduced="5 pictures of 128 x 128, 64 channels"),
        Size(name="full", seconds=27 * 10_000 * 1.5),
    )

    def __init__(self, *, images: str | None = None) -> None:
        self._images = images
        self._published = _is_published(images)

    def work(self, size: Size) -> Iterator[Trials]:
        """Return the fits of pictures and of noise."""
        side, channels, iterations, pictures, noises = _RUNS[size.name]
        decoder = {
            "label": "decoder",
            "channels": channels,
            "layers": 5,
            "order": "convolve-first",
            "optimiser": "sgd",
            "learning_rate": 0.1,
            "iterations": iterations,
        }
        targets = {
            "pictures": _pictures(self._images, side),
            "noise": uniform_noise(size=side, channels=3, scale=0.9, count=noises),
        }
        for name, images in targets.items():
            yield Trials(
                name=name,
                suite={
                    "images": [images],
                    "noises": [CLEAN],
                    "denoisers": [{"deep-decoder": decoder}],
                    "stopping": ["fixed"],
                },
                limit=pictures if name == "pictures" else None,
            )

    def conclude(self, size: Size, results: Results) -> Conclusion:
        """Return the order of the bands, and the published numbers."""
        pictures, noise = losses(results, "pictures"), losses(results, "noise")
        return Conclusion(
            claims=[
                _order(pictures, noise),
                _flat(noise),
                _ends(noise, size),
                _published(results, pictures, "" if self._published else "other pictures", size),
            ],
            figure=_figure(pictures, noise),
            tables=[_table(results)],
            conditions=[
                "The text says 100 pictures; the code takes the first 25.",
                "Noise is 0.9 U(0, 1), independent in the channels, as coded.",
                *([] if self._published else [f"Pictures: {self._images or 'photographs of scikit-image'}."]),
            ],
        )


def _order(pictures: Sequence[Curve], noise: Sequence[Curve]) -> Claim:
    ends = [end(curve) for curve in noise]
    orders = [log10(fmean(ends) / end(curve)) for curve in pictures] if ends else []
    return Claim(
        statement="Pictures are fitted, noise is not",
        place="Fig. 10",
        quantities=(
            Quantity.above(
                "final training error, log10(noise / picture)", orders, 0, log10(0.0597 / 0.001045)
            ),
        ),
        basis="an order, over the pictures; orders of magnitude, since ratios are skewed",
        row="31",
    )


def _flat(noise: Sequence[Curve]) -> Claim:
    """Return what any size shows: noise first costs its variance, which only its mean explains."""
    found = [
        value for at, values in noise for step, value in zip(at, values, strict=True) if 90 <= step <= 110
    ]
    return Claim(
        statement="After 100 iterations the error of noise is its variance: nothing of it is fitted",
        place="Fig. 10, stored output of the notebook",
        quantities=(Quantity.near("training error of noise", found[:1], 0.0675, 0.003),),
        basis="4 %: two digits of the stored value, and the noise's own variance over 64 x 64 pixels",
        row="31",
    )


def _ends(noise: Sequence[Curve], size: Size) -> Claim:
    return Claim(
        statement="After 10,000 iterations the error of noise is 0.0591 to 0.0602",
        place="Fig. 10, stored output of the notebook",
        quantities=(Quantity.near("training error of noise", map(end, noise), 0.0597, 0.0018),),
        basis="3 %: three times the spread of the stored values",
        too_small=size.reduced,
        row="31",
    )


def _published(results: Results, pictures: Sequence[Curve], other: str, size: Size) -> Claim:
    ours = [end(curve) for curve in pictures]
    mean = fmean(PUBLISHED)
    ratios = [a / b for a, b in zip(ours, PUBLISHED, strict=False)]
    return Claim(
        statement="After 10,000 iterations the mean error of 25 pictures is 0.00105",
        place="Fig. 10, stored output of the notebook",
        quantities=(
            Quantity.near("mean training error", [fmean(ours)] if ours else [], mean, 0.2 * mean),
            Quantity.between("ours / published, picture by picture", [] if other else ratios, 0.8, 1.25, 1.0),
        ),
        basis="20 %: one run each",
        too_small=size.reduced or other,
        row="31",
    )


def _table(results: Results) -> Table:
    rows: list[list[str | float | int | None]] = []
    for name in ("pictures", "noise"):
        for one in results.good(name):
            at, values = one.losses
            rows.append([name, one.record.image, at[-1] if at else None, end((at, values))])
    header = ["target", "picture", "iterations", "training error"]
    return Table(title="Training error at the end", header=header, rows=rows)


def _band(name: str, curves: Sequence[Curve]) -> Line:
    """Return the mean of curves at the same iterations, with a band of one standard deviation."""
    values = list(zip(*(curve[1] for curve in curves), strict=False))
    means = [fmean(at) for at in values]
    spread = [stdev(at) if len(at) > 1 else 0.0 for at in values]
    return Line(
        name=name,
        x=list(curves[0][0])[: len(means)],
        y=means,
        low=[m - s for m, s in zip(means, spread, strict=True)],
        high=[m + s for m, s in zip(means, spread, strict=True)],
    )


def _figure(pictures: Sequence[Curve], noise: Sequence[Curve]) -> Figure | None:
    lines = [_band(name, curves) for name, curves in (("pictures", pictures), ("noise", noise)) if curves]
    chart = Chart(
        title="Mean over pictures, with one standard deviation",
        x_label="iteration",
        y_label="training error",
        lines=lines,
        log_x=True,
    )
    return Figure(panels=[chart], columns=1) if lines else None
