"""Compares the time of a fit that feeds seven stopping rules with that of one under ``fixed`` alone.

    python tests/benchmarks/feeding_rules.py --threads 2

Both run as in a run: the method in a process of its own, the judge beside it with a judge's environment, in
turn. Told is the time of the whole trial, looking and judging included, as a ratio, whether the trajectory
has the same bits, and the time that the record of ``fixed`` holds, which must not be longer with more rules.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from dataclasses import replace

import torch

from priorbench.contract.records import Record
from priorbench.contract.trial import Trial
from priorbench.loading.load import load_registry
from priorbench.loading.registry import Registry
from priorbench.machine.settings import worker_environment
from priorbench.run.options import PlanOptions
from priorbench.run.plan import Plan
from priorbench.suite.files import load_suite
from priorbench.suite.model import SuiteOptions
from priorbench.worker.seats import ProcessSeat
from priorbench.worker.session import Session

SEVEN = (
    "fixed",
    "best-loss",
    "oracle",
    "es-wmv",
    "es-emv",
    "discrepancy",
    "discrepancy-blind",
)


def main() -> None:
    """Compare the two in turn."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--iterations", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--method", default="deep-decoder-under")
    options = parser.parse_args()
    wanted = worker_environment(1)
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **wanted})
    torch.set_num_threads(1)  # as a worker's judge
    registry = load_registry()
    seat = ProcessSeat(None, None, lambda: None)
    session = Session(registry, seat)
    method = f"{options.method}:iterations={options.iterations}"
    alone, fed = (
        _trial(registry, method, options.side, options.threads, rules) for rules in (("fixed",), SEVEN)
    )
    _run(session, alone)  # compiles
    seconds: dict[str, list[float]] = {"alone": [], "fed": []}
    recorded: dict[str, list[float]] = {"alone": [], "fed": []}
    digests = set()
    for number in range(options.rounds):
        for name, trial in (("alone", alone), ("fed", fed))[:: 1 if number % 2 else -1]:
            start = time.perf_counter()
            records = _run(session, trial)
            seconds[name].append(time.perf_counter() - start)
            fixed = next(record for record in records if record.stopping_rule == "fixed")
            recorded[name].append(fixed.wall_seconds or 0.0)
            digests.add((fixed.output_sha256, None if fixed.curve is None else fixed.curve.psnr))
    seat.close()
    ratios = [fed / alone for fed, alone in zip(seconds["fed"], seconds["alone"], strict=True)]
    each = statistics.median(seconds["alone"]) / options.iterations
    print(f"{method}, {options.side} x {options.side}, {1000 * each:.2f} ms an iteration")
    print(f"seven rules: x {statistics.median(ratios):.3f} (from {min(ratios):.3f} to {max(ratios):.3f})")
    told = {name: 1000 * statistics.median(own) / options.iterations for name, own in recorded.items()}
    print(f"recorded: {told['alone']:.2f} ms an iteration alone, {told['fed']:.2f} with seven rules")
    print("the trajectory has the same bits" if len(digests) == 1 else "THE TRAJECTORIES DIFFER")


def _trial(registry: Registry, method: str, side: int, threads: int, rules: tuple[str, ...]) -> Trial:
    options = SuiteOptions(
        images=(f"photos:crop={side},limit=1",),
        noises=("gaussian-25",),
        denoisers=(method,),
        stopping=rules,
    )
    plan = Plan(load_suite("-", registry, options), registry, PlanOptions(threads=threads))
    return replace(next(plan.trials(lambda label, image: None)), crops=False)


def _run(session: Session, trial: Trial) -> tuple[Record, ...]:
    (records,) = session.run([trial])
    for record in records:
        assert record.status == "ok", record.error
    return records


if __name__ == "__main__":
    main()
