"""Fig. 5: gradient descent on linear least squares fits what lies along large singular values first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from priorbench.experiments import (
    Chart,
    Claim,
    Computation,
    Conclusion,
    Figure,
    Line,
    Quantity,
    Results,
    Size,
)

_FUNCTION = "priorbench_two_layer.figures.least_squares:least_squares"
Runs = Sequence[Mapping[str, Any]]
_SPREAD = "mean +- 2 standard deviations of single runs over 40 other seeds; the stored run is one of them"


class Figure5:
    """One matrix with decaying singular values, its first left singular vector as the signal, and noise."""

    sizes = (
        Size(name="quick", seconds=5, reduced="10 of 40 seeds"),
        Size(name="full", seconds=10),
    )

    def work(self, size: Size) -> Iterator[Computation]:
        """Return the curves, as coded and by the text."""
        for reading in ("code", "text"):
            yield Computation(
                name=reading,
                function=_FUNCTION,
                parameters={"reading": reading},
                seeds=tuple(range(10 if size.reduced else 40)),
            )

    def conclude(self, size: Size, results: Results) -> Conclusion:
        """Judge the shape of the curve on its own, and its place as coded and by the text."""
        coded, text = results.values["code"], results.values["text"]
        return Conclusion(
            claims=[*_shape(coded, text), *_numbers(coded, text)],
            figure=_figure(coded[0], text[0]),
            conditions=[
                "As coded, the noise has norm 1 exactly; by the text it is N(0, I / n).",
                "The notebook has no seed: its run is one of those over which the spread is.",
            ],
        )


def _shape(coded: Runs, text: Runs) -> Iterator[Claim]:
    rises = [one["error"][-1] - one["least"] for one in text]
    rises_coded = [one["error"][-1] - one["least"] for one in coded]
    yield Claim(
        statement="The error to the signal falls, and rises again as the noise is fitted",
        place="Section 3, Fig. 5",
        quantities=(
            Quantity.above("error at step 1000 - least error", rises, 0.1),
            Quantity.above("error at step 0 - least error", [1 - o["least"] for o in text], 0.1),
        ),
        as_coded=(Quantity.above("error at step 1000 - least error", rises_coded, 0.1),),
        basis="an order; 0.1 is a tenth of the signal's norm",
        row="21",
    )
    yield Claim(
        statement="The least error is reached after about a dozen steps",
        place="Fig. 5, right",
        quantities=(Quantity.between("step of the least error", [o["at"] for o in text], 10.5, 21.3, 12),),
        as_coded=(Quantity.between("step of the least error", [o["at"] for o in coded], 10.5, 21.3, 12),),
        basis=_SPREAD,
        row="21",
        note="The text's step size 0.25 meets a gradient with a factor 1/2 in the code: 0.125.",
    )


def _numbers(coded: Runs, text: Runs) -> Iterator[Claim]:
    last = [one["error"][-1] for one in coded]
    left = [one["residual"][-1] for one in coded]
    yield Claim(
        statement="The least error, the last one, and the last residual are those of the figure",
        place="Fig. 5, right",
        quantities=(
            Quantity.between("least error", [o["least"] for o in coded], 0.16, 0.37, 0.18),
            Quantity.between("error at 1000", last, 0.567, 0.791, 0.61),
            Quantity.between("residual at 1000", left, 0.55, 0.76, 0.7),
        ),
        basis=_SPREAD,
        row="21",
    )
    yield Claim(
        statement="Gradient descent is the closed form of Proposition 1",
        place="Proposition 1",
        quantities=(
            Quantity.below("largest difference", max(one["rounding"] for one in (*coded, *text)), 1e-12),
        ),
        basis="exact, to rounding",
        row="21",
    )


def _figure(coded: Mapping[str, Any], text: Mapping[str, Any]) -> Figure:
    steps = list(range(len(coded["error"])))
    curves = [
        Line(name="to the signal, as coded", x=steps, y=[e * e for e in coded["error"]]),
        Line(name="to the noisy signal, as coded", x=steps, y=[e * e for e in coded["residual"]]),
        Line(name="to the signal, by the text", x=steps, y=[e * e for e in text["error"]], style="dashes"),
    ]
    values = coded["singular_values"]
    return Figure(
        panels=[
            Chart(
                title="singular values",
                x_label="i",
                y_label="singular value",
                lines=[Line(name="singular value", x=list(range(1, len(values) + 1)), y=values)],
            ),
            Chart(
                title="squared error of J c",
                x_label="steps",
                y_label="squared error",
                lines=curves,
                log_x=True,
                x_limits=(1, 1000),
            ),
        ]
    )
