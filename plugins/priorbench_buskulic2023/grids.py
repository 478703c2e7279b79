"""Fig. 1a and 1b: the share of runs whose loss reaches 1e-7 within 25,000 steps, cell by cell.

Each cell is computed by itself with the paper's step size 1, and with a stable one, and a linear programme
says for some of its runs whether zero loss can be reached at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from priorbench.experiments import (
    Claim,
    Computation,
    Conclusion,
    Figure,
    HeatMap,
    Line,
    Quantity,
    Results,
    Row,
    Size,
)
from priorbench_two_layer.wide_dip.experiments.boundary import crossing, exponent
from priorbench_two_layer.wide_dip.experiments.cell import Panel, grid

_EXPERIMENTS = "priorbench_two_layer.wide_dip.experiments"
_QUICK = "10 x 10 cells and 10 runs of 20 x 20 and 50"
#: n of Fig. 1a, and m of Fig. 1b, at which the width of half success is measured by itself
LENGTHS, MEASUREMENTS = (60, 300, 1000), (6, 10, 14, 20)
_CONDITIONS = (
    "Not stated in the paper, chosen here: the grid's spacing, the smallest n and m, V (Rademacher), and "
    "that A, x, V and h_0 are drawn anew for each run.",
    "The stable step is min(1, 1 / lambda_max(K_0)).",
    "d = 500 does not appear: with ||u|| = 1 the fit does not depend on d (experiment 'also').",
)

Cells = Sequence[Mapping[str, Any]]


class Figure1a:
    """m = 10, n from 60 to 3000, k from 20 to 1000."""

    sizes = (
        Size(name="quick", seconds=15, reduced=_QUICK),
        Size(name="full", seconds=120),
    )
    rows = (
        Row(
            number="37",
            name="probability of success over n and k",
            place="Section 4, Fig. 1a",
            command="priorbench reproduce buskulic2023-fig1a",
        ),
        Row(
            number="39",
            name="linear programme: is zero loss reachable",
            place="a control that the paper lacks",
            command="priorbench reproduce buskulic2023-fig1a",
        ),
    )

    def work(self, size: Size) -> Iterator[Computation]:
        """Return the cells, and the widths of half success."""
        yield from _cells("1a", size)
        for n in LENGTHS:
            yield _half(10, n, runs=20)

    def conclude(self, size: Size, results: Results) -> Conclusion:
        """Compare both steps with the paper's claims, and the runs with the linear programme."""
        cells = _found("1a", size, results)
        return Conclusion(
            claims=[_wide(cells), _beyond(cells), *_in_n(cells, results), _programme(cells, "Fig. 1a")],
            figure=Figure(panels=_maps(cells, "n"), columns=3),
            conditions=_CONDITIONS,
            data={"cells": list(cells)},
        )


class Figure1b:
    """n = 60, m up to 60, k from 20 to 1000."""

    sizes = (
        Size(name="quick", seconds=45, reduced=_QUICK),
        Size(name="full", seconds=300),
    )
    rows = (
        Row(
            number="38",
            name="probability of success over m and k",
            place="Section 4, Fig. 1b",
            command="priorbench reproduce buskulic2023-fig1b",
        ),
    )

    def work(self, size: Size) -> Iterator[Computation]:
        """Return the cells, and the widths of half success."""
        yield from _cells("1b", size)
        for m in MEASUREMENTS:
            yield _half(m, 60, runs=40)

    def conclude(self, size: Size, results: Results) -> Conclusion:
        """Compare the boundary with the paper's claim, and the runs with the linear programme."""
        cells = _found("1b", size, results)
        early = [one for one in cells if one["m"] <= 30]
        return Conclusion(
            claims=[*_in_m(results), _square(cells), _programme(early, "Fig. 1b, m <= n / 2")],
            figure=Figure(panels=_maps(cells, "m"), columns=3),
            conditions=_CONDITIONS,
            data={"cells": list(cells)},
        )


def _cells(panel: Panel, size: Size) -> Iterator[Computation]:
    side, runs = (10, 10) if size.reduced else (20, 50)
    for of in grid(panel, cells=side):
        yield Computation(
            name=_name(of),
            function=f"{_EXPERIMENTS}.cell:cell",
            parameters={**of, "runs": runs, "programmes": 10},
        )


def _half(m: int, n: int, runs: int) -> Computation:
    return Computation(
        name=f"half m={m} n={n}",
        function=f"{_EXPERIMENTS}.boundary:half_width",
        parameters={"m": m, "n": n, "runs": runs, "steps": 10_000},
        seeds=tuple(range(8)),
    )


def _name(of: Mapping[str, int]) -> str:
    return f"m={of['m']} n={of['n']} k={of['k']}"


def _found(panel: Panel, size: Size, results: Results) -> Cells:
    return [results.values[_name(of)][0] for of in grid(panel, cells=10 if size.reduced else 20)]


def _wide(cells: Cells) -> Claim:
    where = [one for one in cells if one["k"] >= 200 and one["n"] <= 1000]
    return Claim(
        statement="Wide networks converge: with k >= 200 nearly all runs, for n up to 1000",
        place="Section 4, Fig. 1a",
        quantities=(Quantity.above("share of runs, cells", [one["success"] for one in where], 0.95),),
        basis="a twentieth of the runs",
        row="37",
    )


def _beyond(cells: Cells) -> Claim:
    shares = [one["success"] for one in cells if one["n"] > one["k"] >= 200]
    return Claim(
        statement="Runs converge with n > k too, where the theorem says nothing",
        place="Section 4",
        quantities=(Quantity.above("share of runs, cells with n > k >= 200", shares, 0.5),),
        basis="half of the runs",
        row="37",
    )


def _in_n(cells: Cells, results: Results) -> Iterator[Claim]:
    boundary = _boundary(cells, "n", "success")
    seeds = range(len(results.values[f"half m=10 n={LENGTHS[0]}"]))
    stated, stable = (
        [
            exponent(LENGTHS, [results.values[f"half m=10 n={n}"][seed][name] for n in LENGTHS])
            for seed in seeds
        ]
        for name in ("half", "half_stable")
    )
    yield Claim(
        statement="The width that is needed grows at least quadratically with n",
        place="Section 4, Fig. 1a",
        quantities=(
            Quantity.above("exponent of n, the whole map, step 1", exponent(*boundary), 1.8, 2),
            Quantity.above("exponent of n up to 1000, step 1", stated, 1.8, 2),
        ),
        basis="2, less the scatter of such exponents over seeds",
        row="B4",
        note="The boundary hardly moves with n. What grows beyond n = 1000 is the instability of step 1.",
    )
    yield Claim(
        statement="With a stable step the boundary does not move with n",
        place="Fig. 1a, a control that the paper lacks",
        quantities=(Quantity.between("exponent of n up to 1000, stable step", stable, -0.2, 0.2, 0),),
        basis="a tenth of the published exponent 2",
        row="37",
    )
    last = [one for one in cells if one["n"] == max(c["n"] for c in cells) and one["feasible"] > 0.5]
    yield Claim(
        statement="At n = 3000 step 1 fails on problems that a stable step solves",
        place="Fig. 1a, a control that the paper lacks",
        quantities=(
            Quantity.above(
                "stable - step 1, share of all runs at n = 3000",
                sum(one["success_stable"] - one["success"] for one in last) / len(last),
                0.05,
            ),
            Quantity.above("share of runs with eta lambda_max > 2", min(o["unstable"] for o in last), 0.9),
        ),
        basis="a twentieth of the runs",
        row="37",
    )


def _in_m(results: Results) -> Iterator[Claim]:
    halves = {m: [one["half"] for one in results.values[f"half m={m} n=60"]] for m in MEASUREMENTS}
    seeds = range(len(halves[MEASUREMENTS[0]]))
    yield Claim(
        statement="The width that is needed grows linearly with m",
        place="Section 4, Fig. 1b",
        quantities=(
            Quantity.between(
                "exponent of m",
                [exponent(MEASUREMENTS, [halves[m][seed] for m in MEASUREMENTS]) for seed in seeds],
                0.85,
                1.2,
                1,
            ),
        ),
        basis="exponents over four m scatter by a tenth over seeds",
        row="B3",
    )
    yield Claim(
        statement="Half of the runs converge at about k = 10 m",
        place="Fig. 1b",
        quantities=tuple(
            Quantity.between(f"k / m at m = {m}", [half / m for half in halves[m]], 7.5, 12, 10)
            for m in MEASUREMENTS
        ),
        basis="read off the map, whose cells are 2 m wide; the range of the activation alone gives 8 m",
        row="38",
    )


def _square(cells: Cells) -> Claim:
    last = [one for one in cells if one["m"] == 60]
    wide = [one for one in last if one["k"] > 900]
    return Claim(
        statement="At m = n = 60 no run converges, at any width",
        place="Fig. 1b, top",
        quantities=(
            Quantity.below("largest share of runs that converge", max(one["success"] for one in last), 0.05),
        ),
        basis="a twentieth of the runs",
        row="38",
        note=f"Zero loss is reachable for {wide[-1]['feasible']:.0%} of the problems at k = 1000: A is "
        "square, sigma_A near 0, and 25,000 steps are too few.",
    )


def _programme(cells: Cells, place: str) -> Claim:
    clear, agree = (sum(one[name] for one in cells) for name in ("clear", "agree"))
    shares = [one["agree"] / one["clear"] for one in cells if one["clear"]]
    return Claim(
        statement="Whether a run converges follows from its range: the sign of the programme's margin",
        place=f"{place}, a control that the paper lacks",
        quantities=(Quantity.above("share of runs that end as the sign says, cells", shares, 0.98),),
        basis="margins nearer than 0.015 to 0 are left out: there the steps run out",
        row="39",
        note=f"{agree} of {clear} runs, with the stable step.",
    )


def _boundary(cells: Cells, key: str, name: str) -> tuple[list[float], list[float]]:
    """Return the sizes, and the widths where the share goes through a half; rows without one are left out."""
    found = []
    for at in sorted({one[key] for one in cells}):
        row = [one for one in cells if one[key] == at]
        width = crossing([one["k"] for one in row], [one[name] for one in row])
        if width is not None:
            found.append((float(at), width))
    return [at for at, _ in found], [width for _, width in found]


def _maps(cells: Cells, key: str) -> list[HeatMap]:
    widths, sizes = (sorted({one[name] for one in cells}) for name in ("k", key))
    at, half = _boundary(cells, key, "feasible")
    line = Line(name="linear programme: half reachable", x=half, y=at, style="dashes")
    return [
        HeatMap(
            title=title,
            x_label="k",
            y_label=key,
            value_label=label,
            x=widths,
            y=sizes,
            values=[[one[name] for one in cells if one[key] == size] for size in sizes],
            lines=[line],
        )
        for title, name, label in (
            ("step 1, as in the paper", "success", "share of runs that reach 1e-7"),
            ("stable step", "success_stable", "share of runs that reach 1e-7"),
            ("linear programme", "feasible", "share of problems with a margin above 0"),
        )
    ]
