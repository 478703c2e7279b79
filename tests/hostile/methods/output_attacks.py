"""Outputs that are no plain images: each is taken for what it is, or refused with the reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from tricks import Book, Case

BOOK = Book("output", "output_attacks:Attacker")


Attacker = BOOK.attacker("plain")


def _made(name: str, goal: str, about: str, make: Any) -> None:
    def act(case: Case) -> Any:
        return make(case.observation.image)

    act.__name__, act.__doc__ = name, about
    BOOK.attack(goal=goal)(act)


def _shared(y: torch.Tensor) -> torch.Tensor:
    room = torch.zeros(2, *y.shape)
    room[1] = y
    return room[1]


def _fortran(y: torch.Tensor) -> torch.Tensor:
    return y.permute(2, 1, 0).contiguous().permute(2, 1, 0)


def _backwards(y: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(y.numpy()[:, ::-1])).flip(1)


def _changed(y: torch.Tensor) -> torch.Tensor:
    y.add_(0.1)
    return y.clone()


def _resized(y: torch.Tensor) -> torch.Tensor:
    image = y.clone()
    y.data = torch.zeros(1)
    return image


def _half_empty(y: torch.Tensor) -> torch.Tensor:
    image = y.clone()
    image.untyped_storage().resize_(16)
    return image


def _quantised(y: torch.Tensor) -> torch.Tensor:
    return torch.quantize_per_tensor(y, 1 / 255, 0, torch.quint8)


class Sub(torch.Tensor):
    """A class of tensors that does nothing of its own."""


class BadShape:
    """Has a shape that raises."""

    @property
    def shape(self) -> Any:
        raise RuntimeError("no shape")


class Many(list):
    """Says that it has a length without end."""

    def __len__(self) -> int:
        return 2**62


#: what comes back has the pixels of y: the score must be that of y
for _name, _about, _make in (
    ("plain", "y, copied", lambda y: y.clone()),
    ("y_itself", "y, not copied", lambda y: y),
    ("double", "float64", lambda y: y.double()),
    ("not_contiguous", "a transposed layout", _fortran),
    ("backwards", "a layout that was turned round", _backwards),
    ("part_of_another", "a part of a larger tensor", _shared),
    ("wants_gradient", "a tensor that wants its gradient", lambda y: y.clone().requires_grad_()),
    ("in_a_graph", "the end of a graph of gradients", lambda y: y.clone().requires_grad_() * 1.0),
    ("negative_bit", "a view of lazily negated numbers", lambda y: torch._neg_view(-y)),
    ("inference", "a tensor of the inference mode", lambda y: _inference(y)),
    ("channels_last", "another order in memory", lambda y: y[None].to(memory_format=torch.channels_last)[0]),
    ("little_over", "values a little beyond the range", lambda y: y + 1e-6),
):
    _made(_name, "same", _about, _make)


def _inference(y: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return y * 1.0


#: may be taken, and then has the score of y; or refused
for _name, _about, _make in (
    ("half", "float16", lambda y: y.half()),
    ("brain", "bfloat16", lambda y: y.bfloat16()),
    ("parameter", "a torch.nn.Parameter", lambda y: torch.nn.Parameter(y.clone())),
    ("subclass", "a class of tensors of its own", lambda y: y.clone().as_subclass(Sub)),
    ("real_of_complex", "the real part of complex numbers", lambda y: torch.complex(y, y).real),
    ("conjugate_part", "the imaginary part of a lazy conjugate", lambda y: torch.complex(y, -y).conj().imag),
):
    _made(_name, "same or refused", _about, _make)

#: must be refused, with a reason
for _name, _about, _make in (
    ("not_a_number", "NaN everywhere", lambda y: y * float("nan")),
    (
        "one_nan",
        "NaN in one place",
        lambda y: torch.where(torch.arange(y.numel()).reshape(y.shape) == 7, torch.nan, y),
    ),
    ("infinite", "infinities", lambda y: y / 0),
    ("over_range_of_float", "double numbers that float32 has not", lambda y: y.double() * 1e300),
    ("complex", "complex numbers", lambda y: torch.complex(y, y)),
    ("integer", "integers", lambda y: (y * 255).to(torch.int64)),
    ("bytes", "bytes", lambda y: (y.clamp(0, 1) * 255).to(torch.uint8)),
    ("true_and_false", "truth values", lambda y: y > 0.5),
    ("sparse", "a sparse tensor", lambda y: y.to_sparse()),
    ("sparse_rows", "a tensor of compressed rows", lambda y: y.to_sparse_csr()),
    ("quantised", "a quantised tensor", _quantised),
    ("meta", "a tensor without memory", lambda y: y.to("meta")),
    ("nested", "a nested tensor", lambda y: torch.nested.nested_tensor([y[0], y[1, :5]])),
    ("cut_storage", "a tensor whose memory was cut off", _half_empty),
    ("empty", "a tensor of nothing", lambda y: torch.empty(0)),
    ("scalar", "one number", lambda y: torch.tensor(0.5)),
    ("one_axis_more", "one axis more", lambda y: y[None]),
    ("other_size", "one row less", lambda y: y[:, 1:]),
    (
        "huge_size",
        "a shape of 2**60 numbers without memory",
        lambda y: torch.zeros(1).expand(2**20, 2**20, 2**20),
    ),
    ("numpy", "an array of numpy", lambda y: y.numpy()),
    ("listed", "a list of lists", lambda y: y.tolist()),
    ("tuple", "a tuple with an image", lambda y: (y.clone(),)),
    ("text", "a text", lambda y: "an image"),
    ("nought", "None", lambda y: None),
    ("class", "a class", lambda y: torch.Tensor),
    ("generator", "a generator", lambda y: (row for row in y)),
    ("promise", "a promise", lambda y: _promise(y)),
    ("bad_shape", "an object whose shape raises", lambda y: BadShape()),
    ("endless", "a list that says it has no end", lambda y: Many()),
    ("y_changed", "a copy of y, which was changed", _changed),
    ("y_emptied", "a copy of y, whose memory was taken away", _resized),
):
    _made(_name, "refused", _about, _make)


async def _promise(y: torch.Tensor) -> torch.Tensor:
    return y


#: taken, and far from the clean image: the score is poor, and finite
for _name, _about, _make in (
    ("huge", "1e30 everywhere", lambda y: torch.full_like(y, 1e30)),
    ("negative", "-1e30 everywhere", lambda y: torch.full_like(y, -1e30)),
    ("tiny", "the smallest numbers that there are", lambda y: torch.full_like(y, 1e-45)),
    ("one_number", "one number, expanded", lambda y: torch.zeros(1, 1, 1).expand_as(y)),
):
    _made(_name, "poor", _about, _make)
