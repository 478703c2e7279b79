"""Whatever a child process does, it is one error that says what, and nothing of it lives on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from priorbench.children import hosted
from priorbench.children.hosted import DeadError, Hosted
from priorbench.machine.settings import import_path

#: what the process does -> what the error must say
DEEDS = {
    "exit": "the process ended with exit status 0",
    "exit 79": "closed the line over which it answers (or ended with exit status 79)",
    "words": "the process ended with exit status 5; it printed last: famous last words",
    "sys.exit": "the process ended with exit status 1",
    "kill": "the process was killed by SIGKILL (the system kills with it when memory runs out)",
    "segfault": "the process was killed by SIGSEGV",
    "hang": "nothing came in 2 s, and it was ended with all that it started",
    "hang in C": "nothing came in 2 s",
    "flood": "MB; at most 10 MB are allowed",
    "endless": "was ended, for its answer: a message has more than 16 MiB",
    "garbage": "its answer is none: what came is no message",
    "deep": "its answer is none: what came is no message",
    "list": "its answer is none: what came is no message",
    "closes": "closed the line over which it answers",
    "raises": "RuntimeError: something specific",
    "interrupts": "KeyboardInterrupt",
    "kills its host": "is gone",
    "stops its host": "nothing came in 2 s",
}


@pytest.fixture
def host() -> Iterator[Hosted]:
    """Give a host of processes that misbehave."""
    made = Hosted("child_things", with_folder=True)
    yield made
    made.close()


def alive(processes: Sequence[int]) -> list[int]:
    """Return those that still run after some seconds."""
    deadline = time.monotonic() + 15
    while (found := [each for each in processes if _runs(each)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize("deed", DEEDS)
def test_it_is_told_what_happened_and_the_next_one_is_answered(host: Hosted, deed: str) -> None:
    assert host.begin({"do": "family"}, 30)
    processes = host.ask({"do": "family"}, 30)["processes"]
    with pytest.raises(DeadError) as error:
        host.ask({"do": deed}, 2 if "2 s" in DEEDS[deed] else 30)
    assert DEEDS[deed] in str(error.value)
    assert "\n" not in str(error.value)
    assert host.begin({"do": "nothing"}, 30) == {"did": "nothing"}
    processes.pop(1)  # the host
    assert alive(processes) == []


def test_a_daemon_is_ended_with_the_process_that_started_it(host: Hosted) -> None:
    [child, _, session, daemon] = host.begin({"do": "family"}, 30)["processes"]
    host.release()
    assert alive([child, session, daemon]) == []
    assert host.begin({"do": "nothing"}, 30) == {"did": "nothing"}


def test_processes_that_replace_themselves_are_ended_too(host: Hosted) -> None:
    host.begin({"do": "bomb"}, 30)
    host.release()
    assert host.begin({"do": "nothing"}, 30) == {"did": "nothing"}


def test_a_process_cannot_answer_for_the_next_one(host: Hosted) -> None:
    assert host.begin({"do": "forges"}, 30) != {"did": "forged"}
    assert host.begin({"do": "nothing"}, 30) == {"did": "nothing"}


def test_one_that_does_not_listen_any_more_is_ended(host: Hosted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosted, "_LAST_BREATH", 1.0)
    host.begin({"do": "deaf"}, 30)
    start = time.monotonic()
    assert host.begin({"do": "nothing"}, 30) == {"did": "nothing"}
    assert time.monotonic() - start < 20


def test_a_host_without_a_folder_makes_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(hosted.tempfile, "tempdir", str(tmp_path))
    made = Hosted("child_things")
    assert made.begin({"do": "nothing"}, 30) == {"did": "nothing"}
    assert list(tmp_path.iterdir()) == []
    made.close()


def test_closing_ends_everything_and_removes_the_folder() -> None:
    made = Hosted("child_things", with_folder=True)
    processes = made.begin({"do": "family"}, 30)["processes"]
    folder = made.folder
    Path(folder, "file").write_text("x")
    made.close()
    assert alive(processes) == []
    assert not Path(folder).exists()


USER = """
import os, sys, time
from priorbench.children.hosted import Hosted
host = Hosted("child_things", with_folder=True)
found = host.begin({"do": "family and hang"}, 60)["processes"]
print(host.folder, host._process.pid, *found, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("victim", ["the user", "the guard", "the host"])
def test_nothing_lives_on_when_one_of_them_is_killed(victim: str) -> None:
    environment = {**os.environ, "PYTHONPATH": import_path()}
    with subprocess.Popen(
        [sys.executable, "-c", USER], env=environment, stdout=subprocess.PIPE, text=True
    ) as user:
        assert user.stdout is not None
        folder, *numbers = user.stdout.readline().split()
        guard, child, host, *others = map(int, numbers)
        os.kill({"the user": user.pid, "the guard": guard, "the host": host}[victim], signal.SIGKILL)
        # whoever kills the guard itself leaves the daemons: nobody is left that knows of them
        ended = [host, child] if victim == "the guard" else [guard, host, child, *others]
        left = alive(ended)
        user.kill()
    for process in (*left, *others):
        if _runs(process):
            os.kill(process, signal.SIGKILL)
    assert left == []
    assert victim == "the guard" or not Path(folder).exists()
    shutil.rmtree(folder, ignore_errors=True)


def test_a_child_of_the_user_that_holds_the_pipe_does_not_keep_it_alive() -> None:
    """A fork of the user has the pipe's end as well: that the user is gone is seen by the system's signal."""
    environment = {**os.environ, "PYTHONPATH": import_path()}
    forking = USER.replace("time.sleep", "os.fork() or os.setsid()\ntime.sleep")
    with subprocess.Popen(
        [sys.executable, "-c", forking], env=environment, stdout=subprocess.PIPE, text=True
    ) as user:
        assert user.stdout is not None
        _, *numbers = user.stdout.readline().split()
        time.sleep(0.5)
        forked = Path(f"/proc/{user.pid}/task/{user.pid}/children").read_text().split()
        user.kill()
        left = alive(list(map(int, numbers)))
        for process in forked:
            if _runs(int(process)):
                os.kill(int(process), signal.SIGKILL)
    assert left == []
