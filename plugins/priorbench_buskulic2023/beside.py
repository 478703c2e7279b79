"""The figure of the statements beside Fig. 1: flow with noise, sigma_min along a fit, what a cone reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from priorbench.experiments import Chart, Figure, Line, Results


def figure(results: Results, widths: Sequence[int]) -> Figure:
    """Return three charts; `widths` are those of the softplus."""
    panels = [_flow(results.values["flow"][0]), _jacobian(results.values["fit"][0]), _cone(results, widths)]
    return Figure(panels=panels, columns=3)


def _flow(flow: Mapping[str, Any]) -> Chart:
    t = flow["t"][1:]
    return Chart(
        title="gradient flow with noise",
        x_label="t",
        y_label="norm",
        lines=[
            Line(name="||y(t) - y||", x=t, y=flow["residual"][1:]),
            Line(name="eq. 8", x=t, y=flow["rate_bound"][1:], style="dashes"),
            Line(name="||y(t) - ybar||", x=t, y=flow["error"][1:]),
            Line(
                name="2 ||eps||, from eq. 6's time",
                x=[flow["time"], t[-1]],
                y=[2 * flow["noise"]] * 2,
                style="dashes",
            ),
        ],
        log_x=True,
        log_y=True,
        y_limits=(1e-3, 20),
    )


def _jacobian(fit: Mapping[str, Any]) -> Chart:
    steps, half = fit["at"][1:], fit["sigma_min"][0] / 2
    return Chart(
        title="sigma_min(J) along a fit",
        x_label="step",
        y_label="sigma_min",
        lines=[
            Line(name="m = 10, n = 60, k = 1000", x=steps, y=fit["sigma_min"][1:]),
            Line(name="half the first (Lemma 1)", x=[1, steps[-1]], y=[half, half], style="dashes"),
        ],
        log_x=True,
        y_limits=(0, 0.22),
    )


def _cone(results: Results, widths: Sequence[int]) -> Chart:
    found = [results.values[f"softplus {k}"] for k in widths]
    shares = [sum(one["feasible"] for one in seeds) / len(seeds) for seeds in found]
    return Chart(
        title="softplus: which problems are reachable",
        x_label="k (m = 10)",
        y_label="share",
        lines=[
            Line(name="measured", x=list(widths), y=shares, style="points"),
            Line(name="Wendel 1962", x=list(widths), y=[seeds[0]["predicted"] for seeds in found]),
        ],
    )
