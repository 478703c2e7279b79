"""Kills workers, the scheduler and the client of a run at random, and says whether anything was lost.

``python -m tests.chaos.rounds --rounds 20 --trials 500`` prints a line for each round. Every round runs the
same trials of a method that does nothing; in its course workers die, then the scheduler, then the client.
The command is started again until it says that all is done. Then the store must be complete, without a
trial too many, and equal to that of a serial run; and no trial may have failed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from loopback_cluster import LoopbackCluster, loopback_cluster  # noqa: E402

from priorbench.store.rows.packing import unpack  # noqa: E402

WORKERS = 3
#: seconds that a whole round may take
_PATIENCE = 900.0
_PLUGIN = str(ROOT / "tests" / "benchmarks" / "noop.py")
_IMAGES = ROOT / "tests" / "chaos" / "chaos_pictures.py"


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """What a round did, and what is wrong with its store.

    Attributes
    ----------
    kills : Mapping[str, int]
        how many of each kind of process were killed.
    clients : int
        how often the command was started.
    seconds : float
        of the round.
    faults : tuple of str
        empty where all is well.
    """

    kills: Mapping[str, int]
    clients: int
    seconds: float
    faults: tuple[str, ...]


def command(trials: int, store: Path, *options: str) -> list[str]:
    """Return the command of a run."""
    return [
        *(sys.executable, "-m", "priorbench", "run", "-", "--images", f"chaos-pictures:count={trials}"),
        *("--noise", "gaussian-25", "--denoiser", "noop", "--threads", "1", "--device", "cpu"),
        *("--store", str(store), "--pictures", "0", "--plugin", _PLUGIN, "--plugin", str(_IMAGES), *options),
    ]


def stored(store: Path) -> dict[str, tuple[str, str, float]]:
    """Return key -> status, digest of the output and PSNR of all records; a key twice is an error."""
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    try:
        rows = connection.execute("SELECT key, data FROM records").fetchall()
    finally:
        connection.close()
    documents = [(key, json.loads(unpack(data))) for key, data in rows]
    found = {key: (one["status"], one["output_sha256"], one["psnr"]) for key, one in documents}
    assert len(found) == len(rows), "a key is in the store twice"
    return found


def play(trials: int, serial: Path, folder: Path, seed: int) -> Round:
    """Play one round."""
    began, dice = time.monotonic(), random.Random(seed)
    store, kills, clients = folder / "dask.db", dict.fromkeys(("worker", "scheduler", "client"), 0), 0
    wanted = stored(serial)
    with loopback_cluster(folder / "cluster", workers=WORKERS) as cluster:
        options = ("--executor", "dask:wait=60", "--scheduler", cluster.address)
        # when so many of the trials are there, this is killed
        deaths = sorted((dice.uniform(0.05, 0.55), "worker") for _ in range(4))
        deaths += [(dice.uniform(0.6, 0.7), "scheduler"), (dice.uniform(0.75, 0.9), "client")]
        client = None
        log = (folder / "client.log").open("ab")
        while True:
            if time.monotonic() - began > _PATIENCE:
                _end(client)
                return Round(
                    kills=kills, clients=clients, seconds=time.monotonic() - began, faults=("not done",)
                )
            if client is None:
                clients += 1
                client = subprocess.Popen(
                    command(trials, store, *options), stdout=log, stderr=log, cwd=folder, env=environment()
                )
            status = client.poll()
            if status is not None:
                client = None
                if status == 0:
                    break
            share = count(store) / trials
            while deaths and share >= deaths[0][0]:
                victim = deaths.pop(0)[1]
                kills[victim] += 1
                client = _kill(victim, cluster, client, dice)
            time.sleep(0.05)
    return Round(
        kills=kills,
        clients=clients,
        seconds=time.monotonic() - began,
        faults=tuple(compare(wanted, stored(store))),
    )


def environment() -> dict[str, str]:
    """Return the environment of all processes: no plugins but those that the command names."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PRIORBENCH_")}
    return {**kept, "PRIORBENCH_PLUGINS": "standard,dask", "OMP_NUM_THREADS": "1"}


def count(store: Path) -> int:
    """Return how many records are there."""
    try:
        with sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=5) as connection:
            found = int(connection.execute("SELECT count(*) FROM records").fetchone()[0])
        connection.close()
    except sqlite3.Error:
        return 0
    return found


def compare(
    wanted: Mapping[str, tuple[str, str, float]], found: Mapping[str, tuple[str, str, float]]
) -> Sequence[str]:
    """Return what is wrong with what was found."""
    faults = []
    if lost := wanted.keys() - found.keys():
        faults.append(f"{len(lost)} records are lost")
    if more := found.keys() - wanted.keys():
        faults.append(f"{len(more)} records are too many")
    if other := [key for key in wanted.keys() & found.keys() if wanted[key] != found[key]]:
        faults.append(f"{len(other)} records differ from the serial run")
    return faults


def _kill(
    victim: str, cluster: LoopbackCluster, client: subprocess.Popen[bytes] | None, dice: random.Random
) -> subprocess.Popen[bytes] | None:
    """Kill somebody, and start another one where a job queue would."""
    if victim == "worker":
        cluster.kill(dice.choice(cluster.workers))
        cluster.start_worker()
    elif victim == "scheduler":
        cluster.kill(cluster.scheduler)
        for worker in [*cluster.workers]:
            cluster.kill(worker)
        cluster.start_scheduler()
        for _ in range(WORKERS):
            cluster.start_worker()
    else:
        _end(client)
        return None
    return client


def _end(client: subprocess.Popen[bytes] | None) -> None:
    if client is not None:
        client.send_signal(signal.SIGKILL)
        client.wait()


def serial_run(trials: int, folder: Path) -> Path:
    """Run all trials one after another, and return the store."""
    store = folder / "serial.db"
    subprocess.run(
        command(trials, store, "--executor", "serial"),
        check=True,
        env=environment(),
        cwd=folder,
        stderr=subprocess.DEVNULL,
    )
    return store


def main() -> None:
    """Play rounds, and exit with 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory(prefix="chaos-") as place:
        serial = serial_run(chosen.trials, Path(place))
        for number in range(chosen.rounds):
            folder = Path(place) / f"round-{number}"
            folder.mkdir()
            played = play(chosen.trials, serial, folder, chosen.seed + number)
            bad += bool(played.faults)
            killed = ", ".join(f"{count} {what}" for what, count in played.kills.items())
            print(
                f"round {number + 1}: killed {killed}; {played.clients} clients; {played.seconds:.0f} s; "
                f"{'; '.join(played.faults) or 'complete, no duplicate, equal to the serial run'}",
                flush=True,
            )
    print(f"{chosen.rounds - bad} of {chosen.rounds} rounds are well")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
