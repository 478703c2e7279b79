"""Arithmetic on outputs, block by block, against the definitions in double precision."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from priorbench.toolkit.rules import BLOCK, entries, mean_square_error, sum_of_squares

#: around the ends of blocks and of products
SIZES = [1, 7, 8191, 8192, 8193, BLOCK - 1, BLOCK, BLOCK + 1, 3 * 256 * 256, 2 * BLOCK + 8193]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("types", "most"), [("ff", 1e-6), ("fd", 1e-14), ("df", 1e-14), ("dd", 1e-14)])
def test_a_mean_square_error_is_what_the_definition_gives(size: int, types: str, most: float) -> None:
    rng = np.random.default_rng(size)
    one, other = (rng.random(size).astype(letter) for letter in types)
    exact = np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2)
    assert mean_square_error(one, other) == pytest.approx(exact, rel=most)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("letter", "most"), [("f", 1e-6), ("d", 1e-14)])
def test_a_sum_of_squares_is_what_the_definition_gives(size: int, letter: str, most: float) -> None:
    values = np.random.default_rng(size).standard_normal(size).astype(letter)
    assert sum_of_squares(values) == pytest.approx(np.sum(values.astype(np.float64) ** 2), rel=most)


def test_what_is_no_number_stays_none() -> None:
    values = np.zeros(2 * BLOCK, np.float32)
    values[BLOCK + 5] = np.nan
    assert np.isnan(mean_square_error(values, np.zeros_like(values)))
    values[BLOCK + 5] = np.inf
    assert mean_square_error(values, np.zeros_like(values)) == np.inf


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_entries_are_of_a_type_that_numpy_computes_with(kind: torch.dtype) -> None:
    image = torch.arange(24.0).reshape(2, 3, 4).to(kind)
    assert entries(image).tolist() == list(range(24))
    assert entries(image).dtype == (np.float64 if kind is torch.float64 else np.float32)
