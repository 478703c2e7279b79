"""Matrix products that are added to what is there."""

from __future__ import annotations

import numpy as np
import pytest

blas = pytest.importorskip("priorbench.toolkit.fused.blas")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize(("p", "m", "n"), [(1, 1, 1), (50, 7, 12), (33, 64, 3)])
def test_a_product_is_written_or_added(p, m, n, fresh, dtype):
    generator = np.random.default_rng(p)
    a, b, c = (generator.standard_normal(shape).astype(dtype) for shape in ((p, m), (p, n), (m, n)))
    expected = a.astype(float).T @ b + (0 if fresh else c)
    if fresh:
        c[:] = np.nan  # what is written over is not looked at
    blas.add_product(a, b, fresh, c)
    np.testing.assert_allclose(c, expected, rtol=0, atol=50 * np.finfo(dtype).eps)
