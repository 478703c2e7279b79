"""Pixels between two processes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

import pytest
import torch

from priorbench.player import shared_memory
from priorbench.player.shared_memory import TYPES, MissingPixelsError, SharedMemory


@pytest.fixture
def shared() -> Iterator[SharedMemory]:
    with tempfile.TemporaryFile() as file:
        yield SharedMemory(file.fileno())


@pytest.mark.parametrize("kind", TYPES.values(), ids=TYPES)
def test_images_arrive_to_the_bit_whatever_they_look_like_in_memory(shared, kind) -> None:
    image = torch.randn(3, 8, 10).to(kind)
    image[0, 0, 0], image[0, 0, 1] = float("nan"), -0.0
    forms = [image, image.mT, image[:, ::2], image[:1].expand(3, 8, 10), image.requires_grad_()]
    shared.write(forms)
    found = shared.read([(tuple(form.shape), kind) for form in forms])
    for form, one in zip(forms, found, strict=True):
        assert one.is_contiguous()
        torch.testing.assert_close(one, form.detach(), rtol=0, atol=0, equal_nan=True)


def test_what_was_read_is_nobody_elses(shared) -> None:
    shared.write([torch.ones(4)])
    (found,) = shared.read([((4,), torch.float32)])
    shared.write([torch.zeros(4)])
    assert found.sum() == 4


def test_a_file_that_was_cut_off_is_no_image(shared) -> None:
    shared.write([torch.ones(100)])
    os.ftruncate(shared.descriptor, 99)
    with pytest.raises(MissingPixelsError):
        shared.read([((100,), torch.float32)])
    shared.clear()
    with pytest.raises(MissingPixelsError):
        shared.read([((1,), torch.float32)])


def test_an_image_comes_in_as_many_pieces_as_it_takes(shared, monkeypatch) -> None:
    monkeypatch.setattr(shared_memory, "_CHUNK", 7)
    image = torch.randn(2, 5, 5)
    shared.write([image])
    assert torch.equal(shared.read([((2, 5, 5), torch.float32)])[0], image)
