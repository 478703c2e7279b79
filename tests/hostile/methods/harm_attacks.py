"""Attacks on the run, on other methods and on the machine: signals, limits, files, processes.

An attack that is alone has a run of its own. "manners": it changes its process, and the run goes on.
"""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import faulthandler
import gc
import os
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from surroundings import harness, siblings
from tricks import Book, Case

BOOK = Book("harm", "harm_attacks:Attacker")


Attacker = BOOK.attacker("nothing")


def temporary() -> Path:
    """Return the folder for temporary files of this process."""
    return Path(os.environ.get("TMPDIR") or tempfile.gettempdir())


@BOOK.attack(goal="run", alone=True)
def kills_its_parent(case: Case):
    """Kill the process that started this one."""
    if not case.warms_up:
        os.kill(harness()[0], signal.SIGKILL)
        time.sleep(1)


@BOOK.attack(goal="stated", alone=True, right="stated", stated="end the run")
def kills_the_run(case: Case):
    """Kill all parents that belong to the harness."""
    if not case.warms_up:
        for process in reversed(harness()):
            os.kill(process, signal.SIGKILL)


@BOOK.attack(goal="stated", alone=True, right="stated", stated="end the run")
def limits_the_run(case: Case):
    """Take the right to write files from all parents: the store cannot be written."""
    for process in harness():
        resource.prlimit(process, resource.RLIMIT_FSIZE, (0, 0))


@BOOK.attack(goal="run", alone=True)
def stops_its_parent_for_ever(case: Case):
    """Stop the process that started this one, and go on."""
    if not case.warms_up:
        os.kill(harness()[0], signal.SIGSTOP)


@BOOK.attack(goal="run", alone=True, right="stated", stated="a method that stops its own process")
def stops_itself_for_ever(case: Case):
    """Stop: time in which a worker is stopped does not count."""
    if not case.warms_up:
        os.kill(os.getpid(), signal.SIGSTOP)


@BOOK.attack(goal="victim", alone=True)
def folder_named_in_the_environment(case: Case):
    """Name another folder as the worker's own, and end the parent: somebody removes the folder."""
    for name in list(os.environ):
        if name.startswith("PRIORBENCH_") and "FOLDER" in name:
            os.environ[name] = case.note
    os.environ["TMPDIR"] = case.note
    if not case.warms_up:
        os.kill(harness()[0], signal.SIGKILL)
        time.sleep(1)


@BOOK.attack(goal="victim", alone=True)
def own_folder_becomes_a_link(case: Case):
    """Put a link to another folder in the place of the own temporary folder, which is removed at the end."""
    folder = temporary()
    shutil.rmtree(folder)
    folder.symlink_to(case.note)


@BOOK.attack(goal="victim", alone=True)
def links_in_the_own_folder(case: Case):
    """Fill the own temporary folder with links to another one."""
    for number in range(5):
        with contextlib.suppress(OSError):
            (temporary() / f"link{number}").symlink_to(case.note)


@BOOK.attack(goal="tidy", alone=True)
def folder_that_is_hard_to_remove(case: Case):
    """Leave folders that cannot be written, a pipe, a socket, three hundred levels, odd names, and 30 MB."""
    import socket

    folder = temporary()
    os.mkfifo(folder / "pipe")
    socket.socket(socket.AF_UNIX).bind(str(folder / "s"))
    (folder / os.fsdecode(b"\xff\xfe\n")).mkdir()
    (folder / "large").write_bytes(bytes(30_000_000))
    (folder / "locked").mkdir()
    (folder / "locked" / "file").write_text("x")
    (folder / "locked").chmod(0o000)
    here = os.open(folder, os.O_RDONLY)
    for _ in range(300):
        os.mkdir("deeper", dir_fd=here)
        there = os.open("deeper", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = there
    os.close(here)


@BOOK.attack(goal="processes", alone=True)
def twenty_daemons(case: Case):
    """Leave twenty processes in sessions of their own, whose parents have ended."""
    for _ in range(20):
        child = os.fork()
        if child == 0:
            os.setsid()
            if os.fork() == 0:
                signal.alarm(40)
                for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                    signal.signal(one, signal.SIG_IGN)
                time.sleep(35)
            os._exit(0)
        os.waitpid(child, 0)


@BOOK.attack(goal="cause", alone=True)
def daemon_that_holds_the_lines(case: Case):
    """End, and leave a process that keeps the lines open: nobody sees that they ended."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.alarm(40)
            time.sleep(35)
        os._exit(0)
    os.wait()
    os._exit(3)


@BOOK.attack(goal="rivals", alone=True)
def kills_the_others(case: Case):
    """Kill the workers of other methods that wait for their next trial."""
    for process in siblings():
        os.kill(process, signal.SIGKILL)


@BOOK.attack(goal="rivals", alone=True)
def limits_the_others(case: Case):
    """Take memory, files and processors from the workers of other methods."""
    for process in siblings():
        for what in (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
            with contextlib.suppress(OSError, ValueError):
                resource.prlimit(process, what, (0, 0))


@BOOK.attack(goal="rivals", alone=True)
def removes_the_folders_of_others(case: Case):
    """Remove the temporary folders of other workers."""
    for folder in temporary().parent.glob("priorbench-*"):
        if folder != temporary():
            shutil.rmtree(folder, ignore_errors=True)


@BOOK.attack(goal="rivals", alone=True)
def changes_the_code_of_another(case: Case):
    """Write another text into the file of another method, before its worker starts."""
    path = Path(case.note)
    path.write_text(path.read_text().replace("image.clone()", "image.clone() * 0 + 0.5"))


@BOOK.attack(goal="manners")
def nothing(case: Case):
    """Do nothing: to compare with."""


#: after them nothing works in their process; each has one of its own
SPOILING = (
    *("elsewhere", "empty_environment", "few_files", "no_writing", "no_modules", "no_path", "no_streams"),
    *("spoiled_builtins", "spoiled_threads", "alarm_left", "traceback_later", "shallow", "no_collector"),
    "meta_by_default",
)


def _manner(name: str, about: str, change) -> None:
    def act(case: Case) -> None:
        change(case)

    act.__name__, act.__doc__ = name, about
    BOOK.attack(goal="manners", alone=name in SPOILING)(act)


def _handlers(case: Case) -> None:
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGPIPE, signal.SIGCHLD):
        signal.signal(one, signal.SIG_IGN)


def _without_files(case: Case) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))


def _without_writing(case: Case) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _without_streams(case: Case) -> None:
    sys.stdout = sys.stderr = sys.stdin = None
    os.close(0), os.close(1), os.close(2)


def _without_modules(case: Case) -> None:
    for name in [one for one in sys.modules if one.startswith("priorbench")]:
        del sys.modules[name]


def _spoiled_builtins(case: Case) -> None:
    for name in ("open", "print", "len", "isinstance", "sorted", "max"):
        setattr(builtins, name, lambda *_, **__: None)


_HOLD = []


def _no_collector(case: Case) -> None:
    gc.disable()
    _HOLD.extend(gc.get_objects())


def _renamed(case: Case) -> None:
    ctypes.CDLL(None).prctl(15, b"kthreadd)", 0, 0, 0)


def _processors(case: Case) -> None:
    os.sched_setaffinity(0, range(os.cpu_count() or 1))


for _name, _about, _act in (
    ("elsewhere", "change the working folder", lambda case: os.chdir("/")),
    ("strict_mask", "make new files unreadable", lambda case: os.umask(0o777)),
    ("empty_environment", "empty the environment", lambda case: os.environ.clear()),
    ("double_by_default", "make float64 the default", lambda case: torch.set_default_dtype(torch.float64)),
    ("meta_by_default", "make tensors without memory", lambda case: torch.set_default_device("meta")),
    ("deterministic", "refuse what may vary", lambda case: torch.use_deterministic_algorithms(True)),
    ("no_gradients", "turn gradients off", lambda case: torch.set_grad_enabled(False)),
    ("flush_denormals", "turn the smallest numbers off", lambda case: torch.set_flush_denormal(True)),
    ("warnings_are_errors", "turn warnings into errors", lambda case: warnings.simplefilter("error")),
    ("numpy_is_strict", "have numpy raise", lambda case: np.seterr(all="raise")),
    ("shallow", "allow a hundred levels of calls", lambda case: sys.setrecursionlimit(100)),
    ("no_collector", "turn the garbage collector off, and hold all it has", _no_collector),
    ("signals_ignored", "ignore signals", _handlers),
    ("alarm_left", "leave an alarm", lambda case: signal.setitimer(signal.ITIMER_REAL, 0.05)),
    ("traceback_later", "end later", lambda case: faulthandler.dump_traceback_later(0.05, exit=True)),
    ("nice", "take the lowest priority", lambda case: os.nice(19)),
    ("few_files", "allow twelve open files", _without_files),
    ("no_writing", "allow no writing", _without_writing),
    ("no_streams", "close the standard streams", _without_streams),
    ("no_modules", "forget the modules of the harness", _without_modules),
    ("no_path", "empty the import path", lambda case: sys.path.clear()),
    ("spoiled_builtins", "spoil built-in functions", _spoiled_builtins),
    ("spoiled_threads", "spoil threads", lambda case: setattr(threading.Thread, "start", None)),
    ("switch_interval", "have threads wait for an hour", lambda case: sys.setswitchinterval(3600)),
    ("renamed", "call the process something else", _renamed),
    ("dumpable", "let others look in", lambda case: ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)),
    ("processors", "leave the processors that it was bound to", _processors),
):
    _manner(_name, _about, _act)
