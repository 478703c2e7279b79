"""How the kernels are compiled: sums may be reordered, products fused; NaN and infinity stay themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding
import numba
import numpy as np

# A kernel reads and writes up to a dozen rows. LLVM uses vector instructions only after checking that they do
# not overlap, and by default gives up where that takes more than eight comparisons.
llvmlite.binding.set_option("", "-runtime-memory-check-threshold=128")

_FAST = {"contract", "reassoc", "nsz"}


def _jit(function: Callable[..., Any], **options: Any) -> Any:
    try:
        return numba.njit(function, nogil=True, cache=True, **options)
    except RuntimeError:  # there is no folder in which compiled code could be kept
        return numba.njit(function, nogil=True, **options)


def compiled(function: Callable[..., Any]) -> Any:
    """Compile the work of one thread."""
    return _jit(function, fastmath=_FAST, error_model="numpy")


def parallel(function: Callable[..., Any]) -> Any:
    """Compile what shares work out to threads."""
    return _jit(function, parallel=True)


#: unsigned, because an index that may be negative costs a test, and with it the vector instructions
ZERO = np.uintp(0)


@compiled
def share_of(t: Any, k: Any, threads: Any) -> Any:
    """Return the first channel of thread t and the one after its last, unsigned."""
    return np.uintp(t * k // threads), np.uintp((t + 1) * k // threads)
