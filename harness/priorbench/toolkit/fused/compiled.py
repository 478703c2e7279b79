"""Compiles kernels with numba, once for each machine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite.binding
import numba

from priorbench.toolkit.fused.units import Kernel

Function = TypeVar("Function", bound=Callable[..., Any])

# A kernel reads and writes up to a dozen rows. LLVM uses vector instructions only after checking that they do
# not overlap, and by default gives up where that takes more than eight comparisons.
llvmlite.binding.set_option("", "-runtime-memory-check-threshold=128")

# No sum may be reordered and no product fused: the same bits on every processor. Sums that need vectors have
# an order of their own, see `lanes` and `rows`.
_OPTIONS: dict[str, Any] = {
    "fastmath": False,
    "error_model": "numpy",
    "nogil": True,
}


# `units` goes deeper into numba than its interface. These are the versions that it is tested with; with
# others each function is compiled with what it calls, which takes twice as long and gives the same bits.
_TESTED = ("0.68.",)


def _compiler(function: Callable[..., Any]) -> Any:
    if numba.__version__.startswith(_TESTED):
        return Kernel(function, _OPTIONS)
    return numba.njit(**_OPTIONS)(function)


def inner(function: Function) -> Function:
    """Compile a function that Python calls, or a kernel: there it is a part of what Python calls.

    Parts are compiled once in each whole that needs them (`priorbench.toolkit.fused.units`), where LLVM
    decides what is copied into its callers. What is rounded, and when, does not depend on that.
    """
    try:
        kept = _compiler(function)
        kept.enable_caching()
        file = kept._cache._cache_file
        file._source_stamp = (file._source_stamp, _digest(function))
        file._load_index = partial(_index, file._load_index)
    except (RuntimeError, AttributeError):  # no folder for compiled code, or a numba that keeps it otherwise
        return cast(Function, _compiler(function))
    return cast(Function, kept)


def inlined(function: Function) -> Function:
    """Copy a function into those that call it before they are compiled: for one with a lot of arguments."""
    return cast(Function, numba.njit(inline="always", **_OPTIONS)(function))


def _index(load: Callable[[], dict[Any, str]]) -> dict[Any, str]:
    """Return the index of a function's code on disk; empty where it names a class that has moved since."""
    try:
        return load()
    except (ImportError, AttributeError):
        return {}


def _digest(function: Callable[..., Any]) -> str:
    """Return a digest of the sources that a function may call: those beside it and those here.

    numba looks at the function's own file alone, and would go on with old code of what it calls.
    """
    folders = {Path(function.__code__.co_filename).parent, Path(__file__).parent}
    return " ".join(map(_digest_of, sorted(folders)))


@cache
def _digest_of(folder: Path) -> str:
    content = b"".join(path.read_bytes() for path in sorted(folder.rglob("*.py")))
    return hashlib.sha256(content).hexdigest()
