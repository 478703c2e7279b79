"""How the kernels are compiled: with numba, once for each machine, on as many threads as torch uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import torch

Function = TypeVar("Function", bound=Callable[..., Any])

# Sums may be reordered and products fused; infinities and NaN keep their meaning.
_OPTIONS: dict[str, Any] = {"fastmath": {"reassoc", "contract", "nsz"}, "error_model": "numpy", "cache": True}


def inner(function: Function) -> Function:
    """Compile a function that a kernel calls."""
    compiled: Function = numba.njit(**_OPTIONS)(function)
    return compiled


def kernel(function: Function) -> Function:
    """Compile a function whose `numba.prange` loop runs on several threads."""
    compiled: Function = numba.njit(parallel=True, **_OPTIONS)(function)
    return compiled


def use_torch_threads() -> None:
    """Let kernels run on as many threads as torch does."""
    threads = torch.get_num_threads()
    numba.set_num_threads(min(threads, int(vars(numba.config)["NUMBA_NUM_THREADS"])))
    # numba's first start sets the number of threads of an OpenMP that it may share with torch
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
