"""Products in bfloat16 of compiled code: rounding against torch's, sums against double precision."""

from __future__ import annotations

import numpy as np
import pytest
import torch

vectors = pytest.importorskip("priorbench.toolkit.fused.vectors")
numba = pytest.importorskip("numba")
block = pytest.importorskip("priorbench.toolkit.fused.bfloat16.block")
product = pytest.importorskip("priorbench.toolkit.fused.bfloat16.product")

pytestmark = pytest.mark.skipif(
    "+avx512bf16" not in vectors.FEATURES, reason="the processor has no AVX512-BF16"
)


@numba.njit
def _pair(low, high):
    return block.pair_of(low, high)


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


def rounded(x: np.ndarray) -> np.ndarray:
    """Return what torch makes of numbers in bfloat16, in double precision."""
    return torch.from_numpy(np.ascontiguousarray(x)).bfloat16().double().numpy()


def test_numbers_are_rounded_as_torch_does():
    bits = np.random.default_rng(0).integers(0, 2**32, 4000, dtype=np.uint32)
    ties = (bits[:500] & 0xFFFF0000) | 0x8000
    special = np.array([0, 2**31, 0x7F7FFFFF, 0x7F800000, 0xFF800000, 1], np.uint32)
    numbers = np.concatenate([bits, ties, special]).view(np.float32)
    numbers = numbers[~np.isnan(numbers)]
    expected = torch.from_numpy(numbers).bfloat16().view(torch.int16).numpy().view(np.uint16)
    pairs = np.array([_pair(number, other) for number, other in zip(numbers, numbers[::-1], strict=True)])
    assert (pairs & 0xFFFF == expected).all()
    assert (pairs >> 16 == expected[::-1]).all()


@pytest.mark.parametrize("bits", [0x7FC00000, 0x7F800001, 0xFFFFFFFF])
def test_what_is_no_number_stays_none(bits):
    number = np.array([bits], np.uint32).view(np.float32)[0]
    pair = np.array([int(_pair(number, np.float32(1))) & 0xFFFF], np.uint16)
    assert torch.from_numpy(pair.view(np.int16)).view(torch.bfloat16).isnan().all()


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize("transposed", [False, True])
def test_a_product_is_that_of_the_rounded_factors(fresh, transposed):
    for m, depth, n in ((1, 1, 1), (8, 2, 32), (50, 7, 12), (12, 64, 100), (33, 17, 64)):
        a, b, c = random(m, depth), random(depth, n), random(m, n)
        memory = np.full(product.room_for(depth, n), 0xFFFFFFFF, product.PAIR)  # of NaN, should any be read
        panels = product.panels_in(memory, depth, n)
        product.pack(b, panels, 0, len(panels))
        spare = np.empty(m * (depth + 1), product.PAIR)
        if transposed:
            pairs = product.along_columns(np.ascontiguousarray(a.T), spare)
        else:
            pairs = product.along_rows(a, spare)
        out = np.full_like(c, np.nan) if fresh else c.copy()
        product.multiply(pairs, panels, fresh, out)
        one, two = rounded(a), rounded(b)
        expected = one @ two + (0 if fresh else c)
        bound = 2 * (depth + 1) * np.finfo(np.float32).eps * (abs(one) @ abs(two) + abs(c))
        assert (abs(out - expected) <= bound).all()
