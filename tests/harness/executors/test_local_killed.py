"""``kill -9`` of the run and of its workers at random moments: no record is lost or doubled, the store opens.

CI kills a few times; ``PRIORBENCH_KILLS=50 pytest tests/harness/executors/test_kill.py`` does it in earnest.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from conftest_support import command_environment
from worker_processes import workers

KILLS = int(os.environ.get("PRIORBENCH_KILLS", "8"))
#: trials of the suite: enough that it outlives the kills
IMAGES = 2 + 2 * KILLS
SUITE = """
name: small
images:
  - ramps: {{count: {count}}}
noises: [gaussian-25]
denoisers:
  - approach: {{iterations: 12}}
  - sleeps: {{seconds: 0.15}}
stopping: [fixed, oracle]
"""


class Torture:
    """A run that is started again and again, and what its store held after each kill."""

    def __init__(self, command, site: Path, folder: Path) -> None:
        self.command, self.folder = command, folder
        self.suite = folder / "small.yaml"
        self.suite.write_text(SUITE.format(count=IMAGES))
        self.scratch = folder / "scratch"
        self.scratch.mkdir()
        self.environment = {**command_environment(site), "TMPDIR": str(self.scratch)}
        self.known: dict[str, dict] = {}

    def start(self) -> subprocess.Popen[str]:
        """Start a run; return when a trial has ended."""
        command = [sys.executable, "-m", "priorbench", "run", str(self.suite), "--pictures", "1"]
        running = subprocess.Popen(
            command, cwd=self.folder, env=self.environment, stderr=subprocess.PIPE, text=True
        )
        assert running.stderr is not None
        running.stderr.readline()
        return running

    def workers(self) -> list[int]:
        """Return the run's worker processes."""
        return [pid for pid, environment in workers().items() if str(self.scratch) in environment]

    def check(self) -> None:
        """See that the store opens, and that nothing that it held is gone, changed or there twice."""
        lines = self.command("export").stdout.splitlines()
        records = [json.loads(line) for line in lines]
        for record in records:
            del record["requests"]  # each run asks again
        now = {record["key"]: record for record in records}
        assert len(now) == len(records)
        assert all(now[key] == record for key, record in self.known.items())
        self.known = now

    def settle(self) -> None:
        """Wait until no worker is left; one that was just starting needs a moment to see its run is gone.

        Where both a worker and its run were killed, the folder was the next run's to remove.
        """
        deadline = time.monotonic() + 30
        while (self.workers() or any(self.scratch.iterdir())) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not self.workers(), "workers outlived their run"
        assert not list(self.scratch.iterdir()), "temporary files are left"


@pytest.mark.slow(50)
def test_kill_9_at_random_moments_loses_nothing_and_doubles_nothing(command, example_site, tmp_path):
    torture = Torture(command, example_site, tmp_path)
    rng = random.Random(1)
    struck = Counter()
    while struck.total() < KILLS:
        running = torture.start()
        for _ in range(rng.randrange(3)):  # workers first; the run goes on
            time.sleep(rng.uniform(0, 0.5))
            for pid in torture.workers()[:1]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    struck["worker"] += 1
        time.sleep(rng.uniform(0, 0.5))
        struck["run"] += running.poll() is None
        running.kill()
        running.communicate()
        torture.check()
    assert min(struck["run"], struck["worker"]) >= KILLS // 4, struck
    scratch = {"TMPDIR": str(torture.scratch)}
    done = command("run", str(torture.suite), "--pictures", "1", **scratch)
    assert done.returncode in (0, 1), done.stderr
    torture.check()
    found = list(torture.known.values())
    assert len(found) == 3 * IMAGES  # two rules of one method, one method without
    wrong = [record for record in found if record["status"] != "ok"]
    assert all((record["status"], "SIGKILL" in record["error"]) == ("crashed", True) for record in wrong)
    assert len({record["image"] + record["denoiser"] for record in wrong}) <= struck["worker"]
    assert "nothing to do" in command("run", str(torture.suite), **scratch).stderr
    torture.settle()
