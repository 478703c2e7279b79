"""A process that has given up its privileges cannot look into one that hides, and ends with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")

#: reads its parent in every way, and prints what worked
CHILD = """
import ctypes, os, sys
from priorbench.machine.confinement import give_up_privileges
give_up_privileges()
parent, found = os.getppid(), []
for name in ("mem", "environ", "maps", "cwd", "exe", "root", "fd/0", "fd/1", "auxv", "pagemap", "stack"):
    path = f"/proc/{parent}/{name}"
    try:
        if name in ("cwd", "exe", "root", "fd/0", "fd/1"):
            os.readlink(path)
        else:
            with open(path, "rb") as file:
                file.read(1)
    except OSError:
        continue
    found.append(name)
libc = ctypes.CDLL(None, use_errno=True)
if libc.ptrace(16, parent, 0, 0) == 0:  # PTRACE_ATTACH
    found.append("ptrace")
buffer = ctypes.create_string_buffer(8)
class Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))
local, remote = Vector(ctypes.addressof(buffer), 8), Vector(id(buffer), 8)
libc.process_vm_readv(parent, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)
if ctypes.get_errno() not in (1,):
    found.append(f"process_vm_readv {ctypes.get_errno()}")
# a program that is started has no more
import subprocess
for path in ("mem", "environ"):
    if subprocess.run(["cat", f"/proc/{parent}/{path}"], capture_output=True).stdout:
        found.append(f"cat {path}")
print(found)
"""
PARENT = """
import subprocess, sys
from priorbench.machine.confinement import hidden_memory
with hidden_memory():
    subprocess.run([sys.executable, "-c", CHILD], check=True)
"""


def test_a_hidden_process_cannot_be_looked_into() -> None:
    code = f"CHILD = {CHILD!r}\n{PARENT}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", done.stdout


def test_the_test_sees_a_process_that_does_not_hide() -> None:
    code = f"CHILD = {CHILD!r}\n{PARENT.replace('with hidden_memory():', 'if True:')}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    if os.getuid():
        assert "environ" in done.stdout
    else:  # the superuser's parent has privileges that the child gave up
        assert done.stdout.strip()


WAITS = """
import os, signal, sys, time
from priorbench.machine.confinement import end_with_parent
end_with_parent(int(sys.argv[1]))
signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP})
print(os.getpid(), flush=True)
time.sleep(600)
"""
STARTS = """
import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", sys.argv[1], str(os.getpid())], start_new_session=True).wait()
"""


def test_a_child_ends_with_its_parent_whatever_it_blocks() -> None:
    parent = subprocess.Popen([sys.executable, "-c", STARTS, WAITS], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{child}").exists()
