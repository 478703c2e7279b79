"""The decoder that is fitted coarse to fine: its smaller networks, its schedule, its fit by other routes."""

from __future__ import annotations

import itertools

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from kernels import alone

from priorbench import Observation
from priorbench.machine.arithmetic import bfloat16_product
from priorbench.toolkit.initialisation import build, stream
from priorbench.toolkit.sizes import Frame
from priorbench_deep_decoder import priorbench_denoisers
from priorbench_deep_decoder.coarse_to_fine import CoarseToFine, PutOff, Smaller, doubled, put_off
from priorbench_deep_decoder.model import DeepDecoder
from priorbench_deep_decoder.network import Architecture, DecoderNetwork

CPU = torch.device("cpu")
ORDERS = ["convolve-first", "upsample-first"]


def picture(channels: int, height: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(channels, height, width, generator=torch.Generator().manual_seed(seed))


def observe(image: torch.Tensor, **fields: object) -> Observation:
    return Observation(image=image, noise=None, device=CPU, **{"seed": 3} | fields)


def decoder(layers: int = 3, **how: object) -> DecoderNetwork:
    architecture = Architecture(channels=8, layers=layers, **how)
    return build(
        lambda: DecoderNetwork(architecture, outputs=3),
        generator=stream(0, "weights"),
        scale_init="uniform",
    )


def small(**changes: object) -> CoarseToFine:
    return CoarseToFine(**{"channels": 8, "layers": 3, "iterations": 10, "whole": 4} | changes)


@pytest.mark.parametrize(
    ("order", "times", "upsamples"),
    [
        ("convolve-first", 1, (True, True, False, False)),
        ("convolve-first", 3, (False, False, False, False)),
        ("upsample-first", 1, (False, True, True, False)),
        ("upsample-first", 2, (False, True, False, False)),
    ],
)
def test_the_last_upsamplings_are_put_off(order, times, upsamples):
    assert Smaller(channels=8, layers=3, order=order, put_off=times).upsamples == upsamples


@pytest.mark.parametrize(
    ("order", "put_off", "share"),
    [("convolve-first", 1, 0.4375), ("convolve-first", 2, 0.15625), ("upsample-first", 1, 1.0)],
)
def test_what_an_iteration_costs(order, put_off, share):
    """Multiplications of the mixings of channels; the input is too small to count."""

    def products(upsamples: tuple[bool, ...], side: int = 1 << 20) -> int:
        total = 0
        for upsample in upsamples:
            total += side * side
            side *= 2 if upsample else 1
        return total

    whole = products(Architecture(layers=20, order=order).upsamples)
    assert products(Smaller(layers=20, order=order, put_off=put_off).upsamples) / whole == pytest.approx(
        share
    )


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("engine", ["plain", "fused"])
def test_a_smaller_decoder_is_the_whole_one_with_its_upsampling_after_the_output(order, times, engine):
    """Against the whole decoder, whose last upsamplings are taken away by hand."""
    whole = decoder(order=order)
    z = picture(8, 2, 3)[None].to(memory_format=torch.channels_last)
    fitted: torch.nn.Module = whole
    if engine == "fused":
        pytest.importorskip("numba")
        from priorbench_deep_decoder.engine.function import FusedDecoder

        fitted = FusedDecoder(whole)
    found = put_off(whole, fitted, times)(z)
    x = z
    upsamples = [n for n, one in enumerate(whole.architecture.upsamples) if one][: 3 - times]
    for n, layer in enumerate(whole.hidden):
        x = F.conv2d(x, layer.mix.weight[:, :, None, None])
        if n in upsamples:
            x = F.interpolate(x, scale_factor=2, mode="bilinear")
        x = layer.norm(x.relu())
    x = torch.sigmoid(F.conv2d(x, whole.output.weight[:, :, None, None]))
    for _ in range(times):
        x = F.interpolate(x, scale_factor=2, mode="bilinear")
    assert found.shape == (1, 3, 16, 24)
    torch.testing.assert_close(found, x, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("order", ORDERS)
def test_where_all_layers_are_constant_both_are_the_same_picture(order):
    """Closed form: upsampling does nothing to a constant, so that nothing changes when it is put off."""
    whole = decoder(order=order, normalise="before-activation")
    for layer in whole.hidden:
        torch.nn.init.uniform_(layer.norm.bias, 0, 1)
    whole.double()
    z = torch.full((1, 8, 2, 2), 0.3).double()  # the normalisation makes it its shift, in every layer
    one, other = whole(z), put_off(whole, whole, 2)(z)
    shift = whole.hidden[-1].norm.bias
    value = torch.sigmoid(whole.output.weight @ shift)
    torch.testing.assert_close(other, value[None, :, None, None].expand_as(other), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_all_sizes_share_their_parameters():
    whole = decoder()
    smaller = put_off(whole, whole, 1)
    assert isinstance(smaller, PutOff)
    pairs = zip(smaller.parameters(), whole.parameters(), strict=True)
    assert all(one is other for one, other in pairs)


@pytest.mark.parametrize("engine", ["plain", "fused"])
def test_without_coarse_iterations_and_a_falling_rate_it_is_deep_decoder_over_bit_for_bit(engine):
    if engine == "fused":
        pytest.importorskip("numba")
    preset = next(spec.preset for spec in priorbench_denoisers() if spec.name == "deep-decoder-over")
    over = DeepDecoder(**dict(preset) | {"channels": 16, "engine": engine})
    ours = CoarseToFine(channels=16, whole=960, last_rate=1, engine=engine)
    noisy = observe(picture(3, 40, 33))
    pairs = itertools.islice(zip(over.iterate(noisy), ours.iterate(noisy), strict=True), 4)
    for one, other in pairs:
        assert torch.equal(one.output, other.output)
        assert torch.equal(one.loss, other.loss)
        assert torch.equal(one.estimate(), other.estimate())


@pytest.mark.parametrize(
    ("changes", "schedule"),
    [
        ({"iterations": 960, "whole": 160}, [(2, 400), (1, 400), (0, None)]),
        ({"iterations": 100, "whole": 25, "put_off": 1}, [(1, 75), (0, None)]),
        ({"iterations": 100, "whole": 25}, [(2, 37), (1, 38), (0, None)]),
        ({"iterations": 5, "whole": 4, "put_off": 3}, [(1, 1), (0, None)]),
        ({"iterations": 5, "whole": 5}, [(0, None)]),
        ({"iterations": 960, "whole": None}, [(2, 400), (1, 400), (0, None)]),
        ({"iterations": 12, "whole": None}, [(2, 5), (1, 5), (0, None)]),
    ],
)
def test_the_schedule_has_equal_parts(changes, schedule):
    assert small(**changes).schedule() == schedule


def test_the_rate_is_whole_then_falls_along_half_a_cosine_and_stays():
    method = small(iterations=20, whole=10)
    rates = [method.rate(n) for n in range(30)]
    assert rates[:10] == [1.0] * 10
    cosine = torch.cos(torch.pi * torch.arange(10).double() / 9)
    assert rates[10:20] == pytest.approx((0.1 + 0.45 * (1 + cosine)).tolist())
    assert rates[20:] == pytest.approx([0.1] * 10)
    assert {small(last_rate=1).rate(n) for n in range(30)} == {1.0}


def by_hand(method: CoarseToFine, noisy: Observation, steps: int) -> list[torch.Tensor]:
    """The fit in plain torch: one Adam throughout, whose rate is set before each step."""
    untrained = method.untrained
    frame = Frame(height=noisy.shape[1], width=noisy.shape[2], multiple=8, coarsest=2)
    whole, z = untrained.start(noisy.shape[0], frame, noisy.seed)
    adam = torch.optim.Adam(whole.parameters(), lr=0.01)
    times = [n for n, count in method.schedule() for _ in range(count or steps)]
    outputs = []
    for t in range(steps):
        network = put_off(whole, whole, times[t]) if times[t] else whole
        adam.param_groups[0]["lr"] = 0.01 * method.rate(t)
        adam.zero_grad()
        output = frame.crop(network(z))[0]
        F.mse_loss(output, noisy.image).backward()
        adam.step()
        outputs.append(output.detach())
    return outputs


@pytest.mark.parametrize("shape", [(3, 33, 47), (1, 16, 16), (1, 5, 1)])
@pytest.mark.parametrize("engine", ["plain", "fused"])
def test_a_fit_goes_through_all_sizes_with_one_optimiser(shape, engine):
    if engine == "fused":
        pytest.importorskip("numba")
    method = small(engine=engine)
    assert method.schedule() == [(2, 3), (1, 3), (0, None)]
    noisy = observe(picture(*shape))
    iterates = list(itertools.islice(method.iterate(noisy), 13))
    for expected, iterate in zip(by_hand(method, noisy, 13), iterates, strict=True):
        torch.testing.assert_close(iterate.output, expected, rtol=2e-3, atol=2e-3)
        assert iterate.output.shape == shape
        loss = F.mse_loss(iterate.output, noisy.image)
        torch.testing.assert_close(iterate.loss, loss)


def test_an_estimate_is_the_next_output_but_where_the_size_changes():
    method = small(engine="plain")
    said, before = [], None
    for iterate in itertools.islice(method.iterate(observe(picture(3, 20, 20))), 10):
        if before is not None:
            assert torch.equal(before, iterate.output) == said[-1]
        said.append(iterate.estimate_is_next_output)
        before = iterate.estimate().clone()
    assert said == [n not in (2, 5) for n in range(10)]


def test_masked_pixels_do_not_influence_any_size():
    mask = picture(1, 20, 28, seed=1) > 0.2
    one, two = picture(3, 20, 28), picture(3, 20, 28)
    two[:, ~mask[0]] = 7.0
    method = small(engine="plain")
    found = [list(itertools.islice(method.iterate(observe(y, mask=mask)), 10))[-1] for y in (one, two)]
    assert torch.equal(found[0].estimate(), found[1].estimate())


def test_several_fits_at_once_are_those_one_by_one():
    pictures = [observe(picture(3, 20, 20, seed=n), seed=n) for n in range(3)]
    method = small(engine="plain")
    alone = [list(itertools.islice(method.iterate(one), 10)) for one in pictures]
    together = list(itertools.islice(method.iterate_together(pictures), 10))
    for n, row in enumerate(together):
        for one, fit in zip(row, alone, strict=True):
            torch.testing.assert_close(one.output, fit[n].output, rtol=1e-3, atol=1e-4)


def test_the_number_of_threads_changes_no_bit():
    pytest.importorskip("numba")
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            iterates = small(channels=32, iterations=20).iterate(observe(picture(3, 70, 64)))
            found.append([iterate.output.clone() for iterate in itertools.islice(iterates, 20)])
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


@pytest.mark.parametrize("axis", [-1, -2])
@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_doubled_line_is_torchs_bilinear_upsampling(axis, length):
    image = picture(2, length, length)[None].double()
    shape = [2 * length if one == axis else length for one in (-2, -1)]
    expected = F.interpolate(image, size=shape, mode="bilinear", align_corners=False)
    torch.testing.assert_close(doubled(image, axis), expected)


def test_torchs_own_generator_is_left_alone():
    state = torch.get_rng_state()
    next(small(engine="plain").iterate(observe(picture(3, 20, 20))))
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"put_off": 0}, "put_off must be from 1 to the number of layers, 3, not 0"),
        ({"put_off": 4}, "put_off must be from 1 to the number of layers, 3, not 4"),
        ({"whole": 0}, "whole must be at least 1"),
        ({"whole": 11}, "whole must be at most iterations, 10, not 11"),
        ({"last_rate": -0.1}, "last_rate"),
    ],
)
def test_bad_parameters_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        small(**wrong)


@pytest.mark.slow(30)  # where nothing is compiled yet
@pytest.mark.skipif(bfloat16_product("cpu") == "none", reason="this processor has no bfloat16")
def test_in_bfloat16_it_is_deep_decoder_over_in_bfloat16_and_every_size_is(tmp_path_factory):
    pytest.importorskip("numba")
    with alone(tmp_path_factory, "bfloat16"):
        _compare_in_bfloat16()


def _compare_in_bfloat16() -> None:
    preset = next(spec.preset for spec in priorbench_denoisers() if spec.name == "deep-decoder-over")
    noisy = observe(picture(3, 40, 33))
    over = DeepDecoder(**dict(preset) | {"channels": 16, "precision": "bfloat16"})
    whole = CoarseToFine(channels=16, whole=960, last_rate=1, precision="bfloat16")
    for one, other in itertools.islice(zip(over.iterate(noisy), whole.iterate(noisy), strict=True), 3):
        assert torch.equal(one.output, other.output)
    given = {"channels": 16, "iterations": 9, "whole": 3}
    coarse = (small(**given, precision=kind).iterate(noisy) for kind in ("bfloat16", "float32"))
    for number, (one, other) in enumerate(itertools.islice(zip(*coarse, strict=True), 9)):
        error = ((one.output - other.output).norm() / other.output.norm()).item()
        assert error > 1e-5, f"iterate {number + 1} is that of float32"
        assert number or error < 5e-3, "the first output, when factors have 8 bits"
