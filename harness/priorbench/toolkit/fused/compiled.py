"""How the kernels are compiled: with numba, once for each machine, on as many threads as torch uses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from typing import Any, TypeVar

import llvmlite.binding
import numba
import torch
from threadpoolctl import ThreadpoolController

Function = TypeVar("Function", bound=Callable[..., Any])

# A kernel reads and writes up to a dozen rows. LLVM uses vector instructions only after checking that they do
# not overlap, and by default gives up where that takes more than eight comparisons.
llvmlite.binding.set_option("", "-runtime-memory-check-threshold=128")

# Sums may be reordered and products fused; infinities and NaN keep their meaning.
_OPTIONS: dict[str, Any] = {
    "fastmath": {"reassoc", "contract", "nsz"},
    "error_model": "numpy",
    "nogil": True,
}


def inner(function: Function) -> Function:
    """Compile a function that a kernel calls."""
    return _jit(function)


def kernel(function: Function) -> Function:
    """Compile a function whose `numba.prange` loop runs on several threads."""
    return _jit(function, parallel=True)


def _jit(function: Function, **options: Any) -> Function:
    try:
        compiled: Function = numba.njit(cache=True, **_OPTIONS, **options)(function)
    except RuntimeError:  # there is no folder in which compiled code could be kept
        compiled = numba.njit(**_OPTIONS, **options)(function)
    return compiled


def use_torch_threads() -> None:
    """Let kernels run on as many threads as torch does."""
    threads = torch.get_num_threads()
    numba.set_num_threads(min(threads, int(vars(numba.config)["NUMBA_NUM_THREADS"])))
    # numba's first start sets the number of threads of an OpenMP that it may share with torch
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)


@contextmanager
def loops_may_begin() -> Iterator[None]:
    """Wait until it is safe to call a `kernel`: numba's own threads serve one caller at a time."""
    if _serves_several():
        yield
    else:
        with _TURN:
            yield


@cache
def _serves_several() -> bool:
    """Say whether numba was built with OpenMP, which it prefers to its own threads."""
    return find_spec("numba.np.ufunc.omppool") is not None


_TURN = threading.RLock()


@contextmanager
def one_thread_of_blas() -> Iterator[None]:
    """Let numpy's and numba's matrix products each keep to the thread that asks for them, for a while."""
    with _blas().limit(limits=1):
        yield


@cache
def _blas() -> ThreadpoolController:
    import scipy.linalg.cython_blas

    assert scipy.linalg.cython_blas is not None  # numba's products are its: loaded before it is looked for
    return ThreadpoolController().select(user_api="blas")
