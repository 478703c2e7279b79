"""A dask scheduler and its workers as processes on this machine, to be killed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

_PATIENCE = 60.0


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class LoopbackCluster:
    """A scheduler and workers without nannies: who is killed stays so until another one is started.

    Parameters
    ----------
    folder : Path
        for their files and logs.
    environment : Mapping[str, str]
        of all processes.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder, self.environment = (
            folder,
            {**environment, "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "error"},
        )
        self.port = free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.workers: list[subprocess.Popen[bytes]] = []
        self._started = 0
        self.scheduler = self.start_scheduler()

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        """Start a scheduler under the same address; return when it listens."""
        self.scheduler = self._start("scheduler", "--port", str(self.port), "--no-dashboard")
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return self.scheduler
            time.sleep(0.1)
        raise TimeoutError("the scheduler does not listen")

    def start_worker(self, *options: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start a worker; it comes when it comes."""
        plain = (
            "--nthreads",
            "1",
            "--memory-limit",
            "0",
            "--no-dashboard",
            "--no-nanny",
            "--death-timeout",
            "30",
        )
        worker = self._start(
            "worker", self.address, *plain, "--local-directory", str(self.folder), *options, **variables
        )
        self.workers.append(worker)
        return worker

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """End a process as a power cut would."""
        process.kill()
        process.wait()
        if process in self.workers:
            self.workers.remove(process)

    def close(self) -> None:
        """End all processes."""
        for process in (*self.workers, self.scheduler):
            process.send_signal(signal.SIGKILL)
            process.wait()

    def _start(self, role: str, *options: str, **variables: str) -> subprocess.Popen[bytes]:
        self._started += 1
        with (self.folder / f"{self._started}-{role}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", role, *options],
                env={**self.environment, **variables},
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )


@contextlib.contextmanager
def loopback_cluster(
    folder: Path, environment: Mapping[str, str] | None = None, *, workers: int
) -> Iterator[LoopbackCluster]:
    """Give a cluster, and end it."""
    folder.mkdir(parents=True, exist_ok=True)
    cluster = LoopbackCluster(folder, os.environ if environment is None else environment)
    try:
        for _ in range(workers):
            cluster.start_worker()
        yield cluster
    finally:
        cluster.close()
