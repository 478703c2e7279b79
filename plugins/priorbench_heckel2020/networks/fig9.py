"""Fig. 9: how far the weights of each layer move while a decoder fits an image, and noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from priorbench import Claim, Quantity
from priorbench.experiments import Chart, Computation, Conclusion, Figure, Line, Results, Size, Table

_PLACE = "Fig. 9"
#: end of the figure's vertical axis
_AXIS = 0.008
_TARGETS = {"phantom": "image", "noise": "noise"}
_FORMULAS = {
    "relative": "||C(t) - C(0)|| / ||C(0)||, by the text",
    "symmetrised": "||C(t) - C(0)||^2 / (||C(t)||^2 + ||C(0)||^2), as coded",
}
#: size -> side of the pictures, channels, iterations, starts
_RUNS = {
    "quick": (64, 64, 1200, 3),
    "small": (256, 256, 10_000, 1),
    "full": (256, 256, 100_000, 1),
}


class Fig9:
    """Fig. 9 of Heckel & Soltanolkotabi 2020: deep decoder, 256 channels, 4 upsamplings, SGD 0.1 / 0.9."""

    sizes = (
        Size(name="quick", seconds=40, reduced="64 x 64, 64 channels, 1200 of 100,000 iterations"),
        Size(name="small", seconds=4500, reduced="10,000 of 100,000 iterations"),
        Size(name="full", seconds=9 * 3600),
    )

    def work(self, size: Size) -> Iterator[Computation]:
        """Return the fits of the image and of noise."""
        side, channels, iterations, starts = _RUNS[size.name]
        for target in _TARGETS:
            yield Computation(
                name=target,
                function="priorbench_generators.computations:weight_course",
                parameters={"name": target, "size": side, "channels": channels, "iterations": iterations},
                seeds=tuple(range(starts)),
            )

    def conclude(self, size: Size, results: Results) -> Conclusion:
        """Return the order of the curves, and which formula has the figure's axis."""
        found = {target: results.values[target] for target in _TARGETS}
        layers = [name for name in found["phantom"][0]["relative"] if name != "output"]
        return Conclusion(
            claims=[
                _order(found, layers),
                _axis(found, layers, size),
            ],
            figure=_figure(found, layers),
            tables=[_table(found, layers)],
            conditions=[
                "The paper does not state the optimiser of this figure; SGD as in Fig. 8.",
                "The text's formula is a ratio of norms; the code has another, squared one. Both are shown.",
                "Hidden layers; the output layer has k weights only, and is in the table.",
            ],
        )


_Found = Mapping[str, Sequence[Mapping[str, Any]]]


def _last(found: _Found, target: str, formula: str, layer: str, at: int = -1) -> list[float]:
    return [one[formula][layer][at] for one in found[target]]


def _order(found: _Found, layers: Sequence[str]) -> Claim:
    def ratios(formula: str, layer: str) -> list[float]:
        noise, image = (_last(found, target, formula, layer) for target in ("noise", "phantom"))
        return [a / b for a, b in zip(noise, image, strict=True)]

    return Claim(
        statement="In every layer, fitting noise moves the weights farther than fitting the image",
        place=_PLACE,
        quantities=tuple(
            Quantity.above(f"noise / image at the end, {layer}", ratios("relative", layer), 1)
            for layer in layers
        ),
        basis="an order, at the last iteration",
        row="30",
        note="the two formulas grow with each other, so that the order is the same; early on it is reversed",
    )


def _axis(found: _Found, layers: Sequence[str], size: Size) -> Claim:
    """Return the claim on the axis: distances grow, so that what is passed in a short run stays passed."""

    def largest(formula: str) -> list[float]:
        return [max(one[formula][layer][-1] for layer in layers) for one in found["noise"]]

    passed = size.name != "quick" and min(largest("symmetrised")) > _AXIS
    return Claim(
        statement="The distances stay below 0.008, the end of the figure's axis",
        place=_PLACE,
        quantities=(Quantity.below("by the text, largest of all layers", largest("relative"), _AXIS),),
        as_coded=(Quantity.below("as coded, largest of all layers", largest("symmetrised"), _AXIS),),
        basis="the axis of the figure",
        too_small="" if passed else size.reduced,
        row="30",
        note="which formula was plotted is not said",
    )


def _table(found: _Found, layers: Sequence[str]) -> Table:
    rows: list[list[str | float | int | None]] = []
    for formula, words in _FORMULAS.items():
        for layer in [*layers, "output"]:
            means = [
                sum(values) / len(values)
                for values in (_last(found, target, formula, layer) for target in _TARGETS)
            ]
            rows.append([words, layer, *means, means[1] / means[0]])
    steps = found["phantom"][0]["step"][-1]
    header = ["formula", "layer", "image", "noise", "noise / image"]
    return Table(title=f"Distances after {steps} iterations", header=header, rows=rows)


def _figure(found: _Found, layers: Sequence[str]) -> Figure:
    """Return for each layer the curves by the text on the left, as coded on the right."""
    panels = [
        Chart(
            title=f"{layer}, {'by the text' if formula == 'relative' else 'as coded'}",
            x_label="iteration",
            y_label="distance from the start",
            log_x=True,
            lines=[
                Line(name=name, x=found[target][0]["step"], y=found[target][0][formula][layer])
                for target, name in _TARGETS.items()
            ],
        )
        for layer in layers
        for formula in _FORMULAS
    ]
    return Figure(panels=panels, columns=2)
