# mypy: allow-untyped-defs, allow-untyped-calls
"""Matrix products that are added to what is there, which numba's own are not: BLAS's, by its address."""

from __future__ import annotations

from typing import Any

import llvmlite.binding
import numba
import numpy as np
from numba.extending import get_cython_function_address

from priorbench.toolkit.fused.compiled import inner


def _blas(name: str) -> Any:
    """Return scipy's BLAS function, which takes 13 pointers.

    Compiled code that is kept on disk knows it by a name: addresses change from process to process.
    """
    symbol = f"priorbench_{name}"
    llvmlite.binding.add_symbol(symbol, get_cython_function_address("scipy.linalg.cython_blas", name))
    return numba.types.ExternalFunction(symbol, numba.types.void(*[numba.types.intp] * 13))


_sgemm, _dgemm = _blas("sgemm"), _blas("dgemm")
#: plain, transposed
_LETTERS = np.frombuffer(b"NT", np.uint8)


@inner
def add_product(a, b, fresh, c):
    """Add a^T b to `c` (m, n), or write it where `c` is `fresh`; a (p, m) and b (p, n), all contiguous.

    BLAS takes columns for rows: for it this is c^T = b^T a, and only a is transposed.
    """
    p, m = a.shape
    n = b.shape[1]
    sizes, factors = np.array([n, m, p], np.int32), np.array([1, 0 if fresh else 1], c.dtype)
    plain, transposed = _LETTERS.ctypes.data, _LETTERS.ctypes.data + 1
    n_at, m_at, p_at = sizes.ctypes.data, sizes.ctypes.data + 4, sizes.ctypes.data + 8
    alpha, beta = factors.ctypes.data, factors.ctypes.data + c.itemsize
    a_at, b_at, c_at = a.ctypes.data, b.ctypes.data, c.ctypes.data
    if c.itemsize == 4:
        _sgemm(plain, transposed, n_at, m_at, p_at, alpha, b_at, n_at, a_at, m_at, beta, c_at, n_at)
    else:
        _dgemm(plain, transposed, n_at, m_at, p_at, alpha, b_at, n_at, a_at, m_at, beta, c_at, n_at)
    return sizes, factors  # nothing else keeps them from being freed while BLAS reads them
