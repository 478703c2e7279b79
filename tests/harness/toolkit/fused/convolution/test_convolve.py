"""Convolutions with gradients written by hand against torch's, and sums over pixels against numpy's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

pytest.importorskip("numba")

from priorbench.toolkit.fused import barrier
from priorbench.toolkit.fused.convolution import correlate, turning
from priorbench.toolkit.fused.convolution.layer import Convolve
from priorbench.toolkit.fused.layers import Planes
from priorbench.toolkit.fused.product import panels_in, room_for
from priorbench.toolkit.fused.team import TorchTeam

#: kernel, stride, height, width, padding, channels in and out, channels that are meant
CASES = {
    "published": (3, 1, 8, 8, "reflect", 7, 5, None),
    "halved": (3, 2, 8, 8, "reflect", 5, 3, None),
    "smallest": (3, 1, 2, 2, "reflect", 5, 5, None),
    "smallest, halved": (3, 2, 2, 2, "reflect", 6, 4, None),
    "few channels": (3, 1, 5, 70, "reflect", 3, 5, None),
    "some channels": (3, 1, 6, 10, "reflect", 9, 5, 4),
    "few channels, zeros": (5, 1, 7, 13, "zeros", 2, 11, None),
    "wide": (5, 1, 7, 13, "zeros", 11, 2, None),
    "wide, halved": (5, 2, 12, 6, "reflect", 6, 9, None),
    "halved, zeros": (3, 2, 10, 36, "zeros", 5, 20, None),
    "one pixel": (1, 1, 4, 6, "zeros", 6, 5, None),
    "one pixel, halved": (1, 2, 4, 6, "reflect", 5, 5, None),
}


@pytest.fixture(autouse=True)
def threads_as_before():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("name", CASES)
def test_output_and_gradients_are_the_convolutions(name, threads):
    taps, stride, height, width, mode, inputs, outputs, channels = CASES[name]
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    how = {"stride": stride, "padding": taps // 2, "padding_mode": mode, "bias": False}
    conv = nn.Conv2d(inputs, outputs, taps, dtype=torch.float64, **how)
    meant = inputs if channels is None else channels
    x = torch.randn(1, meant, height, width, dtype=torch.float64, requires_grad=True)
    wanted = conv(torch.cat([x, torch.zeros(1, inputs - meant, height, width)], 1))
    d = torch.randn_like(wanted)
    wanted.backward(d)
    layer = Convolve(TorchTeam(), conv, height, width, channels)
    y = Planes.empty(outputs, height // stride, width // stride, torch.float64)
    dx = Planes.empty(meant, height, width, torch.float64)
    for _ in range(2):  # the second time in memory that was used
        layer.forward(Planes.of(x.detach().clone()), y)
        gradient = layer.backward(Planes.of(d.clone()), dx)
        torch.testing.assert_close(y.image, wanted.detach(), rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(dx.image, x.grad, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(gradient, conv.weight.grad[:, :meant], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", [(3, 20, 5000), (20, 3, 5000), (37, 50, 1000), (9, 40, 300)], ids=str)
def test_channels_are_multiplied_pixel_by_pixel_and_summed(shape):
    m, n, pixels = shape
    generator = np.random.default_rng(0)
    a, b = generator.standard_normal((m, pixels + 16)), generator.standard_normal((n, pixels + 16))
    a[:, pixels:] = b[:, pixels:] = np.nan
    found = []
    for threads in (1, 2, 3):
        out = np.full((m, n), np.nan)
        for place in barrier.places(threads):
            correlate.correlate(place, a, b, pixels, out)
        found.append(out)
    np.testing.assert_allclose(found[0], a[:, :pixels] @ b[:, :pixels].T, rtol=0, atol=1e-10)
    assert (found[0] == found[1]).all()
    assert (found[0] == found[2]).all()


@pytest.mark.parametrize("fresh", [True, False])
def test_channels_are_mixed_and_added(fresh):
    generator = np.random.default_rng(0)
    a, b = generator.standard_normal((11, 5)), generator.standard_normal((5, 999 + 16))
    before = generator.standard_normal((11, 999 + 16))
    found = []
    for threads in (1, 3, 50):
        out = before.copy()
        for place in barrier.places(threads):
            correlate.multiply_channels(place, a, b, 999, fresh, out)
        found.append(out)
    expected = a @ b + (0 if fresh else before)
    np.testing.assert_allclose(found[0][:, :999], expected[:, :999], rtol=0, atol=1e-12)
    assert all((out == found[0]).all() for out in found)
    assert (found[0][:, 999:] == before[:, 999:]).all()


@pytest.mark.parametrize("shape", [(1, 1), (16, 16), (37, 50), (70, 33)], ids=str)
def test_rows_become_the_columns_of_panels(shape):
    rows = np.random.default_rng(0).standard_normal(shape)
    panels = panels_in(np.full(room_for(rows.dtype, shape[1], shape[0]), np.nan), shape[1], shape[0])
    turning.pack_rows(rows, panels)
    laid_out = panels.transpose(1, 0, 2).reshape(shape[1], -1)
    assert (laid_out[:, : shape[0]] == rows.T).all()
    assert (laid_out[:, shape[0] :] == 0).all()
