"""The figure of the statements beside the figures: checkerboard, way of the weights, power spectra."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from priorbench.experiments import Chart, Figure, Line, Results


def figure(results: Results, spectra: Mapping[str, Any]) -> Figure:
    """Return three charts."""
    board = results.values["board"][0]
    fit = results.values["gaussian 512"][0]
    return Figure(
        panels=[
            Chart(
                title="a checkerboard is fitted like noise",
                x_label="iteration",
                y_label="mean squared error / variance",
                lines=[
                    Line(name=name, x=board["at"], y=board[name])
                    for name in ("image", "noise", "checkerboard")
                ],
                log_x=True,
            ),
            Chart(
                title="how far the weights move (U Gaussian, k = 512)",
                x_label="iteration",
                y_label="||C - C_0||",
                lines=[
                    Line(name="gradient descent", x=fit["at"], y=fit["moved"], style="points"),
                    Line(name="eq. 28", x=fit["at"], y=fit["predicted"]),
                ],
                log_x=True,
            ),
            Chart(
                title="power spectra",
                x_label="frequency (cycles for each pixel)",
                y_label="power",
                lines=[
                    Line(name=name, x=spectra[name]["frequency"], y=spectra[name]["power"])
                    for name in ("astronaut", "camera", "rocket", "noise")
                ],
                log_x=True,
                log_y=True,
                x_limits=(0.01, 1),
            ),
        ],
        columns=3,
    )
