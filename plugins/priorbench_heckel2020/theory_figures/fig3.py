"""Fig. 3: left singular vectors of a circulant matrix are trigonometric functions."""

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

#: what the figure's axes show: 1 / sqrt(300) for the constant, sqrt(2 / 300) for all others
AMPLITUDES, FREQUENCIES = (0.0577, 0.0816, 0.0816, 0.0816), (0, 1, 3, 10)


class Figure3:
    """Left singular vectors number 1, 2, 6, 21 of the circulant of the ramp 0 ... 299."""

    sizes = (Size(name="full", seconds=3),)

    def work(self, size: Size) -> Iterator[Computation]:
        """Return the singular value decomposition."""
        yield Computation(
            name="vectors", function="priorbench_two_layer.figures.singular_vectors:singular_vectors"
        )

    def conclude(self, size: Size, results: Results) -> Conclusion:
        """Compare planes, since cosine and sine of a frequency share their singular value."""
        [found] = results.values["vectors"]
        return Conclusion(
            claims=list(_claims(found)),
            figure=Figure(
                panels=[
                    Chart(
                        title=f"singular vector {number} (frequency {frequency})",
                        x_label="entry",
                        y_label="value",
                        lines=[Line(name="vector", x=list(range(len(vector))), y=vector)],
                        y_limits=(-0.1, 0.1),
                    )
                    for number, frequency, vector in zip(
                        found["number"], found["frequency"], found["vector"], strict=True
                    )
                ]
            ),
            conditions=["The phase within a frequency's plane is arbitrary, so planes are compared."],
        )


def _claims(found: Mapping[str, Any]) -> Iterator[Claim]:
    numbers = found["number"]
    yield Claim(
        statement="Left singular vectors of a convolution are trigonometric basis functions",
        place="Section 4, Fig. 3",
        quantities=tuple(
            Quantity.near(f"energy of vector {number} at its frequency", share, 1, 1e-9)
            for number, share in zip(numbers, found["inside"], strict=True)
        ),
        basis="exact, to rounding",
        row="19",
    )
    yield Claim(
        statement="Vectors 1, 2, 6 and 21 have the frequencies 0, 1, 3 and 10",
        place="Fig. 3",
        quantities=tuple(
            Quantity.near(f"frequency of vector {number}", frequency, published, 0.1)
            for number, frequency, published in zip(numbers, found["frequency"], FREQUENCIES, strict=True)
        ),
        basis="whole numbers",
        row="19",
    )
    yield Claim(
        statement="Their amplitudes are 1 / sqrt(n) and sqrt(2 / n)",
        place="Fig. 3, axes",
        quantities=tuple(
            Quantity.between(
                f"largest entry of vector {number}",
                max(map(abs, vector)),
                0.99 * published,
                1.001 * published,
                published,
            )
            for number, vector, published in zip(numbers, found["vector"], AMPLITUDES, strict=True)
        ),
        basis="a sampled sine of any phase stays within 1 % of its amplitude",
        row="19",
    )
