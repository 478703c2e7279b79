"""Compare two commits with the asv suite and say in plain words what got worse.

    python tests/tracking/regressions.py --base main

Exit status: 0 nothing got worse, 1 something did, 2 it could not be measured. asv measures (alternating
between the commits, round by round) and keeps what it measured as for any other run; the verdict is that of
tests/tracking/verdict.py. What looks like a regression is measured a second time, with more rounds.
"""

from __future__ import annotations

import argparse
import itertools
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from asv.benchmarks import Benchmarks
from asv.config import Config
from asv.machine import Machine
from asv.results import Results, iter_results_for_machine_and_hash

sys.path.insert(0, str(Path(__file__).parent))
from verdict import KIND_OF_TYPE, KIND_OF_UNIT, Change, Measured, compare, least_of_rounds

#: rounds of the first measurement, and of the second one
ROUNDS, MORE_ROUNDS = 4, 7
#: samples of each round
SAMPLES = 3
#: what is measured in rounds
TIMES = r"(?=.*\.time(?:raw)?_)"
#: benchmarks that say what an empty process takes
REFERENCE = re.compile(r"\.peakmem_reference$")


class MeasuringError(Exception):
    """The commits could not be measured: one line says why."""


def main() -> int:
    """Compare as the command line says."""
    parser = argparse.ArgumentParser(description="Compare two commits: time, memory, quality.")
    parser.add_argument("--base", default="main", help="commit to compare with (default: main)")
    parser.add_argument("--head", default="HEAD", help="commit to judge (default: HEAD)")
    parser.add_argument("--bench", action="append", help="regular expression of benchmarks (default: all)")
    options = parser.parse_args()
    try:
        changes = find_changes(options.base, options.head, options.bench or [])
    except MeasuringError as error:
        print(f"regressions: {error}", file=sys.stderr)
        return 2
    for change in sorted(changes, key=lambda change: (not change.worse, change.name)):
        print(change.sentence)
    worse = sum(change.worse for change in changes)
    print(f"{worse or 'no'} regression{'s' * (worse != 1)} from {options.base} to {options.head}")
    return 1 if worse else 0


def find_changes(base: str, head: str, bench: Sequence[str]) -> list[Change]:
    """Measure two commits, and the suspects again; return what changed both times."""
    commits = [_hash(base), _hash(head)]
    if commits[0] == commits[1]:
        raise MeasuringError(f"{base} and {head} are the same commit, {commits[0][:8]}")
    if _output("git", "status", "--porcelain", "--untracked-files=no"):
        print("regressions: what is not committed is not compared", file=sys.stderr)
    measure(commits, [*bench, REFERENCE.pattern] if bench else [], ROUNDS)
    wanted = re.compile("|".join(f"(?:{pattern})" for pattern in bench))
    first = {change.name: change for change in _changes(commits, ROUNDS) if wanted.search(change.name)}
    suspects = [name for name, change in first.items() if change.worse]
    if not suspects:
        return list(first.values())
    print(f"regressions: measuring {len(suspects)} again", file=sys.stderr)
    patterns_again = [f"^{re.escape(name)}$" for name in suspects]
    measure(commits, [*patterns_again, REFERENCE.pattern], MORE_ROUNDS)
    again = {change.name: change for change in _changes(commits, MORE_ROUNDS) if change.name in suspects}
    better = [change for change in first.values() if not change.worse]
    return [change for change in again.values() if change.worse] + better


def measure(commits: Sequence[str], bench: Sequence[str], rounds: int) -> None:
    """Let asv measure the commits: time in rounds, all else once; its report goes to standard error."""
    wanted = "|".join(f"(?:{pattern})" for pattern in bench)
    in_rounds = ["--interleave-rounds", "--record-samples"]
    in_rounds += ["--attribute", f"rounds={rounds}", "--attribute", f"repeat={SAMPLES}"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(commits))
        file.flush()
        command = [sys.executable, "-m", "asv", "run", f"HASHFILE:{file.name}"]
        found = [
            _asv([*command, *options, "--bench", f"^{is_time}(?=.*(?:{wanted}))"])
            for options, is_time in ((in_rounds, TIMES), ([], f"(?!{TIMES})"))
        ]
    if not any(found):
        raise MeasuringError(f"no benchmark has a name like {' or '.join(bench)}")


def _asv(command: Sequence[str]) -> bool:
    """Run asv; say whether it had anything to do."""
    nothing = False
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            nothing |= "No benchmarks selected" in line
            print(line, end="", file=sys.stderr, flush=True)
    if process.returncode not in (0, 2) and not nothing:  # 2: some benchmarks failed, which is a result
        raise MeasuringError(f"asv ended with status {process.returncode}")
    return not nothing


def _changes(commits: Sequence[str], rounds: int) -> Iterator[Change]:
    config = Config.load()
    benchmarks = Benchmarks.load(config)
    before, after = (dict(_measured(config, benchmarks, commit, rounds)) for commit in commits)
    if not before or not after:
        raise MeasuringError("asv kept no results: see above")
    for name in before.keys() & after.keys():
        change = compare(name, before[name], after[name])
        if change is not None:
            yield change


def _measured(
    config: Config, benchmarks: Mapping[str, Any], commit: str, rounds: int
) -> Iterator[tuple[str, Measured]]:
    """Yield every benchmark of a commit, one for each combination of parameters."""
    machine = Machine.load().machine
    for result in iter_results_for_machine_and_hash(config.results_dir, machine, commit):
        references = _references(result)
        for key in result.get_all_result_keys():
            if key not in benchmarks or REFERENCE.search(key):
                continue
            reference = references.get(key.partition(".")[0], 0.0)
            for name, value, samples in _unrolled(result, key):
                yield name, _one(benchmarks[key], value, samples, rounds, reference)


def _one(
    benchmark: Mapping[str, Any],
    value: float | None,
    samples: Sequence[float] | None,
    rounds: int,
    reference: float,
) -> Measured:
    kind = KIND_OF_TYPE.get(benchmark["type"]) or KIND_OF_UNIT.get(benchmark["unit"], "")
    if benchmark["type"] == "peakmemory" and value is not None:
        value -= reference
    least = least_of_rounds(samples, rounds) if kind == "time" and samples else ()
    if kind == "time" and not least and value is not None:
        least = (value,)
    return Measured(kind=kind, unit=benchmark["unit"], value=value, rounds=least)


def _unrolled(result: Results, key: str) -> Iterator[tuple[str, float | None, Sequence[float] | None]]:
    params = result.get_result_params(key)
    values = result.get_result_value(key, params)
    samples = result.get_result_samples(key, params)
    for combination, value, those in zip(itertools.product(*params), values, samples, strict=True):
        yield key + (f"({', '.join(combination)})" if combination else ""), value, those


def _references(result: Results) -> dict[str, float]:
    """Return the bytes of an empty process by module of benchmarks."""
    found = {}
    for key in result.get_all_result_keys():
        if REFERENCE.search(key):
            value = result.get_result_value(key, result.get_result_params(key))[0]
            found[key.partition(".")[0]] = value or 0.0
    return found


def _hash(name: str) -> str:
    try:
        return _output("git", "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    except subprocess.CalledProcessError:
        raise MeasuringError(f"there is no commit '{name}'") from None


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
