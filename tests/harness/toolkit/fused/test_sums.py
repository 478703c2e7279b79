"""Sums in an order of their own: their values, and that the order is the one that is told."""

from __future__ import annotations

import numpy as np
import pytest

rows = pytest.importorskip("priorbench.toolkit.fused.rows")
planes = pytest.importorskip("priorbench.toolkit.fused.planes")
lanes = pytest.importorskip("priorbench.toolkit.fused.lanes")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("outputs", "begin", "end"), [(3, 0, 3), (1, 0, 1), (8, 0, 8), (11, 4, 9)])
def test_products_of_rows(outputs, begin, end, dtype):
    generator = np.random.default_rng(outputs)
    for pixels, length in ((1, 1), (2, 16), (5, 37), (6, 128)):
        weight = generator.integers(-9, 9, (outputs, length)).astype(dtype)
        x = generator.integers(-9, 9, (pixels, length)).astype(dtype)
        out = np.full((pixels, outputs), 0.5, dtype)
        rows.multiply_rows(weight, begin, end, x, out)
        assert (out[:, begin:end] == (x @ weight.T)[:, begin:end]).all()
        assert (out[:, :begin] == 0.5).all()
        assert (out[:, end:] == 0.5).all()


def test_a_row_is_added_in_sixteen_parts_and_halves():
    length = 5 * rows.LANES + 3
    x = np.random.default_rng(0).standard_normal((20, length)).astype(np.float32)
    out = np.empty((len(x), 1), np.float32)
    rows.multiply_rows(np.ones((1, length), np.float32), 0, 1, x, out)
    for row, found in zip(x, out[:, 0], strict=True):
        expected = in_halves(in_order(row[: 5 * rows.LANES].reshape(5, rows.LANES)))
        for number in row[5 * rows.LANES :]:
            expected += number
        assert found == expected
    assert (out[:, 0] != x.sum(axis=1, dtype=np.float64).astype(np.float32)).any()  # the order can be seen


def test_a_plane_is_added_in_lanes_and_stretches():
    x = np.random.default_rng(1).standard_normal(2 * lanes.STRETCH + 1000).astype(np.float32)
    total = 0.0
    for start in range(0, x.size, lanes.STRETCH):
        stretch = x[start : start + lanes.STRETCH]
        padded = np.zeros(-(-stretch.size // lanes.LANES) * lanes.LANES, np.float32)
        padded[: stretch.size] = stretch
        total += float(in_halves(in_order(padded.reshape(-1, lanes.LANES))))
    assert planes.mean_of(x) == total / x.size


def in_order(numbers: np.ndarray) -> np.ndarray:
    """Return the sums of columns, added from the first row on."""
    total = np.zeros(numbers.shape[1], numbers.dtype)
    for row in numbers:
        total += row
    return total


def in_halves(numbers: np.ndarray) -> np.floating:
    """Return the sum, the second half added to the first until one number is left."""
    while numbers.size > 1:
        numbers = numbers[: numbers.size // 2] + numbers[numbers.size // 2 :]
    return numbers[0]
