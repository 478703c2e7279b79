"""How the harness bears large suites: pictures, trials and records by the hundred thousand.

    python tests/benchmarks/scale.py pictures shelf 1000
    python tests/benchmarks/scale.py plan shelf --methods 10 --noises 10 --repetitions 10
    python tests/benchmarks/scale.py fill shelf full.db --methods 10 --noises 10
    python tests/benchmarks/scale.py resume shelf full.db --methods 10 --noises 10
    python tests/benchmarks/scale.py command -- leaderboard --store synthetic.db

`plan` walks all trials of a suite; `fill` stores a made-up record for each, `resume` times the command that
then finds them all; `command` times any command. Each tells seconds and the largest memory of the process.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from priorbench.contract.records import Record
from priorbench.contract.requests import Run
from priorbench.contract.trial import Trial
from priorbench.loading.load import load_registry
from priorbench.loading.plugin_files import FILES_VARIABLE
from priorbench.run.options import PlanOptions
from priorbench.run.plan import Plan
from priorbench.store.database import Store
from priorbench.suite.files import load_suite
from priorbench.suite.model import SuiteOptions

NOOP = Path(__file__).with_name("noop.py")
#: pictures of one content: hard links, so that a file system has room for them
_ALIKE = 1000
#: of each picture, in pixels
_SIDE = 48


def main() -> None:
    """Do what the command line says."""
    options = _arguments()
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    globals()[f"_{options.what}"](options)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how the harness bears large suites.")
    kinds = parser.add_subparsers(dest="what", required=True)
    for name in ("pictures", "plan", "fill", "resume", "dry"):
        kind = kinds.add_parser(name)
        kind.add_argument("folder", type=Path)
        if name == "pictures":
            kind.add_argument("count", type=int)
            continue
        if name in ("fill", "resume"):
            kind.add_argument("store", type=Path)
        for part in ("methods", "noises", "repetitions"):
            kind.add_argument(f"--{part}", type=int, default=1)
        kind.add_argument("--limit", type=int)
        kind.add_argument("--most", type=int, help="trials to walk through; default all")
    kinds.add_parser("command").add_argument("arguments", nargs="+")
    return parser.parse_args()


def _pictures(options: argparse.Namespace) -> None:
    """Write pictures, named as the validation pictures of ImageNet."""
    options.folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    first = options.folder
    for number in range(1, options.count + 1):
        path = options.folder / f"ILSVRC2012_val_{number:08}.JPEG"
        if number % _ALIKE == 1 or options.count <= _ALIKE:
            pixels = rng.integers(0, 256, (_SIDE // 8, _SIDE // 8, 3), dtype=np.uint8)
            PillowImage.fromarray(pixels).resize((_SIDE, _SIDE)).save(path, "JPEG", quality=90)
            first = path
        else:
            os.link(first, path)


def _given(options: argparse.Namespace) -> SuiteOptions:
    return SuiteOptions(
        images=(f"imagenet:path={options.folder.resolve()},crop=32,min_side=33",),
        noises=tuple(f"gaussian:sigma={level}/255" for level in range(5, 5 + options.noises)),
        denoisers=tuple(
            f"noop-iterative:iterations={count},label=m{count}" for count in range(100, 100 + options.methods)
        ),
        stopping=("fixed",),
        repetitions=options.repetitions,
    )


def _plan_of(options: argparse.Namespace) -> Plan:
    os.environ[FILES_VARIABLE] = str(NOOP)
    registry = load_registry()
    return Plan(load_suite("-", registry, _given(options)), registry, PlanOptions(limit=options.limit))


def _plan(options: argparse.Namespace) -> None:
    """Walk through the trials of a plan."""
    began = time.perf_counter()
    plan = _plan_of(options)
    trials = plan.trials(lambda label, skipped: None)
    plan.requests(next(trials))
    print(f"{len(plan)} trials; the first after {time.perf_counter() - began:.2f} s, {_peak():.0f} MB")
    count = 1
    for trial in itertools.islice(trials, None if options.most is None else options.most - 1):
        plan.requests(trial)
        count += 1
        if count in (10**3, 10**4, 10**5):
            print(f"  {count} after {time.perf_counter() - began:.2f} s, {_peak():.0f} MB")
    print(f"  {count} after {time.perf_counter() - began:.2f} s, {_peak():.0f} MB")


def _fill(options: argparse.Namespace) -> None:
    """Store a made-up record for each trial of a plan."""
    plan = _plan_of(options)
    store = Store(str(options.store))
    run = Run(id=f"{1:016x}", asked_at="2026-01-01T00:00:00.000000+00:00", suite=plan.suite.name)
    store.add_run(run)
    trials = plan.trials(lambda label, skipped: None)
    while some := list(itertools.islice(trials, 2000)):
        answers = [
            (request, key, run.id)
            for trial in some
            for request, key in zip(plan.requests(trial), trial.keys, strict=True)
        ]
        store.add([_record(trial, key) for trial in some for key in trial.keys], answers=answers)
    count = len(store)
    store.close()
    print(f"{count} records, {options.store.stat().st_size / 1e6:.0f} MB")


def _record(trial: Trial, key: str) -> Record:
    rule = trial.stopping[0]
    return Record(
        key=key,
        denoiser=trial.denoiser.name,
        parameters=trial.denoiser.parameters,
        plugin="noop",
        plugin_version="1",
        image_set=trial.image_set.name,
        image=trial.image,
        image_sha256=trial.image_sha256,
        height=trial.height,
        width=trial.width,
        channels=trial.channels,
        noise=trial.noise.name,
        noise_parameters=trial.noise.parameters,
        repetition=trial.repetition,
        stopping_rule=rule.name,
        stopping_parameters=rule.parameters,
        psnr=20.0,
        mse=0.01,
    )


def _resume(options: argparse.Namespace) -> None:
    """Time the command that finds every trial in a store."""
    _time(["run", "-", *_as_options(options), "--store", str(options.store.resolve())])


def _dry(options: argparse.Namespace) -> None:
    """Time a dry run."""
    _time(["run", "-", *_as_options(options), "--dry-run"])


def _as_options(options: argparse.Namespace) -> list[str]:
    given = _given(options)
    values: list[tuple[str, Any]] = [
        *(("--images", one) for one in given.images),
        *(("--noise", one) for one in given.noises),
        *(("--denoiser", one) for one in given.denoisers),
        *(("--stopping", one) for one in given.stopping),
        ("--repetitions", given.repetitions),
        ("--threads", 1),
        ("--device", "cpu"),
        ("--plugin", NOOP),
        *([] if options.limit is None else [("--limit", options.limit)]),
    ]
    return [str(part) for pair in values for part in pair]


def _command(options: argparse.Namespace) -> None:
    """Time a command."""
    _time(options.arguments)


def _time(arguments: list[str]) -> None:
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "priorbench", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    seconds = time.perf_counter() - began
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = usage.ru_utime + usage.ru_stime
    print(
        f"{arguments[0]}: {seconds:.2f} s ({spent:.2f} s of processor time), {usage.ru_maxrss / 1024:.0f} MB,"
        f" status {done.returncode}"
    )
    print(*done.stderr.decode().splitlines()[-1:])


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
