"""Deep Image Prior against its published parameter counts, its definition and its published statistics."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pytest
import torch
from described_networks import skip_network

from priorbench import Observation
from priorbench.toolkit.initialisation import build, stream
from priorbench.toolkit.sizes import Frame
from priorbench_dip import priorbench_denoisers
from priorbench_dip.model import DeepImagePrior
from priorbench_dip.network import Architecture, SkipNetwork

CPU = torch.device("cpu")
SMALL = {"channels": 8, "skip_channels": 2, "scales": 2, "input_channels": 4}


def observe(image: torch.Tensor, **fields: object) -> Observation:
    return Observation(image=image, noise=None, device=CPU, **fields)


def picture(channels: int, height: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(channels, height, width, generator=torch.Generator().manual_seed(seed))


def fitted(
    method: DeepImagePrior, observation: Observation, steps: int = 4
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the estimate after some steps, and all losses."""
    seen = list(itertools.islice(method.iterate(observation), steps))
    return seen[-1].estimate(), torch.stack([it.loss for it in seen])


@pytest.mark.parametrize(("outputs", "count"), [(3, 2_217_831), (1, 2_217_573)])
def test_published_parameter_counts(outputs, count):
    network = SkipNetwork(Architecture(), outputs=outputs)
    assert sum(p.numel() for p in network.parameters()) == count


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"padding": "zero", "upsampling": "nearest"},
        {"skip_channels": 0},
        {"kernel": 5, "negative_slope": 0.1},
    ],
    ids=["published", "zero-nearest", "no-skip", "kernel-5"],
)
def test_network_is_the_published_function(how):
    """Values and gradients, float64, against a direct transcription of the description."""
    a = Architecture(**(SMALL | {"scales": 3} | how))
    network = build(
        lambda: SkipNetwork(a, outputs=3), generator=stream(0, "weights"), scale_init="uniform"
    ).double()
    z = picture(a.input_channels, 32, 40)[None].double()
    weights = picture(3, 32, 40, seed=1)[None].double()
    results = []
    for forward in (network, lambda z: skip_network(a, z, iter(network.parameters()))):
        network.zero_grad()
        output = forward(z)
        (output * weights).sum().backward()
        results.append([output.detach(), *(p.grad.clone() for p in network.parameters())])
    for ours, described in zip(*results, strict=True):
        torch.testing.assert_close(ours, described, rtol=1e-8, atol=1e-10)


def specs() -> dict[str, object]:
    return {spec.name: spec for spec in priorbench_denoisers()}


def test_defaults_are_table_1_and_the_demo_is_the_authors():
    table, demo = (DeepImagePrior(**specs()[name].preset) for name in ("dip", "dip-demo"))
    assert table.iterations == 1800
    assert (
        table.untrained.settings.optimiser,
        table.untrained.settings.learning_rate,
        table.untrained.settings.averaging,
    ) == (
        "adam",
        0.01,
        0,
    )
    assert table.untrained.settings.input_noise == pytest.approx(0.0233333, abs=1e-6)
    assert (demo.iterations, demo.untrained.settings.averaging) == (3000, 0.99)
    assert demo.untrained.settings.input_noise == pytest.approx(1 / 30)
    _, z = table.untrained.start(3, Frame(height=128, width=96, multiple=32), seed=0)
    assert z.shape == (1, 32, 128, 96)
    assert 0.099 < float(z.max()) <= 0.1


def test_registration_imports_no_torch():
    program = (
        "import sys, priorbench_dip as p; list(p.priorbench_denoisers()); "
        "print({'torch', 'numpy'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_same_seed_same_bits_and_nothing_global_is_touched():
    observation = observe(picture(3, 64, 64), seed=5)
    torch.manual_seed(0)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    first, losses = fitted(DeepImagePrior(), observation)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    torch.manual_seed(1)
    again, losses_again = fitted(DeepImagePrior(), observation)
    assert torch.equal(first, again)
    assert torch.equal(losses, losses_again)
    other, _ = fitted(DeepImagePrior(), observe(picture(3, 64, 64), seed=6))
    assert not torch.equal(first, other)


def test_the_seed_decides_weights_and_input():
    frame = Frame(height=16, width=16, multiple=4)
    (one, z_one), (same, z_same), (other, z_other) = (
        DeepImagePrior(**SMALL).untrained.start(1, frame, seed) for seed in (1, 1, 2)
    )
    drawn = [name for name, weight in one.named_parameters() if weight.any()]  # shifts begin at 0
    assert len(drawn) > 5
    for name in drawn:
        assert torch.equal(one.get_parameter(name), same.get_parameter(name))
        assert not torch.equal(one.get_parameter(name), other.get_parameter(name))
    assert torch.equal(z_one, z_same)
    assert not torch.equal(z_one, z_other)


def test_an_image_after_another_gives_the_same_bits_as_alone():
    method = DeepImagePrior(**SMALL)
    alone, _ = fitted(DeepImagePrior(**SMALL), observe(picture(1, 24, 24, seed=2), seed=3))
    fitted(method, observe(picture(3, 20, 31), seed=3))
    after, _ = fitted(method, observe(picture(1, 24, 24, seed=2), seed=3))
    assert torch.equal(alone, after)


@pytest.mark.parametrize("shape", [(3, 33, 47), (1, 33, 47), (1, 1, 1), (3, 1, 50), (1, 17, 17), (3, 64, 96)])
@pytest.mark.parametrize("how", [{"scales": 5}, {"scales": 2}, {"scales": 3, "kernel": 7}], ids=str)
def test_any_size_works(shape, how):
    method = DeepImagePrior(**(SMALL | how))
    estimate, losses = fitted(method, observe(picture(*shape)), 3)
    assert estimate.shape == shape
    assert bool(torch.isfinite(estimate).all())
    assert bool(torch.isfinite(losses).all())


def test_masked_pixels_do_not_influence_the_fit():
    mask = picture(1, 20, 28, seed=1) > 0.2
    one, two = picture(3, 20, 28), picture(3, 20, 28)
    two[:, ~mask[0]] = 7.0
    a, b, without = (
        fitted(DeepImagePrior(**SMALL), observe(image, mask=m))[0]
        for image, m in [(one, mask), (two, mask), (two, None)]
    )
    assert torch.equal(a, b)
    assert not torch.equal(b, without)


class Negative:
    """A x = 1 - x."""

    def A(self, x: torch.Tensor) -> torch.Tensor:  # noqa: N802
        return 1 - x

    def A_adjoint(self, y: torch.Tensor) -> torch.Tensor:  # noqa: N802
        return -y


def test_the_operator_is_inverted():
    y = torch.full((1, 16, 16), 0.9)
    estimate, _ = fitted(DeepImagePrior(**SMALL), observe(y, operator=Negative()), 150)
    torch.testing.assert_close(estimate, torch.full_like(y, 0.1), atol=0.03, rtol=0)


def test_the_fit_gets_better():
    ramp = torch.linspace(0, 1, 32).expand(1, 32, 32)
    _, losses = fitted(DeepImagePrior(**SMALL), observe(ramp), 80)
    assert float(losses[-1]) < 0.2 * float(losses[0])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kernel": 4}, "kernel must be odd, not 4"),
        ({"scales": 0}, "scales must be at least 1"),
        ({"padding": "reflect"}, "did you mean 'reflection'"),
        ({"input_noise": -1.0}, "input_noise"),
        ({"averaging": 1.0}, "averaging"),
    ],
)
def test_bad_parameters_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        DeepImagePrior(**wrong)


def jacobian_norms(targets: list[torch.Tensor], seed: int) -> list[float]:
    """Return ||J^T y|| of some y over the convolutions' weights (not biases) at the initial weights."""
    network, z = DeepImagePrior().untrained.start(1, Frame(height=256, width=256, multiple=32), seed)
    weights = [m.weight for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
    output = network(z)
    found = [torch.autograd.grad(output, weights, y[None], retain_graph=True) for y in targets]
    return [float(torch.stack([w.square().sum() for w in gradient]).sum().sqrt()) for gradient in found]


@pytest.mark.slow(30)
def test_initial_sensitivity_lies_in_the_published_range():
    """Heckel & Soltanolkotabi 2020, Fig. 12: the ranges of the histograms, for noise and for the phantom."""
    noise = picture(1, 256, 256)
    noise *= 85.7806 / noise.norm()
    phantom = pytest.importorskip("priorbench_images.phantom").Phantom(variant="palette")
    image = torch.from_numpy(next(iter(phantom)).pixels)
    of_noise, of_image = np.mean([jacobian_norms([noise, image], seed) for seed in range(2)], 0)
    assert 11_600 < of_noise < 24_400
    assert 30_000 < of_image < 90_000
