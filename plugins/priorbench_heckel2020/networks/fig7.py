"""Fig. 7: the Jacobian of a 1-D decoder, exact, and as the published code adds its rows up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from priorbench import Claim, Quantity
from priorbench.experiments import Chart, Computation, Conclusion, Figure, Line, Results, Size, Table

_PLACE = "Fig. 7"
_AS_CODED = "as coded: gradients are never set to zero, so row i of the matrix is the sum of rows 0 to i"
#: moments by their place in the results
_MOMENTS = ("t = 1", "t = 50 (text)", "t = 75 (code)", "t = 3500")
_TEXT, _CODE = 1, 2
#: which of the vectors that were computed are drawn
_DRAWN = (1, 2, 3, 5, 20, 50)
_SHOWN = (1, 2, 3, 4, 5, 20, 50, 100)


class Fig7:
    """Fig. 7 of Heckel & Soltanolkotabi 2020: singular values and vectors before and during training."""

    sizes = (
        Size(name="quick", seconds=40, reduced="4 starts, without the moment after 3500 steps"),
        Size(name="full", seconds=240),
    )

    def work(self, size: Size) -> Iterator[Computation]:
        """Return the decoder of some seeds at all moments."""
        yield Computation(
            name="decoder",
            function="priorbench_generators.computations:line_decoder",
            parameters={"more": [50, 75] if size.reduced else [50, 75, 3500]},
            seeds=tuple(range(4 if size.reduced else 10)),
        )

    def conclude(self, size: Size, results: Results) -> Conclusion:
        """Return what the figure shows, for both matrices."""
        found = results.values["decoder"]
        return Conclusion(
            claims=[
                _low_frequencies(found),
                _trigonometric(found),
                _unchanged(found),
                _largest(found),
                *_training(found, size),
            ],
            figure=_figure(found[0]),
            tables=[_table(found)],
            conditions=[
                "Each start has a target with noise of its own; the paper shows one start.",
                "The text trains 50 steps to the second moment, the code 75: both are run.",
            ],
            data={"singular values of the first start": {k: found[0][k]["singular"] for k in _KINDS}},
        )


_KINDS = {"exact": "exact", "accumulated": "as coded"}


def _low_frequencies(found: Sequence[Mapping[str, Any]]) -> Claim:
    return Claim(
        statement="Most of the Jacobian's energy lies in the low frequencies, before and during training",
        place=_PLACE,
        quantities=tuple(
            Quantity.above(
                f"share of the lowest quarter, {moment}",
                [one["exact"]["energy"]["64"][m] for one in found],
                0.5,
            )
            for m, moment in enumerate(_MOMENTS[: len(found[0]["exact"]["overlap"])])
        ),
        basis="half of the energy; without structure a quarter of the frequencies has a quarter",
        row="29",
    )


def _trigonometric(found: Sequence[Mapping[str, Any]]) -> Claim:
    def shares(kind: str, moment: int) -> Iterator[float]:
        return (float(np.mean(one[kind]["leading_energy_to_4"][moment])) for one in found)

    return Claim(
        statement="The leading singular vectors are slow waves",
        place=_PLACE,
        quantities=(
            Quantity.above("exact: share of the leading 5 up to frequency 4, t = 1", shares("exact", 0), 0.9),
            Quantity.above("the same, t = 50", shares("exact", _TEXT), 0.9),
        ),
        as_coded=(
            Quantity.above("accumulated, t = 1", shares("accumulated", 0), 0.9),
            Quantity.above("the same, t = 75", shares("accumulated", _CODE), 0.9),
        ),
        basis="five slow waves have all of their energy there; drawn vectors are smooth to the eye",
        row="29",
        note=_AS_CODED,
    )


def _unchanged(found: Sequence[Mapping[str, Any]]) -> Claim:
    return Claim(
        statement="The leading singular vectors hardly change in training",
        place=_PLACE,
        quantities=(
            Quantity.above(
                "exact: overlap of the leading 5, t = 1 with 50",
                [one["exact"]["overlap"][_TEXT] for one in found],
                0.8,
            ),
        ),
        as_coded=(
            Quantity.above(
                "accumulated: t = 1 with 75", [one["accumulated"]["overlap"][_CODE] for one in found], 0.8
            ),
        ),
        basis="1 is the same subspace, 0.01 a random one",
        row="29",
        note=_AS_CODED,
    )


def _largest(found: Sequence[Mapping[str, Any]]) -> Claim:
    def largest(kind: str, moment: int) -> Iterator[float]:
        return (one[kind]["singular"][moment][0] for one in found)

    return Claim(
        statement="The largest singular value is about 9000 at t = 1 and about 4000 later",
        place=f"{_PLACE} (a), digitised",
        quantities=(
            Quantity.between("exact, t = 1", largest("exact", 0), 4500, 18000, 9000),
            Quantity.between("exact, t = 50", largest("exact", _TEXT), 2000, 8000, 4000),
        ),
        as_coded=(
            Quantity.between("accumulated, t = 1", largest("accumulated", 0), 4500, 18000, 9000),
            Quantity.between("accumulated, t = 75", largest("accumulated", _CODE), 2000, 8000, 4000),
        ),
        basis="a factor of two, read off a logarithmic axis; starts differ by a fifth",
        row="29",
        note=_AS_CODED,
    )


def _training(found: Sequence[Mapping[str, Any]], size: Size) -> Iterator[Claim]:
    yield Claim(
        statement="After 70 to 75 steps the training error is 0.0267",
        place=f"{_PLACE}, stored output of the notebook",
        quantities=(
            Quantity.between(
                "training error", [one["losses"][_CODE][1] for one in found], 0.020, 0.034, 0.0267
            ),
        ),
        basis="a quarter: twice the spread over starts",
        row="29",
    )
    last = [] if size.reduced else [one["errors"][3][1] / one["errors"][3][0] for one in found]
    yield Claim(
        statement="Trained for long, the decoder fits the noise: the error to the clean signal rises again",
        place=f"{_PLACE}, stored output of the notebook",
        quantities=(Quantity.above("error after 3500 steps / least error", last, 2, 0.028 / 0.0095),),
        basis="a factor of two; 2.9 in the notebook",
        too_small=size.reduced,
        row="29",
    )


def _table(found: Sequence[Mapping[str, Any]]) -> Table:
    rows: list[list[str | float | int | None]] = []
    for kind, name in _KINDS.items():
        for m, moment in enumerate(_MOMENTS[: len(found[0][kind]["overlap"])]):
            values = np.mean([one[kind]["singular"][m] for one in found], axis=0)
            overlap = float(np.mean([one[kind]["overlap"][m] for one in found]))
            share = float(np.mean([one[kind]["leading_energy_to_4"][m] for one in found]))
            rows.append(
                [name, moment, *(float(values[i - 1]) for i in (1, 6, 21, 51, 101, 201)), share, overlap]
            )
    header = ["matrix", "moment", "s1", "s6", "s21", "s51", "s101", "s201"]
    header += ["energy of leading 5 up to frequency 4", "overlap of leading 5 with t = 1"]
    return Table(title=f"Singular values, means over {len(found)} starts", header=header, rows=rows)


def _figure(one: Mapping[str, Any]) -> Figure:
    """Return singular values, then singular vectors: on the left exact, on the right as coded."""
    places = [m for m in (0, _CODE, 3) if m < len(one["exact"]["overlap"])]
    panels = [_spectrum(one[kind], name, places) for kind, name in _KINDS.items()]
    for number in _DRAWN:
        panels += [_vector(one[kind], name, number, places) for kind, name in _KINDS.items()]
    return Figure(panels=panels, columns=2)


def _spectrum(values: Mapping[str, Any], name: str, places: Sequence[int]) -> Chart:
    lines = [
        Line(name=_MOMENTS[m], x=range(1, len(values["singular"][m]) + 1), y=values["singular"][m])
        for m in places
    ]
    return Chart(
        title=f"(a) Singular values, {name}",
        x_label="number",
        y_label="singular value",
        lines=lines,
        log_y=True,
        y_limits=(1e-1, 3e4),
    )


def _vector(values: Mapping[str, Any], name: str, number: int, places: Sequence[int]) -> Chart:
    place = _SHOWN.index(number)
    first = np.asarray(values["vectors"][0][place])
    lines = []
    for m in places:
        vector = np.asarray(values["vectors"][m][place])
        sign = -1.0 if vector @ first < 0 else 1.0  # the sign of a singular vector is arbitrary
        lines.append(Line(name=_MOMENTS[m], x=range(len(vector)), y=(sign * vector).tolist()))
    return Chart(title=f"Singular vector {number}, {name}", x_label="place", y_label="value", lines=lines)
