"""What asv has stored for a commit, by the names of benchmarks and parameters.

asv stores the values of a benchmark as one array, in the order of the parameters of that run, and the
parameters beside it. So a place in the array means nothing: here each value is called by its name.
"""

from __future__ import annotations

import ast
import itertools
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from asv.environment import get_env_name
from asv.results import Results, iter_results_for_machine_and_hash
from verdict import KIND_OF_TYPE, KIND_OF_UNIT, Measured, least_of_rounds

#: asv's name for what it measured with: checkouts (see checkout.py), and this Python
ENVIRONMENT = get_env_name("checkout", f"{sys.version_info[0]}.{sys.version_info[1]}", {}, {})
#: last part of the name of a benchmark that says what an empty process takes
REFERENCE = "peakmem_reference"


def stored(
    folder: str, machine: str, commit: str, benchmarks: Mapping[str, Any], *, rounds: int
) -> dict[str, Measured]:
    """Return what asv has stored for a commit, as name(parameters) -> value.

    Parameters
    ----------
    folder : str
        asv's `results_dir`.
    machine, commit : str
        whose results; the commit by its hash.
    benchmarks : Mapping[str, Any]
        the benchmarks of the suite as it is now. Results of another version of a benchmark are left out.
    rounds : int
        rounds in which times were measured.
    """
    found: dict[str, Measured] = {}
    for result in iter_results_for_machine_and_hash(folder, machine, commit):
        if result.env_name == ENVIRONMENT:  # not of another Python, nor what somebody stored from elsewhere
            found.update(_named(result, benchmarks, rounds))
    return found


def _named(result: Results, benchmarks: Mapping[str, Any], rounds: int) -> Iterator[tuple[str, Measured]]:
    references = _references(result)
    for key in result.get_result_keys(benchmarks):
        benchmark, module = benchmarks[key], key.partition(".")[0]
        for values, value, samples in _unrolled(result, key):
            if key.endswith(f".{REFERENCE}"):  # not compared; that it fails is told
                yield named(key, values), Measured(kind="", unit=benchmark["unit"], value=value)
                continue
            empty = references.get((module, values), references.get((module, ()), 0.0))
            yield named(key, values), _one(benchmark, values, value, samples, rounds, empty)


def named(key: str, values: Sequence[str]) -> str:
    """Return the name by which asv calls a benchmark with some parameters."""
    return key + (f"({', '.join(values)})" if values else "")


def _one(
    benchmark: Mapping[str, Any],
    values: Sequence[str],
    value: float | None,
    samples: Sequence[float] | None,
    rounds: int,
    empty: float,
) -> Measured:
    kind = KIND_OF_TYPE.get(benchmark["type"]) or KIND_OF_UNIT.get(benchmark["unit"], "")
    if benchmark["type"] == "peakmemory" and value is not None:
        value -= empty
    least = least_of_rounds(samples, rounds) if kind == "time" and samples else ()
    if kind == "time" and not least and value is not None:
        least = (value,)
    method = dict(zip(benchmark["param_names"], values, strict=False)).get("method", "''")
    return Measured(
        kind=kind, unit=benchmark["unit"], value=value, rounds=least, method=ast.literal_eval(method)
    )


def _unrolled(
    result: Results, key: str
) -> Iterator[tuple[tuple[str, ...], float | None, Sequence[float] | None]]:
    params = result.get_result_params(key)
    values = result.get_result_value(key, params)
    samples = result.get_result_samples(key, params)
    return zip(itertools.product(*params), values, samples, strict=True)


def _references(result: Results) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return the bytes of an empty process by module of benchmarks and parameters; NaN where it failed."""
    return {
        (key.partition(".")[0], values): math.nan if value is None else value
        for key in result.get_all_result_keys()
        if key.endswith(f".{REFERENCE}")
        for values, value, _ in _unrolled(result, key)
    }
