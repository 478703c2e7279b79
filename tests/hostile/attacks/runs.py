"""Runs of hostile methods, through the command line, in a process and a session of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from conftest_support import command_environment, run_here
from tricks import ONE_BY_ONE, Book

#: what a method must not find
SECRET = "hunter2-is-not-a-password"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """What a run left.

    Attributes
    ----------
    status : int or None
        exit status of the run, None where it had to be killed.
    said : str
        its standard error.
    records : list of dict
        what 'export' gives.
    left : list of str
        command lines of the processes that were left behind; they have been ended.
    folder : Path
        where it ran.
    seconds : float
        how long it took.
    memory : int
        bytes of the largest of its processes.
    made : dict of str to str
        pictures on which a method that makes several attacks made one each, and which.
    """

    status: int | None
    said: str
    records: list[dict[str, Any]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    folder: Path = Path()
    seconds: float = 0.0
    memory: int = 0
    made: Mapping[str, str] = field(default_factory=dict)

    def of(self, attack: str) -> list[dict[str, Any]]:
        """Return the records of an attack, in the order of image, noise and repetition."""
        own = [one for one in self.records if self._made(one) == attack]
        return sorted(
            own, key=lambda one: (one["parameters"].get("turn", 0), one["image"], one["repetition"])
        )

    def _made(self, record: Mapping[str, Any]) -> str | None:
        attack = record["parameters"].get("attack")
        return self.made.get(record["image"]) if attack == ONE_BY_ONE else attack

    def rival(self, name: str) -> list[dict[str, Any]]:
        """Return the records of a method of this name."""
        return [one for one in self.records if one["denoiser"] == name]


def _ended(running: subprocess.Popen[bytes], deadline: float, *, measured: bool) -> tuple[int | None, int]:
    """Wait for a process, or end it; return its exit status, and the memory of its largest process."""
    late, memory = False, 0
    while running.poll() is None:
        if measured:  # looking at all processes of the machine takes time from them
            # not what the system says of ended children: that has the memory of who started them, too
            memory = max(memory, *map(_most_memory, _session(running.pid)), 0)
        if time.monotonic() > deadline:
            late = True
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
        time.sleep(0.05)
    return None if late else running.returncode, memory


def _session(leader: int) -> list[int]:
    """Return the processes of a session."""
    found = [leader]
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            if int((entry / "stat").read_text().rpartition(")")[2].split()[3]) == leader:
                found.append(int(entry.name))
    return found


def _most_memory(process: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


class Arena:
    """A folder in which hostile methods are run.

    Parameters
    ----------
    site : Path
        the folder with the example plugin.
    folder : Path
        where the store and the temporary files go.
    methods : Path, optional
        the folder with the hostile methods and their plugins; empty where none is run.
    """

    def __init__(self, site: Path, folder: Path, methods: Path = Path()) -> None:
        self.site, self.folder, self.methods = site, folder, methods
        self.scratch = folder / "scratch"
        self.scratch.mkdir(exist_ok=True)

    def part(self, name: str) -> Arena:
        """Return one in a folder of its own inside."""
        (self.folder / name).mkdir()
        return Arena(self.site, self.folder / name, self.methods)

    def environment(self, plugins: Sequence[str | Path], **variables: str) -> dict[str, str]:
        """Return the environment of a run with plugin files; those of `methods` by their names."""
        files = [str(self.methods / f"{one}.py") if isinstance(one, str) else str(one) for one in plugins]
        return {
            **command_environment(self.site),
            "PRIORBENCH_PLUGINS": "standard,example,images",
            "PRIORBENCH_PLUGIN_FILES": os.pathsep.join(files),
            "PRIORBENCH_PLUGIN_SECONDS": "5",
            "HOSTILE_SECRET": SECRET,
            "TMPDIR": str(self.scratch),
            **variables,
        }

    def command(
        self, *arguments: str, env: Mapping[str, str], limit: float = 120.0, measured: bool = True
    ) -> Ran:
        """Run the command line; what it leaves behind is named and ended, and its memory measured."""
        began = time.monotonic()
        with (self.folder / "said.txt").open("w+b") as said:
            running = subprocess.Popen(
                [sys.executable, "-m", "priorbench", *arguments],
                cwd=self.folder, env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                start_new_session=True,
            )  # fmt: skip
            status, memory = _ended(running, began + limit, measured=measured)
            seconds = time.monotonic() - began
            said.seek(0)
            text = said.read(10_000_000).decode("utf-8", "replace")
        return Ran(status=status, said=text, left=self.clear(), seconds=seconds, memory=memory)

    def run(
        self,
        plugins: Sequence[str | Path],
        methods: Sequence[str],
        *options: str,
        limit: float = 120.0,
        images: str = "ramps:count=1,size=32",
        store: str | None = None,
        **variables: str,
    ) -> Ran:
        """Run methods on some images; return what is in the store afterwards."""
        env = self.environment(plugins, **variables)
        names = [word for name in methods for word in ("--denoiser", name)]
        noise = [] if "--noise" in options else ["--noise", "gaussian-25"]
        place = [] if store is None else ["--store", store]
        chosen = ("run", "-", "--images", images, *noise, *names, "--threads", "1", *place, *options)
        ran = self.command(*chosen, env=env, limit=limit, measured=False)
        return Ran(
            status=ran.status, said=ran.said, left=ran.left, folder=self.folder, seconds=ran.seconds,
            records=self.records(env, store),
        )  # fmt: skip

    def run_one_by_one(
        self, book: Book, attacks: Sequence[str], methods: Sequence[str], *options: str, **more: Any
    ) -> Ran:
        """Run attacks of a book in one process as long as they leave it as it was, and other methods."""
        log = self.folder / "begun.txt"
        method, images, made = book.one_by_one(list(attacks), str(log))
        plugins = [book.plugin, "numbered"]
        ran = self.run(plugins, [*methods, method], *options, images=images, **more)
        begun = log.read_text().splitlines() if log.exists() else []
        missing = [name for name in attacks if f"{name} begins" not in begun]
        assert not missing, (missing, ran.said)  # each was made, and on its picture
        return replace(ran, made=made)

    def records(self, env: Mapping[str, str], store: str | None = None) -> list[dict[str, Any]]:
        """Return what 'export' gives."""
        place = [] if store is None else ["--store", store]
        variables = {name: value for name, value in env.items() if name.startswith("PRIORBENCH_")}
        done = run_here(self.site, self.folder, "export", *place, **variables)
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def clear(self) -> list[str]:
        """Return the command lines of processes that live on in this folder, and end them."""
        deadline = time.monotonic() + 10.0  # workers end when their parent has ended, a moment later
        while (left := self._left()) and time.monotonic() < deadline:
            time.sleep(0.05)
        for process in left:
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
        return list(left.values())

    def _left(self) -> dict[int, str]:
        left = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, IndexError):
                mine = str(self.folder).encode() in (entry / "environ").read_bytes()
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                if mine and state != "Z":
                    words = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                    left[int(entry.name)] = words.decode(errors="replace")[:100]
        return left
