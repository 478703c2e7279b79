"""Sizes that a network can have, padding to them and cropping back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from priorbench.toolkit.sizes import Frame


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("height", "width", "size"),
    [
        (512, 512, (512, 512)),
        (321, 481, (352, 512)),
        (64, 96, (64, 96)),
        (17, 17, (64, 64)),
        (1, 65, (64, 96)),
    ],
)
def test_frame_sides_are_multiples_and_not_too_small(height, width, size):
    frame = Frame(height=height, width=width, multiple=32, coarsest=2)
    assert frame.size == size
    assert frame.coarse_size == (size[0] // 32, size[1] // 32)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3, 8, 32]), st.integers(1, 2))
def test_reflected_padding_is_numpys_and_crop_undoes_it(height, width, multiple, coarsest):
    frame = Frame(height=height, width=width, multiple=multiple, coarsest=coarsest)
    image = random(2, height, width)
    padded = frame.pad_reflect(image)
    assert torch.equal(frame.crop(padded), image)
    margins = [(0, 0)]
    for side, length in zip(frame.size, (height, width), strict=True):
        margins.append(((side - length) // 2, side - length - (side - length) // 2))
    assert np.array_equal(padded.numpy(), np.pad(image.numpy(), margins, mode="reflect"))


def test_frame_refuses_other_sizes():
    frame = Frame(height=20, width=30, multiple=16)
    with pytest.raises(ValueError, match=r"\(32, 32\)"):
        frame.crop(torch.zeros(3, 20, 30))
    with pytest.raises(ValueError, match=r"\(20, 30\)"):
        frame.pad_reflect(torch.zeros(3, 32, 32))
    with pytest.raises(ValueError, match="height must be at least 1"):
        Frame(height=0, width=3)
