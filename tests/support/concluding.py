"""Experiments without trials, computed in this process, and their verdicts; results changed on purpose."""

from __future__ import annotations

import copy
import functools
import importlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from priorbench.experiments import Conclusion, Experiment, Results, Size
from priorbench.reproduction.verdicts import Verdict, judge


@functools.cache
def called(function: str, parameters: str, seed: int) -> str:
    """Return what a function of a seed returns, as JSON: it has to survive that."""
    module, _, name = function.partition(":")
    values = getattr(importlib.import_module(module), name)(seed=seed, **json.loads(parameters))
    return json.dumps(values)


def computed(experiment: Experiment, size: Size) -> Results:
    """Return the results of an experiment's computations."""
    return Results(
        values={
            one.name: tuple(
                json.loads(called(one.function, json.dumps(dict(one.parameters)), seed)) for seed in one.seeds
            )
            for one in experiment.work(size)
        }
    )


def verdicts(conclusion: Conclusion) -> dict[str, Verdict]:
    """Return the verdict on each claim, by its statement; figure and tables can be written as JSON."""
    for table in conclusion.tables:
        json.dumps([list(row) for row in table.rows])
    return {claim.statement: judge(claim).verdict for claim in conclusion.claims}


def changed(
    experiment: Experiment, size: Size, results: Results, change: Callable[[dict[str, Any]], None]
) -> dict[str, Verdict]:
    """Return the verdicts after a change of the results."""
    values: dict[str, Any] = {name: copy.deepcopy(list(found)) for name, found in results.values.items()}
    change(values)
    return verdicts(experiment.conclude(size, Results(values=values)))


def verdict_on(found: Mapping[str, Verdict], words: str) -> Verdict:
    """Return the verdict on the one claim whose statement has these words."""
    [verdict] = [verdict for statement, verdict in found.items() if words in statement]
    return verdict
