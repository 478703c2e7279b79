"""Environment variables that every worker starts with, and the same settings for a running process."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from priorbench.machine.quota import quota_processors

#: thread and allocator settings that every worker starts with; {threads} is filled in
WORKER_VARIABLES: Mapping[str, str] = {
    "OMP_NUM_THREADS": "{threads}",
    "MKL_NUM_THREADS": "{threads}",
    "OPENBLAS_NUM_THREADS": "{threads}",
    "NUMEXPR_NUM_THREADS": "{threads}",
    # Waiting threads spin by default; beside any other load, small parallel loops then take 30 times longer.
    "OMP_WAIT_POLICY": "PASSIVE",
    "KMP_BLOCKTIME": "0",
    "OPENBLAS_THREAD_TIMEOUT": "4",  # the smallest: threads sleep after 2^4 clock ticks without work
    # glibc gives large buffers back to the kernel at every step by default; fitting a network then
    # spends half its time in page faults. Every method gets the same, kept heap.
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "34359738368",
    "MALLOC_TOP_PAD_": "67108864",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    "PYTHONHASHSEED": "0",
}

#: processors that a method stays on, with commas, and bytes that it may add to an empty process
CPUS_VARIABLE, MEMORY_VARIABLE = "PRIORBENCH_WORKER_CPUS", "PRIORBENCH_WORKER_MEMORY"
#: not empty where other workers run beside a judge's, on processors and devices of their own
BESIDE_VARIABLE = "PRIORBENCH_WORKER_BESIDE"
#: seconds that a trial may take
TIMEOUT_VARIABLE = "PRIORBENCH_WORKER_TIMEOUT"
#: a judge's folder of pictures by digest
PICTURES_VARIABLE = "PRIORBENCH_WORKER_PICTURES"
#: further variables for workers, with commas: for a method that needs one
KEEP_VARIABLE = "PRIORBENCH_WORKER_VARIABLES"
#: which plugins there are: part of what a run is planned with
PLUGIN_VARIABLES = frozenset(
    {
        *("PRIORBENCH_PLUGINS", "PRIORBENCH_PLUGIN_FILES", "PRIORBENCH_BLOCK_PLUGINS"),
        "PRIORBENCH_STRICT_PLUGINS",
    }
)
#: what a worker has of this process's environment. No secrets, not the address of the store, and nothing that
#: would choose another kernel of a library behind the keys' back
_INHERITED = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TERM", "COLUMNS"),
        *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "VIRTUAL_ENV", "CONDA_PREFIX"),
        *("NUMBA_CACHE_DIR", "MPLCONFIGDIR", "SSL_CERT_FILE", "PYTHONUTF8", "PYTHONIOENCODING"),
        *("TMPDIR", "TEMP", "TMP", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"),
        *PLUGIN_VARIABLES,
        "PRIORBENCH_PLUGIN_SECONDS",
        KEEP_VARIABLE,  # a judge passes the same on to its players
    }
)
_BEGINNINGS = ("LC_", "XDG_", "CUDA_", "NVIDIA_", "HIP_", "ROCR_", "ROCM_", "COVERAGE_")
#: of these, what changes the arithmetic of a library or the times of all calls
_LEFT_OUT = frozenset({"NVIDIA_TF32_OVERRIDE", "CUDA_LAUNCH_BLOCKING"})

#: parameters of mallopt, in glibc's malloc.h
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_LARGEST_INT = 2**31 - 1


def worker_environment(threads: int) -> dict[str, str]:
    """Return the environment variables of a worker process."""
    return {name: value.format(threads=threads) for name, value in WORKER_VARIABLES.items()}


def inherited(plugins: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the part of this process's environment that a process which runs a method may have.

    Parameters
    ----------
    plugins : mapping or None, optional
        those of `PLUGIN_VARIABLES` that another machine planned with, in the place of this process's.
    """
    chosen = {name.strip() for name in os.environ.get(KEEP_VARIABLE, "").split(",")} | _INHERITED
    found = {
        name: value
        for name, value in os.environ.items()
        if name in chosen or (name.startswith(_BEGINNINGS) and name not in _LEFT_OUT)
    }
    if plugins is None:
        return found
    return {name: value for name, value in found.items() if name not in PLUGIN_VARIABLES} | dict(plugins)


def plugin_variables() -> dict[str, str]:
    """Return those of `PLUGIN_VARIABLES` that are set."""
    return {name: os.environ[name] for name in sorted(PLUGIN_VARIABLES) if name in os.environ}


def player_environment(threads: int, folder: str, memory: int | None) -> dict[str, str]:
    """Return the environment of a process that runs methods.

    Parameters
    ----------
    threads : int
        CPU threads.
    folder : str
        its own folder for temporary files.
    memory : int or None
        bytes that a method may add to an empty process; None = no limit.
    """
    limit = "" if memory is None else str(memory)
    own = {CPUS_VARIABLE: os.environ.get(CPUS_VARIABLE, ""), MEMORY_VARIABLE: limit}
    places = {"TMPDIR": folder, "TEMP": folder, "TMP": folder, "PYTHONPATH": import_path()}
    return {**inherited(), **worker_environment(threads), **places, **own}


def import_path() -> str:
    """Return PYTHONPATH for a child process that is to import what this process would.

    Together with ``python -P``, which adds no folder of its own: the working folder counts only if it counts
    here.
    """
    return os.pathsep.join(str(Path(place).absolute()) for place in sys.path if place)


def available_threads() -> int:
    """Return the number of processors that this process may use: its own set of them, and its quota."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = quota_processors()
    return there if quota is None else max(1, min(there, int(quota)))


def keep_heap() -> None:
    """Let glibc keep freed memory, so that a fit does not spend its time in page faults."""
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_M_MMAP_MAX, 0)
    mallopt(_M_TRIM_THRESHOLD, _LARGEST_INT)
    mallopt(_M_TOP_PAD, 64 * 2**20)
