"""How the kernels are compiled: products and sums may be fused and reordered; NaN and infinity stay what they are."""

from __future__ import annotations

import llvmlite.binding
import numba
import numpy as np

llvmlite.binding.set_option("", "-runtime-memory-check-threshold=128")

_FAST = {"contract", "reassoc", "nsz"}

compiled = numba.njit(fastmath=_FAST, error_model="numpy", nogil=True, cache=True)
parallel = numba.njit(parallel=True, nogil=True, cache=True)

#: unsigned, because an index that may be negative costs a test, and with it the vector instructions
ZERO = np.uintp(0)


@compiled
def share_of(t, k, threads):
    """Return the first channel of thread t and the one after its last, unsigned."""
    return np.uintp(t * k // threads), np.uintp((t + 1) * k // threads)
