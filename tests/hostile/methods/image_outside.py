"""Attacks on the clean image in other processes: the parents, the siblings, the kernel."""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from image_book import BOOK, SECRET, locks
from memory import by_call, by_file, maps
from surroundings import descriptors, harness, siblings
from tricks import Case

_SEIZE, _NEW_USER = 0x4206, 0x10000000
_PIDFD_OPEN, _PIDFD_GETFD = 434, 438


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
def store_in_the_folder_of_a_parent(case: Case):
    """Find the store through the working folder of a parent and lock it for writing."""
    return case.reached() if any(locks(Path(f"/proc/{process}/cwd")) for process in harness()) else None


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
