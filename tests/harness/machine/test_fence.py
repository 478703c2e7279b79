"""A process behind the fence cannot act on those outside, and can on its own children."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")

INSIDE = """
import os, resource, signal, subprocess, sys
from priorbench.machine.confinement import give_up_privileges
from priorbench.machine.fence import fence_in
give_up_privileges()  # some of the superuser's open what the fence closes
fence_in()
outside = int(sys.argv[1])
for what, act in {
    "signals": lambda one: os.kill(one, 0),
    "limits": lambda one: resource.prlimit(one, resource.RLIMIT_CORE),
    "reads": lambda one: open(f"/proc/{one}/environ").read(),
}.items():
    own = subprocess.Popen(["sleep", "60"])
    try:
        act(outside)
        print(what, "outside")
    except PermissionError:
        pass
    if what != "limits":
        act(own.pid)
    own.kill()
    own.wait()
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
child = "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))"
subprocess.run([sys.executable, "-c", child], check=True)
print("done")
"""


def test_nothing_outside_can_be_signalled_read_or_limited() -> None:
    version = ctypes.CDLL(None).syscall(444, None, 0, 1)
    if version < 6:
        pytest.skip(f"this kernel's Landlock is of version {version}: signals are not held")
    with subprocess.Popen(["sleep", "60"]) as outside:
        done = subprocess.run(
            [sys.executable, "-c", INSIDE, str(outside.pid)], capture_output=True, text=True, check=False
        )
        outside.kill()
    assert (done.returncode, done.stdout.split("\n")[0]) == (0, "done"), done.stdout + done.stderr
