"""Fig. 11: a two-layer generator fits a step long before noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


class Figure11:
    """G(C) = ReLU(U C) v by gradient descent on a step function and on noise of its norm."""

    sizes = (
        Size(name="quick", seconds=10, reduced="3 of 8 seeds, width 128 of 512, 400 of 2000 iterations"),
        Size(name="full", seconds=60),
    )

    def work(self, size: Size) -> Iterator[Computation]:
        """Return the fits."""
        quick = bool(size.reduced)
        yield Computation(
            name="fits",
            function="priorbench_two_layer.figures.step_and_noise:step_and_noise",
            parameters={"k": 128, "steps": 400} if quick else {"k": 512, "steps": 2000},
            seeds=tuple(range(3 if quick else 8)),
        )

    def conclude(self, size: Size, results: Results) -> Conclusion:
        """Judge how many times longer noise takes; a fit that came nowhere counts as its last iteration."""
        fits = results.values["fits"]
        ratios = {
            share: [_ratio(fit, place) for fit in fits] for place, share in enumerate(fits[0]["shares"])
        }
        below = [fit["noise"]["mse"][-1] / fit["step"]["mse"][-1] for fit in fits]
        return Conclusion(
            claims=[
                Claim(
                    statement="The step is fitted orders of magnitude sooner than noise",
                    place="Appendix, Fig. 11",
                    quantities=tuple(
                        Quantity.above(f"iterations to {share:.0%} of the energy, noise / step", values, 10)
                        for share, values in ratios.items()
                    ),
                    basis="an order of magnitude is 10; a noise fit that is not there yet counts as it is",
                    row="32",
                ),
                Claim(
                    statement="At the end of the fit more is left of the noise than of the step",
                    place="Appendix, Fig. 11",
                    quantities=(Quantity.above("mean squared error, noise / step", below, 10),),
                    basis="an order of magnitude is 10",
                    row="32",
                ),
            ],
            figure=_figure(fits[0]),
            conditions=[
                "The paper says neither n, k, kernel nor step size; here n = 300, a triangle of half-width "
                "10, eta = 1 / ||F u||_inf^2, weights of 0.1 ||y|| / sqrt(n).",
                "There is no notebook: only the order can be compared.",
            ],
        )


def _ratio(fit: Mapping[str, Any], place: int) -> float:
    last = fit["at"][-1]
    step, noise = (fit[name]["reached"][place] for name in ("step", "noise"))
    return float((noise or last) / (step or last))


def _figure(fit: Mapping[str, Any]) -> Figure:
    panels = []
    for name in ("step", "noise"):
        one = fit[name]
        entries = list(range(len(one["target"])))
        outputs = [
            Line(name=f"after {tau}", x=entries, y=output)
            for tau, output in zip(fit["shown"], one["outputs"], strict=True)
            if tau >= 10
        ]
        panels += [
            Chart(
                title=f"{name} and fits of it",
                x_label="entry",
                y_label="value",
                lines=[Line(name="target", x=entries, y=one["target"], style="dashes"), *outputs],
            ),
            Chart(
                title=f"fit of the {name}",
                x_label="iteration",
                y_label="mean squared error",
                lines=[
                    Line(name="gradient descent", x=fit["at"], y=one["mse"]),
                    Line(name="linearised (Theorem 5)", x=fit["at"], y=one["linear"], style="dashes"),
                ],
                log_x=True,
                y_limits=(0, 0.55),
            ),
        ]
    return Figure(panels=panels)
