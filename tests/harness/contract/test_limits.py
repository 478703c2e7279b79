"""Counts and limits that are none are refused where Python code gives them, too."""

from __future__ import annotations

import math

import pytest

from priorbench.contract.limits import Limits
from priorbench.contract.stopping import Trajectory
from priorbench.errors import PriorbenchError
from priorbench.executors.local import LocalExecutor
from priorbench.executors.serial import SerialExecutor
from priorbench.loading.registry import Registry
from priorbench.run.options import PlanOptions
from priorbench.standard.stopping_rules import BestLoss, Fixed, Oracle

NO_LIMITS = [{"timeout": value} for value in (0, -1.0, math.nan, math.inf, "5", True)]
NO_LIMITS += [{"memory": value} for value in (0, -(2**32), 1.5, math.nan)]
NO_COUNTS = [{name: value} for name in ("jobs", "threads") for value in (0, -1, 1.5, True)]


@pytest.mark.parametrize("wrong", NO_LIMITS)
def test_limits_are_checked_when_they_are_made(wrong):
    with pytest.raises(PriorbenchError, match=f"{next(iter(wrong))} is "):
        Limits(**wrong)


@pytest.mark.parametrize("wrong", [*NO_LIMITS, *NO_COUNTS])
@pytest.mark.parametrize("executor", [LocalExecutor, SerialExecutor])
def test_executors_refuse_what_is_no_limit(executor, wrong):
    with pytest.raises(PriorbenchError, match=f"{next(iter(wrong))} is "):
        executor(registry=Registry(specs={}, plugins=()), **wrong)


@pytest.mark.parametrize("limit", [{"timeout": 5.0}, {"memory": 2**30}])
def test_one_process_alone_refuses_a_limit_that_it_cannot_keep(limit):
    """Before, it took the limit and ran without."""
    registry = Registry(specs={}, plugins=())
    with pytest.raises(PriorbenchError, match="the executor 'serial' cannot keep a timeout or memory limit"):
        SerialExecutor(registry=registry, **limit)
    LocalExecutor(registry=registry, **limit).close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": 0},
        {"limit": -3},
        {"pictures": -1},
        {"threads": 0},
        *({"shard": s} for s in ((0, 3), (4, 3))),
    ],
)
def test_a_plan_refuses_numbers_that_choose_nothing(wrong):
    with pytest.raises(PriorbenchError, match="give"):
        PlanOptions(**wrong)


@pytest.mark.parametrize(
    "wrong", [{"limit": 10**30}, {"pictures": 10**30}, {"threads": 10**30}, {"shard": (1, 10**30)}]
)
def test_a_plan_refuses_numbers_without_end(wrong):
    with pytest.raises(PriorbenchError, match="give at most"):
        PlanOptions(**wrong)


@pytest.mark.parametrize("rule", [Fixed, BestLoss, Oracle])
@pytest.mark.parametrize(("own", "methods"), [(0, 100), (-5, 100), (None, 0), (None, -5)])
def test_no_rule_begins_with_a_budget_that_is_never_reached(rule, own, methods):
    trajectory = Trajectory(iterations=methods, observation=None)  # type: ignore[arg-type]
    with pytest.raises(PriorbenchError, match="number of iterations is"):
        rule(iterations=own).begin(trajectory)
