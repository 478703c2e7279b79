"""Compare two commits with the asv suite and say in plain words what got worse.

    python tests/tracking/regressions.py --base main

Exit status: 0 nothing got worse, 1 something got worse or broke, 2 the request makes no sense, 3 something
could not be measured (and nothing that could be got worse); the last line says it in words. asv measures
(alternating between the commits, round by round) and keeps what it measured as for any other run; the
verdict is that of tests/tracking/judgement.py. What looks like a regression is measured a second time, with
more rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from asv.benchmarks import Benchmarks
from asv.config import Config
from asv.machine import Machine
from checkout import AGREED
from commits import Commit, MeasuringError, RequestError, commit_called, inventory, uncommitted
from judgement import Side, grouped, judge, summary
from stored import REFERENCE, stored
from verdict import Change, Outcome

#: rounds of the first measurement, and of the second one
ROUNDS, MORE_ROUNDS = 4, 7
#: samples of each round
SAMPLES = 3
#: what is measured in rounds
TIMES = r"(?=.*\.time(?:raw)?_)"
REFERENCES = rf"\.{REFERENCE}$"
#: what asv says while it measures
LOG = Path(".asv/regressions.log")
NOTHING_WORSE, WORSE, WRONG_REQUEST, NOT_MEASURED = range(4)
#: in words, by status
WORDS = ("nothing worse", "worse", "wrong request", "not measured")


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """The base, the commit to judge, and what each has."""

    base: Commit
    head: Commit
    has: tuple[Mapping[str, Mapping[str, str]], Mapping[str, Mapping[str, str]]]

    @property
    def methods(self) -> list[str]:
        """The methods of either commit: both measure them under these names."""
        return sorted({*self.has[0]["methods"], *self.has[1]["methods"]})


def main() -> int:
    """Compare as the command line says."""
    parser = argparse.ArgumentParser(description="Compare two commits: time, memory, quality.")
    parser.add_argument("--base", default="main", help="commit to compare with (default: main)")
    parser.add_argument("--head", default="HEAD", help="commit to judge (default: HEAD)")
    parser.add_argument(
        "--bench", action="append", type=pattern, help="regular expression of benchmarks (default: all)"
    )
    options = parser.parse_args()
    try:
        found = compare(options.base, options.head, options.bench or [])
    except RequestError as error:
        print(f"regressions: {error}", file=sys.stderr)
        found = WRONG_REQUEST
    except MeasuringError as error:
        print(f"regressions: {error}", file=sys.stderr)
        found = NOT_MEASURED
    except Exception as error:  # Python would end with 1, which says that something got worse
        traceback.print_exc()
        print(f"regressions: {type(error).__name__}: {error}", file=sys.stderr)
        found = NOT_MEASURED
    print(f"regressions: {WORDS[found]}")
    return found


def compare(base: str, head: str, bench: Sequence[str]) -> int:
    """Compare two commits, print what changed, and return the exit status."""
    commits = commits_to_compare(base, head)
    has = (inventory(commits[0]), inventory(commits[1]))
    comparison = Comparison(base=commits[0], head=commits[1], has=has)
    changes = find_changes(comparison, bench)
    for line in summary(changes):
        print(line)
    print(conclusion(comparison, changes))
    return status(changes)


def pattern(text: str) -> str:
    """Return a regular expression as it is; one that is none is a wrong request."""
    try:
        re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"'{text}' is no regular expression: {error}") from None
    return text


def status(changes: Sequence[Change]) -> int:
    """Return the exit status."""
    if any(change.worse for change in changes):
        return WORSE
    return NOT_MEASURED if any(change.outcome == Outcome.UNMEASURED for change in changes) else NOTHING_WORSE


def conclusion(comparison: Comparison, changes: Sequence[Change]) -> str:
    """Return the last line."""
    worse = len(grouped(change for change in changes if change.worse))
    unmeasured = len(grouped(change for change in changes if change.outcome == Outcome.UNMEASURED))
    line = f"{worse or 'no'} regression{'s' * (worse != 1)} from {comparison.base} to {comparison.head}"
    return line + (f"; {unmeasured} not measured, see {LOG}" if unmeasured else "")


def commits_to_compare(base: str, head: str) -> tuple[Commit, Commit]:
    """Return the commits; say on standard error which they are, and what is in neither."""
    commits = commit_called(base), commit_called(head)
    changed = uncommitted()
    left_out = f"{len(changed)} changed or new file{'s' * (len(changed) != 1)}" if changed else ""
    if commits[0].hash == commits[1].hash:
        hint = f". To judge {left_out} (such as {changed[0]}), commit first" if changed else ""
        raise RequestError(f"{base} and {head} are the same commit, {commits[0].hash[:8]}{hint}")
    print(f"regressions: {commits[1]} is compared with {commits[0]}", file=sys.stderr)
    if changed:
        print(
            f"regressions: NOT compared: {left_out} without a commit, such as {changed[0]}", file=sys.stderr
        )
    return commits


def find_changes(comparison: Comparison, bench: Sequence[str]) -> list[Change]:
    """Measure two commits, and the suspects again; return what changed both times."""
    print(f"regressions: measuring; {LOG} has what asv says", file=sys.stderr)
    LOG.parent.mkdir(exist_ok=True)
    LOG.write_text("", encoding="utf-8")
    measure(comparison, [*bench, REFERENCES] if bench else [], ROUNDS)
    if not Benchmarks.load(Config.load(), regex=list(bench)):  # the references alone are always found
        raise RequestError(f"no benchmark has a name like {' or '.join(bench)}")
    wanted = re.compile("|".join(f"(?:{pattern})" for pattern in ([*bench, REFERENCES] if bench else [])))
    first = [change for change in changes_measured(comparison, ROUNDS) if wanted.search(change.name)]
    suspects = {change.name for change in first if change.worse}
    if not suspects:
        return first
    print(f"regressions: measuring {len(suspects)} again", file=sys.stderr)
    measure(comparison, [*(f"^{re.escape(name)}$" for name in sorted(suspects)), REFERENCES], MORE_ROUNDS)
    again = [change for change in changes_measured(comparison, MORE_ROUNDS) if change.name in suspects]
    return [change for change in first if change.name not in suspects] + [
        change for change in again if change.outcome <= Outcome.UNMEASURED
    ]


def measure(comparison: Comparison, bench: Sequence[str], rounds: int) -> None:
    """Let asv measure the commits: time in rounds, all else once; its report goes to `LOG`."""
    wanted = "|".join(f"(?:{pattern})" for pattern in bench)
    in_rounds = ["--interleave-rounds", "--record-samples"]
    in_rounds += ["--attribute", f"rounds={rounds}", "--attribute", f"repeat={SAMPLES}"]
    env = {**os.environ, AGREED: json.dumps(comparison.methods)}
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(f"{comparison.base.hash}\n{comparison.head.hash}\n")
        file.flush()
        command = [sys.executable, "-m", "asv", "run", f"HASHFILE:{file.name}", "--show-stderr"]
        for options, is_time in ((in_rounds, TIMES), ([], f"(?!{TIMES})")):
            _asv([*command, *options, "--bench", f"^{is_time}(?=.*(?:{wanted}))"], env)


def _asv(command: Sequence[str], env: Mapping[str, str]) -> None:
    """Run asv; that it has nothing to do is no error, since there may be no times or nothing but times."""
    with LOG.open("a+", encoding="utf-8") as log:
        start = log.tell()
        run = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=env, check=False
        )
        log.seek(start)
        nothing = "No benchmarks selected" in log.read()
    if run.returncode not in (0, 2) and not nothing:  # 2: some benchmarks failed, which is a result
        raise MeasuringError(f"asv ended with status {run.returncode}: see {LOG}")


def changes_measured(comparison: Comparison, rounds: int) -> list[Change]:
    """Return what asv's stored results say."""
    config = Config.load()
    benchmarks, machine = Benchmarks.load(config), Machine.load().machine
    sides = []
    for commit, has in zip((comparison.base, comparison.head), comparison.has, strict=True):
        measured = stored(config.results_dir, machine, commit.hash, benchmarks, rounds=rounds)
        if not measured:
            raise MeasuringError(f"asv kept no results of {commit}: see {LOG}")
        sides.append(Side(measured=measured, **has))
    return list(judge(*sides))


if __name__ == "__main__":
    sys.exit(main())
