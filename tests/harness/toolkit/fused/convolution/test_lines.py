"""Rows that are combined, doubled and halved, against numpy; what lies behind them does not count."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from priorbench.toolkit.fused.compiled import inner
from priorbench.toolkit.fused.convolution import lines

KINDS = (np.float32, np.float64)


@inner
def combined(out, to, flat, starts, weights, count, length):
    lines.combine(out, to, flat, starts, weights, count, length)


@inner
def doubled(row, out, to, length):
    lines.double(row, out, to, length)


@inner
def halved(fine, begin, out, to, length):
    lines.halve(fine, begin, out, to, length)


def random(size: int, kind: type) -> np.ndarray:
    """Return random numbers, and behind them what is not a number."""
    numbers = np.full(size + lines.SLACK, np.nan, kind)
    numbers[:size] = np.random.default_rng(size).standard_normal(size)
    return numbers


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [1, 15, 16, 40])
def test_rows_are_weighted_and_added(length, kind):
    flat, out = random(5 * length, kind), np.full(3 + length + lines.SLACK, np.nan, kind)
    starts, weights = np.array([0, 3, 2, 1]) * length, np.array([0.5, -2, 3, 100])
    combined(out, 3, flat, starts, weights, 3, length)
    expected = sum(w * flat[s : s + length] for s, w in zip(starts[:3], weights[:3], strict=True))
    np.testing.assert_allclose(out[3 : 3 + length], expected, rtol=1e-5)
    assert np.isnan(out[:3]).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [1, 15, 16, 40])
def test_a_row_is_doubled_and_halved(length, kind):
    row, out = random(length + 1, kind), np.full(2 * length + 2 * lines.SLACK, np.nan, kind)
    doubled(row, out, 1, length)
    one, two = row[:length], row[1 : length + 1]
    expected = np.stack([0.75 * one + 0.25 * two, 0.25 * one + 0.75 * two], 1).ravel()
    np.testing.assert_allclose(out[1 : 1 + 2 * length], expected, rtol=1e-5, atol=1e-6)
    fine, found = random(2 * length + 5, kind), np.full(length + lines.SLACK, np.nan, kind)
    fine = np.concatenate([fine, np.full(lines.SLACK, np.nan, kind)])
    halved(fine, 3, found, 0, length)
    parts = [fine[3 + n :: 2][:length] for n in range(4)]
    expected = 0.25 * (parts[0] + parts[3]) + 0.75 * (parts[1] + parts[2])
    np.testing.assert_allclose(found[:length], expected, rtol=1e-5, atol=1e-6)
