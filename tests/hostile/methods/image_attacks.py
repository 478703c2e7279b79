"""Attacks on the clean image from the process that runs a method: objects, memory, other processes.

One succeeds if its output has a score that no method has, or is the one of `Case.reached`.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from memory import by_call, by_file, maps, search
from tricks import Book, Case, descriptors, harness, siblings

from priorbench import hookimpl

BOOK = Book("image", "image_attacks:Attacker")
SECRET = "hunter2-is-not-a-password"
_DEEP = 5
_SEIZE, _NEW_USER = 0x4206, 0x10000000
_PIDFD_OPEN, _PIDFD_GETFD = 434, 438


Attacker = BOOK.attacker("calibrate")


@hookimpl
def priorbench_denoisers():
    yield from BOOK.specs()


def reachable(roots: list[Any], deep: int = _DEEP) -> Iterator[Any]:
    """Yield what objects lead to, the nearest first, without modules and classes."""
    seen, level = set(), list(roots)
    for _ in range(deep):
        following = []
        for one in level:
            if id(one) in seen or isinstance(one, (type, type(sys))) or len(seen) > 200_000:
                continue
            seen.add(id(one))
            yield one
            following += [one.f_locals] if isinstance(one, FrameType) else gc.get_referents(one)
        level = following


def callers() -> list[FrameType]:
    frame, found = sys._getframe(1), []
    while frame is not None:
        found.append(frame)
        frame = frame.f_back
    return found


def _is_of_the_harness(one: Any) -> bool:
    return str(type(one).__module__).startswith("priorbench")


@BOOK.attack()
def nothing(case: Case):
    """Do nothing: the score of the noisy image, to compare with."""


@BOOK.attack()
def calibrate(case: Case):
    """Say that a goal was reached, to compare with."""
    return case.reached()


@BOOK.attack()
def caller_frames(case: Case):
    """Look at the local variables of all callers."""
    return case.cleanest(reachable(list(callers())))


@BOOK.attack()
def thread_frames(case: Case):
    """Look at the local variables of all threads."""
    return case.cleanest(reachable(list(sys._current_frames().values())))


@BOOK.attack()
def gc_objects(case: Case):
    """Look at everything that the garbage collector knows, and what it leads to."""
    return case.cleanest(reachable(gc.get_objects(), 3))


@BOOK.attack()
def gc_frozen(case: Case):
    """Thaw what the harness froze, and look at what is of its own classes."""
    gc.unfreeze()
    own = [one for one in gc.get_objects() if _is_of_the_harness(one)]
    return case.cleanest(reachable(own, 4))


@BOOK.attack()
def named_objects(case: Case):
    """Ask every object for 'clean', 'pixels', 'problem', '_last_image', '_image_sets'."""
    found = []
    for one in gc.get_objects():
        if isinstance(one, type) or not _is_of_the_harness(one):
            continue
        for name in (
            "clean",
            "pixels",
            "problem",
            "_problem",
            "_clean",
            "_last_image",
            "_image_sets",
            "image",
        ):
            with contextlib.suppress(Exception):
                found.append(getattr(one, name))
    return case.cleanest(reachable(found, 4))


@BOOK.attack()
def module_globals(case: Case):
    """Look at the globals of every module of the harness."""
    named = [
        vars(one) for name, one in list(sys.modules.items()) if name.startswith(("priorbench", "__main__"))
    ]
    return case.cleanest(reachable(named, 4))


@BOOK.attack()
def observation_graph(case: Case):
    """Look at everything that the observation leads to: operator, descriptor, storage."""
    return case.cleanest(reachable([case.observation, case.observation.operator, case.observation.noise], 8))


@BOOK.attack()
def storage_of_y(case: Case):
    """Look at the whole storage behind y, beyond the part that is y."""
    image = case.observation.image
    whole = torch.tensor([], dtype=image.dtype).set_(image.untyped_storage())
    size = image.numel()
    return case.cleanest(
        [whole[at : at + size].reshape(image.shape) for at in range(0, len(whole) - size + 1, 4)]
    )


@BOOK.attack()
def own_memory(case: Case):
    """Look through this process's own memory."""
    return search(case, "self")


@BOOK.attack()
def parent_memory(case: Case):
    """Look through the memory of the parents that belong to the harness; to be let in at all is enough."""
    for process in harness():
        with contextlib.suppress(OSError):
            read = by_file(process)
            if any(_reads(read, start) for start, _ in maps(process)):
                return case.reached()
    return None


def _reads(read: Any, start: int) -> bool:
    try:
        return bool(read(start, 16))
    except OSError:
        return False


@BOOK.attack()
def parent_read_by_call(case: Case):
    """Look through the memory of the parents with process_vm_readv; their maps may not be readable."""
    for process in harness():
        with contextlib.suppress(OSError):
            places = maps(process)
            read = by_call(process)
            if any(_reads(read, start) for start, _ in places):
                return case.reached()
    return None


@BOOK.attack()
def parent_traced(case: Case):
    """Attach to the parents as a debugger; from a child, whose end lets go of them."""
    call = ctypes.CDLL(None, use_errno=True).ptrace
    call.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    parents = harness()
    if _in_a_child(lambda: any(call(_SEIZE, one, None, None) == 0 for one in parents)):
        return case.reached()
    return None


@BOOK.attack()
def parent_read_by_a_child(case: Case):
    """Have another program, started anew, read the parents: it may have rights that this one gave away."""
    program = (
        "import os,sys\nfor p in sys.argv[1:]:\n try:\n"
        "  m=[l.split()[0] for l in open(f'/proc/{p}/maps') if ' rw' in l]\n"
        "  f=os.open(f'/proc/{p}/mem',0)\n  os.pread(f,8,int(m[0].split('-')[0],16))\n  print('yes')\n"
        " except OSError: pass\n"
    )
    words = [sys.executable, "-I", "-S", "-c", program, *map(str, harness())]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return case.reached() if "yes" in done.stdout else None


@BOOK.attack()
def parent_descriptor_taken(case: Case):
    """Take a descriptor of a parent with pidfd_getfd."""
    call = ctypes.CDLL(None, use_errno=True).syscall
    for process in harness():
        handle = call(_PIDFD_OPEN, process, 0)
        if handle >= 0 and any(call(_PIDFD_GETFD, handle, fd, 0) >= 0 for fd in range(20)):
            return case.reached()
    return None


@BOOK.attack()
def parent_descriptors(case: Case):
    """Open the descriptors of the parents: the store, the lines of other workers, shared memory."""
    for process in harness():
        with contextlib.suppress(OSError):
            for fd in descriptors(process):
                with contextlib.suppress(OSError):
                    os.close(os.open(f"/proc/{process}/fd/{fd}", os.O_RDWR | os.O_NONBLOCK))
                    return case.reached()
    return None


@BOOK.attack()
def parent_environment(case: Case):
    """Read the environment of the parents: secrets, the address of the store."""
    for process in harness():
        with contextlib.suppress(OSError):
            if SECRET.encode() in Path(f"/proc/{process}/environ").read_bytes():
                return case.reached()
    return None


@BOOK.attack()
def own_environment(case: Case):
    """Look for secrets and the address of the store in the own environment, now and at the start."""
    text = Path("/proc/self/environ").read_bytes() + str(dict(os.environ)).encode()
    return case.reached() if SECRET.encode() in text or b"PRIORBENCH_STORE" in text else None


@BOOK.attack()
def own_arguments(case: Case):
    """Look for the names of set, image or store in the own arguments and environment."""
    text = Path("/proc/self/cmdline").read_bytes() + Path("/proc/self/environ").read_bytes()
    return case.reached() if b"ramp" in text or b".db" in text else None


@BOOK.attack()
def store_in_the_working_folder(case: Case):
    """Find the store in the working folder and lock it for writing."""
    return case.reached() if _locks(Path.cwd()) else None


@BOOK.attack()
def store_in_the_folder_of_a_parent(case: Case):
    """Find the store through the working folder of a parent and lock it for writing."""
    return case.reached() if any(_locks(Path(f"/proc/{process}/cwd")) for process in harness()) else None


def _locks(folder: Path) -> bool:
    import sqlite3

    with contextlib.suppress(OSError, sqlite3.Error):
        for path in folder.resolve().glob("*.db"):
            connection = sqlite3.connect(path, timeout=0.2)
            connection.execute("BEGIN IMMEDIATE")
            connection.rollback()
            connection.close()
            return True
    return False


@BOOK.attack()
def sibling_memory(case: Case):
    """Look into the memory and the descriptors of other workers of the run."""
    for process in siblings():
        with contextlib.suppress(OSError):
            memory = os.open(f"/proc/{process}/mem", os.O_RDWR)
            if any(os.pread(memory, 8, start) for start, _ in maps(process)):
                return case.reached()
    return None


@BOOK.attack()
def own_descriptors(case: Case):
    """Read everything that this process has open, from the beginning."""
    return case.cleanest(
        _inside(case, [f"/proc/self/fd/{fd}" for fd, what in descriptors().items() if "/" in what])
    )


@BOOK.attack()
def shared_memory_files(case: Case):
    """Read everything in /dev/shm, and the nameless memory of every process that can be opened."""
    paths = [str(path) for path in Path("/dev/shm").glob("*")]
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            paths += [f"{entry}/fd/{fd}" for fd, what in descriptors(entry.name).items() if "memfd" in what]
    return case.cleanest(_inside(case, [one for one in paths if f"/{os.getpid()}/" not in one]))


@BOOK.attack()
def temporary_files(case: Case):
    """Read every small file in the folders for temporary files, the own and those of others."""
    folder = Path(tempfile.gettempdir())
    paths = [str(path) for place in (folder, folder.parent) for path in place.rglob("*") if path.is_file()]
    return case.cleanest(_inside(case, paths[:500]))


def _inside(case: Case, paths: list[str]) -> Iterator[np.ndarray]:
    noisy = case.noisy
    for path in paths:
        with contextlib.suppress(OSError, ValueError):
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            data = os.pread(handle, 2**24, 0)
            os.close(handle)
            for start in range(0, min(len(data) - noisy.nbytes, 2**16) + 1, 16):
                yield np.frombuffer(data, np.float32, noisy.size, start).reshape(noisy.shape)


@BOOK.attack()
def kernel_memory(case: Case):
    """Open the memory of the machine."""
    for path in ("/dev/mem", "/dev/kmem", "/proc/kcore"):
        with contextlib.suppress(OSError):
            handle = os.open(path, os.O_RDONLY)
            if path != "/proc/kcore" or os.pread(handle, 64, 2**20):
                return case.reached()
    return None


@BOOK.attack()
def user_namespace(case: Case):
    """Get all rights in a namespace of one's own, and read the parents with them."""
    parents = harness()

    def reads() -> bool:
        ctypes.CDLL(None).unshare(_NEW_USER)
        with contextlib.suppress(OSError):
            return any(os.pread(os.open(f"/proc/{one}/mem", 0), 8, maps(one)[0][0]) for one in parents)
        return False

    return case.reached() if _in_a_child(reads) else None


def _in_a_child(act: Any) -> bool:
    """Do something in a child process, and return whether it was true."""
    child = os.fork()
    if child == 0:
        status = 0
        with contextlib.suppress(BaseException):
            status = 7 if act() else 0
        os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


@BOOK.attack()
def requests_read(case: Case):
    """Read what waits on the lines: the description of the next trial."""
    for fd, what in descriptors().items():
        if what.startswith(("pipe:", "socket:")) and select.select([fd], [], [], 0)[0]:
            with contextlib.suppress(OSError):
                if b"image" in os.read(fd, 10_000):
                    return case.reached()
    return None


@BOOK.attack()
def trial_in_memory(case: Case):
    """Find the name of the image in the own memory."""
    words = [
        one
        for one in reachable(gc.get_objects(), 2)
        if isinstance(one, str) and one.startswith("ramp-") and one[5:].isdigit()
    ]
    return case.reached() if words else None
