"""Matrix products of compiled code, against numpy's in double precision."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import numpy as np
import pytest

product = pytest.importorskip("priorbench.toolkit.fused.product")
barrier = pytest.importorskip("priorbench.toolkit.fused.barrier")


def random(*shape: int, dtype: type, turned: bool = False) -> np.ndarray:
    """Return a random matrix, in Fortran's order where it is `turned`."""
    generator = np.random.default_rng(sum(shape))
    x = generator.standard_normal(shape).astype(dtype)
    return np.asfortranarray(x) if turned else x


def multiplied(a: np.ndarray, b: np.ndarray, c: np.ndarray, *, fresh: bool) -> np.ndarray:
    memory = np.full(product.room_for(b.dtype, *b.shape), np.nan, b.dtype)
    panels = product.panels_in(memory, *b.shape)
    product.pack(b, 0, panels, 0, len(panels))
    out = c.copy()
    if fresh:
        out[:] = np.nan  # what is written over is not looked at
    product.multiply(a, panels, fresh, out)
    return out


@pytest.mark.parametrize("turned", [(False, False), (True, False), (False, True)], ids=["ab", "a'b", "ab'"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("fresh", [True, False])
def test_a_product_is_written_or_added(fresh, dtype, turned):
    for m, depth, n in ((1, 1, 1), (8, 3, 32), (50, 7, 12), (12, 64, 100), (33, 17, 64)):
        a = random(m, depth, dtype=dtype, turned=turned[0])
        b = random(depth, n, dtype=dtype, turned=turned[1])
        c = random(m, n, dtype=dtype)
        expected = a.astype(float) @ b + (0 if fresh else c)
        bound = 2 * (depth + 1) * np.finfo(dtype).eps * (abs(a) @ abs(b) + abs(c))  # of any order of the sums
        assert (abs(multiplied(a, b, c, fresh=fresh) - expected) <= bound).all()


@pytest.mark.parametrize("threads", [1, 3])
def test_channels_are_mixed_pixel_by_pixel_and_nothing_else_is_touched(threads):
    inputs, outputs, pixels, gap = 5, 11, 30_001, 16
    a, b = random(outputs, inputs, dtype=np.float32), random(inputs, pixels + gap, dtype=np.float32)
    b[:, pixels:] = np.nan
    out = np.full((outputs, pixels + gap), 7, np.float32)
    for place in barrier.places(threads):
        product.multiply_pixels(place, a, b, pixels, out)
    expected = a.astype(float) @ b[:, :pixels]
    np.testing.assert_allclose(out[:, :pixels], expected, rtol=0, atol=1e-5)
    assert (out[:, pixels:] == 7).all()


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the features are those of x86")
@pytest.mark.parametrize("features", ["+sse2", "+sse2,+sse4.2,+avx,+avx2,+fma"])
def test_older_processors_have_narrower_vectors(features):
    """Blocks of another width: the tests above, as another processor would run them."""
    environment = {**os.environ, "NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": features}
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow", __file__]
    done = subprocess.run(tests, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
