"""Two commits are compared by names: of methods, of all parameters, whatever their places in asv's lists."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from judgement import Side, judge, summary
from stored import ENVIRONMENT, stored
from verdict import Outcome

MSE = "bench_methods.Quality.track_mse"
DEVICE = "bench_methods.Memory.track_device_memory"
MEMORY = "bench_methods.Memory.peakmem_denoise"
EMPTY = "bench_methods.MemoryReference.peakmem_reference"
READ = "bench_harness.Pictures.track_bytes"
VERSION = "1"
#: as in asv's benchmarks.json
BENCHMARKS: dict[str, dict[str, Any]] = {
    MSE: {"type": "track", "unit": "MSE", "param_names": ["method"], "version": VERSION},
    MEMORY: {"type": "peakmemory", "unit": "bytes", "param_names": ["method"], "version": VERSION},
    DEVICE: {"type": "track", "unit": "bytes", "param_names": ["method"], "version": VERSION},
    EMPTY: {"type": "peakmemory", "unit": "bytes", "param_names": [], "version": VERSION},
    READ: {"type": "track", "unit": "bytes", "param_names": ["rule", "size"], "version": VERSION},
}
Values = Sequence[float | None] | None
Result = tuple[Values, list[list[str]]]


def write_results(
    folder: Path,
    commit: str,
    results: Mapping[str, Result],
    *,
    version: str = VERSION,
    environment: str = ENVIRONMENT,
) -> dict[str, Any]:
    """Write a file of results as asv does, and return what is read from it."""
    target = folder / "machine"
    target.mkdir(exist_ok=True)
    content = {
        "commit_hash": commit,
        "env_name": environment,
        "date": 0,
        "params": {"machine": "machine"},
        "python": "3",
        "requirements": {},
        "env_vars": {},
        "result_columns": ["result", "params", "version"],
        "results": {key: [values, params, version] for key, (values, params) in results.items()},
        "durations": {},
        "version": 2,
    }
    (target / "machine.json").write_text(json.dumps({"machine": "machine", "version": 1}))
    (target / f"{commit}-{environment}.json").write_text(json.dumps(content))
    return dict(stored(str(folder), "machine", commit, BENCHMARKS, rounds=1))


def quoted(*names: str) -> list[list[str]]:
    return [[repr(name) for name in names]]


def sides(
    folder: Path,
    before: Mapping[str, Result],
    after: Mapping[str, Result],
    has: Mapping[str, Any] | None = None,
) -> tuple[Side, Side]:
    """Return both sides; a method is there where it has a number, if `has` does not say otherwise."""
    measured = (write_results(folder, "a" * 40, before), write_results(folder, "b" * 40, after))
    made = []
    for side, values in zip(("before", "after"), measured, strict=True):
        there = {
            one.method: "plugin"
            for one in values.values()
            if one.method and not (one.value is not None and math.isnan(one.value))
        }
        made.append(Side(measured=values, **{"methods": there} | (has or {}).get(side, {})))
    return made[0], made[1]


def told(*of: Side) -> list[str]:
    return list(summary(judge(*of)))


def test_a_method_that_is_added_is_told_and_shifts_no_other(tmp_path: Path) -> None:
    before = {MSE: ([0.01, 0.001], quoted("identity", "tv"))}
    after = {MSE: ([0.2, 0.01, 0.001], quoted("a-new-one", "identity", "tv"))}
    assert told(*sides(tmp_path, before, after)) == ["added: a-new-one"]


def test_a_method_that_is_removed_is_told(tmp_path: Path) -> None:
    before = {MSE: ([0.2, 0.01, 0.001], quoted("bad", "identity", "tv"))}
    after = {MSE: ([0.01, 0.001], quoted("identity", "tv"))}
    assert told(*sides(tmp_path, before, after)) == ["removed: bad"]


def test_a_method_that_is_renamed_is_one_that_went_and_one_that_came(tmp_path: Path) -> None:
    names = quoted("identity", "new-name", "old-name")  # one list for both commits, as in a real run
    before = {MSE: ([0.01, math.nan, 0.2], names), MEMORY: ([9e8, math.nan, 9e8], names)}
    after = {MSE: ([0.01, 0.001, math.nan], names), MEMORY: ([9e8, 9e8, math.nan], names)}
    assert told(*sides(tmp_path, before, after)) == [
        "removed: old-name (2 benchmarks)",
        "added: new-name (2 benchmarks)",
    ]


def test_a_change_is_found_where_the_places_differ(tmp_path: Path) -> None:
    before = {MSE: ([0.01, 0.001], quoted("identity", "tv"))}
    after = {MSE: ([0.002, 0.01], quoted("tv", "identity"))}
    changes = list(judge(*sides(tmp_path, before, after)))
    assert [(change.name, change.outcome) for change in changes] == [(f"{MSE}('tv')", Outcome.WORSE)]


def test_all_parameters_are_matched_by_name(tmp_path: Path) -> None:
    million = [value * 1e6 for value in (10, 20, 30, 40)]
    before = {READ: (million, [["'fixed'", "'oracle'"], ["64", "256"]])}
    after = {READ: ([20e6, 60e6, 5e6, 6e6], [["'fixed'", "'new'"], ["256", "512"]])}
    assert told(*sides(tmp_path, before, after)) == [
        f"removed: {READ}('fixed', 64)",
        f"removed: {READ}('oracle', 256)",
        f"removed: {READ}('oracle', 64)",
        f"added: {READ}('fixed', 512)",
        f"added: {READ}('new', 256)",
        f"added: {READ}('new', 512)",
    ]


def test_a_method_that_raises_now_is_named_once_as_broken(tmp_path: Path) -> None:
    names = quoted("identity", "tv")
    before = {MSE: ([0.01, 0.001], names), MEMORY: ([9e8, 9e8], names), DEVICE: ([math.nan] * 2, names)}
    after = {MSE: ([0.01, None], names), MEMORY: ([9e8, None], names), DEVICE: ([math.nan, None], names)}
    has = {side: {"methods": {"identity": "standard", "tv": "classical"}} for side in ("before", "after")}
    assert told(*sides(tmp_path, before, after, has)) == [
        "broken: tv: works at the base and fails now (2 benchmarks)"
    ]


def test_a_method_whose_plugin_cannot_be_loaded_is_broken_and_not_removed(tmp_path: Path) -> None:
    names = quoted("identity", "tv")
    before, after = {MSE: ([0.01, 0.001], names)}, {MSE: ([0.01, math.nan], names)}
    has = {
        "before": {"methods": {"identity": "standard", "tv": "classical"}},
        "after": {"methods": {"identity": "standard"}, "plugins": {"classical": "SyntaxError: no"}},
    }
    (line,) = told(*sides(tmp_path, before, after, has))
    assert line == "broken: tv: its plugin cannot be loaded now: SyntaxError: no"


@pytest.mark.parametrize("commit", ["before", "after"])
def test_a_method_that_lacks_a_package_could_not_be_measured(tmp_path: Path, commit: str) -> None:
    here, there = {MSE: ([0.01], quoted("bm3d"))}, {MSE: ([math.nan], quoted("bm3d"))}
    pair = (there, here) if commit == "before" else (here, there)
    has = {commit: {"methods": {}, "unusable": {"bm3d": "needs the package bm3d"}}}
    of = sides(tmp_path, *pair, has)
    (change,) = judge(*of)
    assert change.outcome == Outcome.UNMEASURED
    assert "needs the package bm3d" in told(*of)[0]


def test_a_suite_that_the_base_cannot_import_is_one_line_and_no_silence(tmp_path: Path) -> None:
    names = [["'fixed'"], [str(size) for size in range(300)]]
    before, after = {READ: (None, names)}, {READ: ([1e6] * 300, names)}
    has = {"before": {"modules": {"bench_harness": "ImportError: no Fixed"}}}
    of = sides(tmp_path, before, after, has)
    assert {change.outcome for change in judge(*of)} == {Outcome.UNMEASURED}
    assert told(*of) == [
        "not measured: bench_harness: fails at the base: ImportError: no Fixed (300 benchmarks)"
    ]


def test_a_suite_that_cannot_be_imported_any_more_is_broken(tmp_path: Path) -> None:
    names = [["'fixed'"], ["64"]]
    before, after = {READ: ([1e6], names)}, {READ: (None, names)}
    has = {"after": {"modules": {"bench_harness": "ImportError: x"}}}
    (line,) = told(*sides(tmp_path, before, after, has))
    assert line == "broken: bench_harness: cannot be imported now: ImportError: x"


def test_memory_without_its_reference_is_not_compared(tmp_path: Path) -> None:
    names = quoted("tv")
    before = {MEMORY: ([400e6], names), EMPTY: ([300e6], [])}
    after = {MEMORY: ([400e6], names), EMPTY: (None, [])}
    has = {side: {"methods": {"tv": "classical"}} for side in ("before", "after")}
    found = {change.name: change.outcome for change in judge(*sides(tmp_path, before, after, has))}
    assert found == {EMPTY: Outcome.BROKEN, f"{MEMORY}('tv')": Outcome.UNMEASURED}


def test_numbers_of_another_version_of_a_benchmark_are_left_out(tmp_path: Path) -> None:
    assert not write_results(tmp_path, "a" * 40, {MSE: ([0.1], quoted("tv"))}, version="0")


@pytest.mark.parametrize("other", ["checkout-py2.7", "checkout-py99.0", "existing-same"])
def test_what_another_python_measured_is_not_mixed_in(tmp_path: Path, other: str) -> None:
    write_results(tmp_path, "a" * 40, {MSE: ([9.0, 9.0], quoted("old", "dip"))}, environment=other)
    measured = write_results(tmp_path, "a" * 40, {MSE: ([1.0], quoted("dip"))})
    assert {name: one.value for name, one in measured.items()} == {f"{MSE}('dip')": 1.0}


def test_the_environment_is_the_one_that_asv_measures_in() -> None:
    root = Path(__file__).parents[2]
    said = (
        "from asv.config import Config; from asv.environment import get_environments; "
        "from asv.plugin_manager import plugin_manager; conf = Config.load(); "
        "[plugin_manager.import_plugin(one) for one in conf.plugins]; "
        "print(*(one.name for one in get_environments(conf, None)))"
    )
    done = subprocess.run([sys.executable, "-c", said], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [ENVIRONMENT]
