"""Several runs of one suite on one store; runs are killed, the server is restarted: is every trial run once?

``python -m tests.chaos.shared_store --rounds 20`` does that on a PostgreSQL server of its own, and with
``--sqlite`` on a file. In each round two runs begin at the same time, one of them is killed with SIGKILL at
random, the server is stopped and started at random, a third begins, and in the end the store is compared with
that of a run alone: the same keys, the same results. Only what a run had begun and not stored when it was
killed is begun again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from priorbench.machine.settings import import_path

sys.path.append(str(Path(__file__).parents[1] / "support"))
from database_server import NoServerError, Server, new_server

#: what must be the same, whoever ran it
SAME = ("status", "psnr", "mse", "ssim", "noisy_sha256", "output_sha256", "iterations")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a round gave.

    Attributes
    ----------
    trials : int
        of the suite.
    lost : int
        those without a record.
    other : int
        those whose record differs from that of a run alone.
    twice : int
        how often a trial was begun again that a run which was not killed had begun.
    cut : int
        trials of the killed run that were begun again: it runs one at a time, so at most one.
    failed : int
        runs that were not killed and did not end well.
    runners : tuple of int
        how many trials each run of the round has run that was not killed.
    """

    trials: int
    lost: int
    other: int
    twice: int
    cut: int
    failed: int
    runners: tuple[int, ...]

    @property
    def good(self) -> bool:
        """Nothing is lost, nothing differs, nothing ran twice but what a kill cut off."""
        return not (self.lost or self.other or self.twice or self.failed) and self.cut <= 1


@dataclass(frozen=True, kw_only=True)
class Field:
    """Where a round takes place.

    Attributes
    ----------
    folder : Path
        the working folder of all runs.
    trials : int
        how many there are.
    seconds : float
        what a trial takes.
    executor : str
        that of all runs.
    """

    folder: Path
    trials: int
    seconds: float
    executor: str

    def suite(self) -> list[str]:
        """Return the arguments of the run."""
        method = f"counted:seconds={self.seconds}"
        images = ("--images", f"greys:count={self.trials}")
        return ["-", *images, "--noise", "gaussian-25", "--denoiser", method]

    def start(self, url: str, log: Path) -> subprocess.Popen[bytes]:
        """Begin a run."""
        plugin = ("--plugin", str(Path(__file__).with_name("chaos_methods.py")))
        words = ("run", *self.suite(), *plugin, "--threads", "1", "--executor", self.executor)
        environment = {
            **os.environ,
            "PYTHONPATH": import_path(),
            "CHAOS_LOG": str(log),
            "PRIORBENCH_WORKER_VARIABLES": "CHAOS_LOG",
            "PRIORBENCH_LEASE": "20",
            "PRIORBENCH_PLUGINS": "standard",
            "OMP_NUM_THREADS": "1",
        }
        with (self.folder / "told.txt").open("ab") as told:
            return subprocess.Popen(
                [sys.executable, "-m", "priorbench", *words, "--store", url],
                cwd=self.folder,
                env=environment,
                stdout=told,
                stderr=told,
                start_new_session=True,
            )

    def results(self, url: str) -> dict[str, list[object]]:
        """Return what is in a store, by key."""
        done = subprocess.run(
            [sys.executable, "-m", "priorbench", "export", "--store", url],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": import_path()},
            capture_output=True,
            text=True,
            check=True,
        )
        records = map(json.loads, done.stdout.splitlines())
        return {values["key"]: [values.get(name) for name in SAME] for values in records}


def one_round(field: Field, url: str, server: Server | None, draw: random.Random) -> Found:
    """Have a round, and compare it with a run alone, which is done once in each folder."""
    log, told = field.folder / "log.txt", field.folder / "told.txt"
    alone = f"sqlite:///{field.folder}/alone.db"
    if not (field.folder / "alone.db").exists():
        assert field.start(alone, log).wait() == 0, told.read_text()
    for file in (log, told):
        file.write_text("")
    runs = [field.start(url, log) for _ in range(2)]
    try:
        killed = draw.randint(0, 1)
        events = [runs[killed].kill]  # its worker, if it has one, ends with it
        if server is not None:
            events.append(lambda: _restart(server, draw))
        draw.shuffle(events)
        for event, begun in zip(events, sorted(draw.choices(range(1, field.trials // 2), k=2)), strict=False):
            _wait_for(log, begun)
            event()
        runs.append(field.start(url, log))
        statuses = [one.wait(timeout=300) for one in runs]
    finally:
        for one in runs:
            if one.poll() is None:
                os.killpg(one.pid, signal.SIGKILL)
    failed = sum(status not in (0, -signal.SIGKILL) for status in statuses)
    if failed:
        print(told.read_text(), statuses, file=sys.stderr)
    others = {str(one.pid) for number, one in enumerate(runs) if number != killed}
    return _judged(field, field.results(alone), field.results(url), failed, others)


def _judged(
    field: Field,
    wanted: dict[str, list[object]],
    found: dict[str, list[object]],
    failed: int,
    others: set[str],
) -> Found:
    """Judge by the processes of the runs that were not killed: one that is killed may be gone already."""
    lines = (field.folder / "log.txt").read_text().splitlines()
    begun = [line.split() for line in lines]
    whole = Counter(picture for lineage, picture in begun if others & set(lineage.split(",")))
    cut = [picture for lineage, picture in begun if not others & set(lineage.split(","))]
    told = (field.folder / "told.txt").read_text()
    return Found(
        trials=len(wanted),
        lost=len(wanted.keys() - found.keys()),
        other=sum(values != wanted.get(key) for key, values in found.items()),
        twice=whole.total() - len(whole) + len(cut) - len(set(cut)),
        cut=len(whole.keys() & set(cut)),
        failed=failed,
        runners=tuple(
            int(line.split()[1]) for line in told.splitlines() if re.search(r" trials? run\b", line)
        ),
    )


def _restart(server: Server, draw: random.Random) -> None:
    """Stop the server, start it again after up to three seconds."""
    server.stop(draw.choice(["fast", "immediate"]))
    time.sleep(draw.uniform(0.0, 3.0))
    server.start()


def _wait_for(log: Path, trials: int) -> None:
    """Wait until so many trials have begun."""
    until = time.monotonic() + 300
    while log.read_text().count("\n") < trials:
        if time.monotonic() > until:
            raise TimeoutError(f"no {trials} trials in 300 seconds")
        time.sleep(0.02)


def main() -> int:
    """Have rounds, print a line for each, and return 1 if one was bad."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=80)
    parser.add_argument("--seconds", type=float, default=0.2)
    parser.add_argument("--executor", default="serial")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sqlite", action="store_true")
    given = parser.parse_args()
    try:
        server = None if given.sqlite else new_server()
    except NoServerError as error:
        print(error, file=sys.stderr)
        return 2
    bad = 0
    try:
        with tempfile.TemporaryDirectory() as folder:
            field = Field(
                folder=Path(folder), trials=given.trials, seconds=given.seconds, executor=given.executor
            )
            for number in range(given.rounds):
                url = f"sqlite:///{folder}/shared-{number}.db" if server is None else server.new_database()
                found = one_round(field, url, server, random.Random(given.seed + number))
                bad += not found.good
                print(f"round {number}: {'good' if found.good else 'BAD'} {found}", flush=True)
    finally:
        if server is not None:
            server.remove()
    print(f"{given.rounds - bad} of {given.rounds} rounds are good")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
