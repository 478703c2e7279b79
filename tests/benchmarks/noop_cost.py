"""Processor time of a trial that does nothing, in all processes of a run together.

    python -m tests.benchmarks.noop_cost --trials 400 --jobs 1 2 [--busy 2] [--rounds 3]

A run is started as a command, and the processor seconds of the command, its judges, players and decoders are
read when the first trials have ended, and again so many trials later: starting is not counted. `--busy` keeps
so many processors busy meanwhile. What this script does not know goes to ``priorbench run``.

With a method that computes, the trials a second of two jobs by those of one tell what a second job is worth:

    python -m tests.benchmarks.noop_cost --trials 30 --first 4 --denoiser dip:iterations=40 --threads 1

`--workers 1 2` runs them on so many workers of dask, in processes of this machine, in the place of jobs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from priorbench.machine.processes import cpu_seconds, descendants, kill_tree

from . import noop

#: part of a command line -> kind of process; the run itself has none of them
_KINDS = {
    "priorbench.worker": "judge",
    "priorbench.player": "player",
    "priorbench.pictures": "decoder",
    "priorbench.children": "guard",
    "multiprocessing": "dask worker",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What a trial takes: processor milliseconds by kind of process, and trials a second."""

    milliseconds: Counter[str]
    rate: float

    @property
    def total(self) -> float:
        """Processor milliseconds of all processes."""
        return sum(self.milliseconds.values())


def write_pictures(folder: Path, count: int, side: int) -> None:
    """Write colour pictures, all different."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(count):
        pixels = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:05d}.png")


def cost(folder: Path, first: int, trials: int, extra: Sequence[str]) -> Cost:
    """Run a method on a folder of pictures; return what each of so many trials takes, the first left out."""
    with tempfile.TemporaryDirectory() as place:
        command = [
            *(sys.executable, "-m", "priorbench", "run", "-", "--images", str(folder)),
            *("--noise", "gaussian-25", "--pictures", "0", "--plugin", noop.__file__),
            *("--store", f"{place}/store.db", *extra),
        ]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            _ended(process, first)
            before, start = _seconds(process.pid), time.perf_counter()
            _ended(process, trials)
            wall, after = time.perf_counter() - start, _seconds(process.pid)
        finally:
            kill_tree(process.pid)
            process.wait()
    used: Counter[str] = Counter()
    for one, (kind, seconds) in after.items():
        used[kind] += (seconds - before.get(one, (kind, 0.0))[1]) * 1e3 / trials  # type: ignore[assignment]
    return Cost(milliseconds=used, rate=trials / wall)


def _ended(process: subprocess.Popen[str], count: int) -> None:
    """Wait until so many more trials have ended: the run prints a line for each."""
    assert process.stderr is not None
    for line in process.stderr:
        count -= line.startswith("[")
        if not count:
            return
    raise SystemExit("the run ended too early")


def _seconds(run: int) -> dict[int, tuple[str, float]]:
    """Return kind and processor seconds of all processes of a run."""
    return {one: (_kind(one), cpu_seconds(one) or 0.0) for one in (run, *descendants(run))}


def _kind(process: int) -> str:
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().decode()
    except OSError:
        words = ""
    return next((kind for part, kind in _KINDS.items() if part in words), "run")


@contextmanager
def busy(processors: int) -> Iterator[None]:
    """Keep so many processors busy."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processors)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def _dask(place: Path, workers: int) -> list[str]:
    """Return the options for workers of dask on this machine, one trial at a time each."""
    cluster = place / f"workers-{workers}.yaml"
    about = f"LocalCluster: {{n_workers: {workers}, threads_per_worker: 1, dashboard_address: null}}\n"
    cluster.write_text(about)
    return ["--executor", f"dask:workers={workers}", "--cluster", str(cluster)]


def main() -> None:
    """Measure, and print one JSON line for each number of jobs: the best of the rounds, and all of them."""
    form = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    options.add_argument("--trials", type=int, default=300)
    options.add_argument("--first", type=int, default=40, help="trials that are not counted")
    options.add_argument("--denoiser", default="noop")
    options.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    options.add_argument("--workers", type=int, nargs="+", default=[], help="of dask, in place of jobs")
    options.add_argument("--side", type=int, default=64)
    options.add_argument("--rounds", type=int, default=1)
    options.add_argument("--busy", type=int, default=0)
    told, extra = options.parse_known_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "pictures"
        # some more than are counted: the decoder of the run is ahead of the others
        write_pictures(folder, told.first + told.trials + 20, told.side)
        extra = ["--denoiser", told.denoiser, *extra]
        for number in told.workers or told.jobs:
            way = _dask(Path(place), number) if told.workers else ["--jobs", str(number)]
            with busy(told.busy):
                found = [cost(folder, told.first, told.trials, [*way, *extra]) for _ in range(told.rounds)]
            best = min(found, key=lambda one: one.total)
            line = {
                "workers" if told.workers else "jobs": number,
                "busy": told.busy,
                "cpu_ms": round(best.total, 2),
                "by_process": {kind: round(value, 2) for kind, value in sorted(best.milliseconds.items())},
                "rounds_cpu_ms": [round(one.total, 2) for one in found],
                "trials_a_second": round(max(one.rate for one in found), 3),
            }
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
