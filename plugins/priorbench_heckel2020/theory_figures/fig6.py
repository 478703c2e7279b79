"""Fig. 6: kernels and their dual kernels, by equation 13 and as the official code computes them."""

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
    Table,
)

#: largest and smallest value that the notebook prints
PRINTED = {
    "triangle 1": (0.166666, 0.166666),
    "triangle 10": (1.957451, 0.004870),
    "triangle 30": (5.896219, 0.001558),
    "gaussian 0.005": (0.496047, 0.021092),
    "gaussian 0.01": (0.982988, 0.009149),
    "gaussian 0.05": (4.900697, 0.001770),
}


class Figure6:
    """Triangles of half-width 1, 10, 30 and Gaussians of width 0.005 n, 0.01 n, 0.05 n; n = 300."""

    sizes = (Size(name="full", seconds=3),)

    def work(self, size: Size) -> Iterator[Computation]:
        """Return the kernels with their spectra."""
        yield Computation(name="kernels", function="priorbench_two_layer.figures.dual_kernels:dual_kernels")

    def conclude(self, size: Size, results: Results) -> Conclusion:
        """Judge what the notebook prints both ways, and the shapes."""
        kernels = results.values["kernels"][0]["kernels"]
        return Conclusion(
            claims=[_printed(kernels), _factor(kernels), _wider(kernels)],
            figure=_figure(kernels),
            tables=[
                Table(
                    title="Spectra of the expected Jacobian, n = 300",
                    header=["kernel", "largest sigma^2", "smallest sigma^2", "beta", "beta / alpha", "90 %"],
                    rows=[
                        (
                            one["name"],
                            one["eigenvalues"][0],
                            one["eigenvalues"][-1],
                            one["beta"],
                            one["beta"] / one["alpha"],
                            one["directions"],
                        )
                        for one in kernels
                    ],
                )
            ],
            conditions=[
                "The code divides by 6 where equation 13 has 1/2, and draws sigma^2 where the text speaks of "
                "singular values sigma.",
            ],
        )


def _printed(kernels: Sequence[Mapping[str, Any]]) -> Claim:
    def ends(key: str) -> tuple[Quantity, ...]:
        return tuple(
            Quantity.near(f"{which} value, {one['name']}", one[key][place], published, 1.1e-6)
            for one in kernels
            for which, place, published in zip(
                ("largest", "smallest"), (0, -1), PRINTED[one["name"]], strict=True
            )
        )

    return Claim(
        statement="The spectra begin and end at the values that the notebook prints for this figure",
        place="Fig. 6, right",
        quantities=ends("eigenvalues"),
        as_coded=ends("coded"),
        basis="the last printed digit",
        row="23",
        note="By equation 13 all of them are three times as large.",
    )


def _factor(kernels: Sequence[Mapping[str, Any]]) -> Claim:
    ratios = {
        one["name"]: [right / coded for right, coded in zip(one["eigenvalues"], one["coded"], strict=True)]
        for one in kernels
    }
    return Claim(
        statement="Equation 13 gives three times what the figure shows, in every direction",
        place="equation 13, against Fig. 6",
        quantities=tuple(
            Quantity.near(f"{name}, {which} ratio", pick(values), 3, 0.002)
            for name, values in ratios.items()
            for which, pick in (("least", min), ("largest", max))
        ),
        basis="the 1e-11 that the code takes off every cosine moves the ratio by less than 0.002",
        row="23",
    )


def _wider(kernels: Sequence[Mapping[str, Any]]) -> Claim:
    directions = {one["name"]: one["directions"] for one in kernels}
    pairs = [
        ("triangle 1", "triangle 10"),
        ("triangle 10", "triangle 30"),
        ("gaussian 0.005", "gaussian 0.01"),
        ("gaussian 0.01", "gaussian 0.05"),
    ]
    return Claim(
        statement="The wider the kernel, the fewer directions hold the energy of its dual kernel",
        place="Section 4, Fig. 6",
        quantities=tuple(
            Quantity.above(
                f"directions for 90 %: {narrow} - {wide}", directions[narrow] - directions[wide], 0
            )
            for narrow, wide in pairs
        ),
        basis="an order",
        row="23",
    )


def _figure(kernels: Sequence[Mapping[str, Any]]) -> Figure:
    panels = []
    for family in ("triangle", "gaussian"):
        of = [one for one in kernels if one["name"].startswith(family)]
        n = len(of[0]["kernel"])
        panels.append(
            Chart(
                title=f"{family} kernels",
                x_label="entry",
                y_label="u",
                lines=[
                    Line(name=one["name"], x=list(range(-(n // 2), n - n // 2)), y=one["kernel"])
                    for one in of
                ],
                x_limits=(-40, 40),
            )
        )
        for title, key in (("as coded: sigma^2 / 3", "coded"), ("equation 13: sigma^2", "eigenvalues")):
            panels.append(
                Chart(
                    title=title,
                    x_label="i",
                    y_label="eigenvalue",
                    lines=[Line(name=one["name"], x=list(range(1, n + 1)), y=one[key]) for one in of],
                    log_y=True,
                    y_limits=(1e-3, 30),
                )
            )
    return Figure(panels=panels, columns=3)
