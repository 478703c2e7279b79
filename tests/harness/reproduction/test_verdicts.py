"""Verdicts follow from numbers and bounds: each can come out, and a nearby number brings another."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from priorbench.cli.common.output import Format
from priorbench.cli.reproduce import _print_plan
from priorbench.experiments import Claim, Quantity, Size
from priorbench.reproduction.checklist import _order
from priorbench.reproduction.page import summary
from priorbench.reproduction.verdicts import Side, Verdict, bounds, judge, judge_quantity, shown


def claim(*quantities: Quantity, **more: object) -> Claim:
    return Claim(statement="s", place="p", quantities=quantities, **more)  # type: ignore[arg-type]


def test_one_value_is_judged_as_it_is() -> None:
    inside, outside = Quantity.near("q", 1.05, 1.0, 0.1), Quantity.near("q", 1.11, 1.0, 0.1)
    assert judge(claim(inside)).verdict is Verdict.HOLDS
    assert judge(claim(outside)).verdict is Verdict.FAILS
    assert judge(claim(inside, outside)).verdict is Verdict.FAILS


def test_the_interval_is_students() -> None:
    values = np.random.default_rng(1).normal(3, 1, 12)
    judged = judge_quantity(Quantity.above("q", values, 0))
    expected = stats.t.interval(0.95, 11, values.mean(), stats.sem(values))
    assert judged.interval == pytest.approx(expected)
    assert judged.mean == pytest.approx(values.mean())


@pytest.mark.parametrize(
    ("values", "side"),
    [
        ([1.0, 1.1, 0.9], Side.INSIDE),
        ([1.0, -0.9, 0.2], Side.UNCLEAR),
        ([-1.0, -1.1, -0.9], Side.OUTSIDE),
        ([], Side.UNCLEAR),
        ([1.0, math.nan], Side.OUTSIDE),
        ([math.inf], Side.OUTSIDE),
        ([0.0], Side.OUTSIDE),
    ],
)
def test_an_order_is_a_difference_above_zero(values: list[float], side: Side) -> None:
    assert judge_quantity(Quantity.above("a - b", values, 0)).side is side


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1.0, 1e9])
def test_an_interval_does_not_depend_on_the_unit(scale: float) -> None:
    """Training errors of 3e-6 scatter as much as decibels: they had no interval, and always decided."""
    values = np.array([0.1, 9.0, 0.5, 3.0]) * scale
    judged = judge_quantity(Quantity.below("q", values, 4 * scale))
    assert judged.side is Side.UNCLEAR
    assert judged.interval == pytest.approx(stats.t.interval(0.95, 3, values.mean(), stats.sem(values)))


def test_equal_values_are_one_value() -> None:
    assert judge_quantity(Quantity.between("q", [2.0, 2.0, 2.0], 1, 2)).side is Side.INSIDE
    assert judge_quantity(Quantity.below("q", [2.0, 2.0], 2)).side is Side.OUTSIDE


def test_what_the_code_does_counts_only_where_the_text_is_wrong() -> None:
    wrong, right = Quantity.near("q", 3.0, 1.0, 0.1), Quantity.near("q", 1.0, 1.0, 0.1)
    unclear = Quantity.near("q", [0.0, 2.0], 1.0, 0.1)
    assert judge(claim(wrong, as_coded=(right,))).verdict is Verdict.AS_CODED
    assert judge(claim(right, as_coded=(wrong,))).verdict is Verdict.HOLDS
    assert judge(claim(wrong, as_coded=(wrong,))).verdict is Verdict.FAILS
    assert judge(claim(wrong, as_coded=(unclear,))).verdict is Verdict.TOO_SMALL
    assert judge(claim(unclear, as_coded=(right,))).verdict is Verdict.TOO_SMALL


def test_a_run_that_is_too_small_says_so_whatever_its_numbers() -> None:
    judged = judge(claim(Quantity.near("q", 1.0, 1.0, 0.1), too_small="3 of 100 pictures"))
    assert (judged.verdict, judged.reason) == (Verdict.TOO_SMALL, "3 of 100 pictures")
    assert judged.quantities[0].mean == 1.0


def test_the_reason_names_what_cannot_be_told() -> None:
    unclear = judge(claim(Quantity.above("gain", [1.0, -0.9], 0)))
    assert unclear.reason == "the interval reaches across the bound: gain"
    assert judge(claim(Quantity.above("gain", [], 0))).reason == "nothing was measured: gain"


def test_bounds_as_people_write_them() -> None:
    assert bounds(Quantity.above("q", 1, 0)) == "above 0"
    assert bounds(Quantity.below("q", 1, 2.5)) == "below 2.5"
    assert bounds(Quantity.near("q", 1, 20.6, 0.02)) == "20.58 to 20.62"
    assert bounds(Quantity.near("q", 1, 0.166667, 1e-6)) == "0.166666 to 0.166668"
    assert bounds(Quantity.near("q", 1, 3.0, 0.0)) == "3 to 3"


@pytest.mark.parametrize(("low", "high"), [(2.0, 1.0), (-math.inf, math.inf), (math.nan, 1.0)])
def test_bounds_that_decide_nothing_are_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="no claim holds"):
        Quantity(name="q", found=(1.0,), low=low, high=high)


def test_a_claim_without_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="has no quantity"):
        claim()


def test_counts_have_all_their_digits() -> None:
    assert [shown(value) for value in (66688.0, 1053184, 0.0, 2.0, 0.16666, 1e12)] == [
        *("66,688", "1,053,184", "0", "2", "0.1667", "1e+12")
    ]


def test_rows_are_in_the_order_of_their_numbers() -> None:
    assert sorted(["10", "B2", "A10", "2", "A9", "also"], key=_order) == [
        "2",
        "10",
        "A9",
        "A10",
        "B2",
        "also",
    ]


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        (Verdict, "4 claims: 1 holds, 1 does not hold, 1 holds only as coded, 1 too small a run to say"),
        (
            [*Verdict, *Verdict],
            "8 claims: 2 hold, 2 do not hold, 2 hold only as coded, 2 too small a run to say",
        ),
        ([Verdict.HOLDS], "1 claim: 1 holds"),
        ([], "0 claims: none"),
    ],
)
def test_verdicts_of_one_and_of_several_claims(verdicts, told) -> None:
    claims = [SimpleNamespace(verdict=verdict) for verdict in verdicts]
    assert summary({"fig1": SimpleNamespace(claims=claims)}) == told  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("sizes", "quick", "told"),
    [
        (
            [Size(name="full", seconds=3)],
            True,
            "full, about 3 s on two cores (as in the paper; quick = full here)",
        ),
        ([Size(name="full", seconds=3)], False, "full, about 3 s on two cores (as in the paper)"),
        (
            [Size(name="quick", seconds=2, reduced="5 of 9 seeds"), Size(name="full", seconds=3)],
            True,
            "quick, about 2 s on two cores (5 of 9 seeds)",
        ),
    ],
)
def test_a_plan_says_where_the_quick_size_is_the_whole(sizes, quick, told, capsys) -> None:
    one = SimpleNamespace(name="fig3", size=sizes[0], experiment=SimpleNamespace(sizes=sizes))
    _print_plan([one], Format.TABLE, quick=quick)  # type: ignore[list-item]
    assert capsys.readouterr().out.splitlines()[0] == f"fig3: {told}"
