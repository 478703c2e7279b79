"""Weights on the move, sensitivity at the start, failed fits: against closed forms and published values."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from priorbench import Observation
from priorbench.toolkit.initialisation import build, stream
from priorbench.toolkit.sizes import Frame
from priorbench_conv_decoder.model import ConvDecoder
from priorbench_deep_decoder.model import DeepDecoder
from priorbench_dip.model import DeepImagePrior
from priorbench_generators.computations import start_norms, weight_course
from priorbench_generators.instruments.curves import first_below, log_spaced
from priorbench_generators.instruments.distances import weight_distances
from priorbench_generators.instruments.failure import failed_fit
from priorbench_generators.instruments.sensitivity import density, of_norm, sensitivities
from priorbench_generators.instruments.targets import target
from priorbench_generators.instruments.weights import convolution_weights
from priorbench_generators.model import Generator

CPU = torch.device("cpu")
SMALL = {
    "deep decoder": lambda **how: DeepDecoder(channels=8, layers=2, order="convolve-first", **how),
    "dip": lambda **how: DeepImagePrior(channels=6, input_channels=4, scales=2, **how),
    "conv-decoder": lambda **how: ConvDecoder(channels=6, layers=3, **how),
}


def observed(size: int = 16, seed: int = 0) -> Observation:
    image = torch.rand((1, size, size), generator=torch.Generator().manual_seed(seed))
    return Observation(image=image, noise=None, device=CPU, seed=seed)


class TestWeights:
    def test_as_many_as_the_published_code_counts(self):
        """Parameters of more than two dimensions: here the same, though the decoder has nn.Linear."""
        decoder, _ = DeepDecoder(channels=256, layers=4).untrained.start(
            1, Frame(height=256, width=256, multiple=16), 0
        )
        assert sum(w.numel() for w in convolution_weights(decoder).values()) == 5 * 256**2 + 256
        dip, _ = DeepImagePrior().untrained.start(1, Frame(height=256, width=256, multiple=32), 0)
        more = sum(p.numel() for p in dip.parameters() if p.ndim > 2)
        assert sum(w.numel() for w in convolution_weights(dip).values()) == more

    def test_biases_normalisations_and_fixed_weights_are_left_out(self):
        network = nn.Sequential(
            nn.Conv1d(2, 2, 1), nn.BatchNorm1d(2), nn.Linear(2, 2), nn.ConvTranspose2d(1, 1, 2)
        )
        network[2].weight.requires_grad_(False)
        assert list(convolution_weights(network)) == ["0", "3"]


class TestDistances:
    @pytest.mark.parametrize("engine", ["plain", pytest.param("fused", marks=pytest.mark.slow(20))])
    @pytest.mark.parametrize("method", SMALL)
    def test_both_formulas_by_hand_with_every_engine(self, method, engine):
        """Weights are copied: distances are of the live network, and not of an alias of itself."""
        untrained = SMALL[method](engine=engine, optimiser="sgd", learning_rate=0.1).untrained
        found = list(weight_distances(untrained, observed(), (1, 5)))
        assert [one.step for one in found] == [1, 5]
        before = convolution_weights(untrained.begin_openly(observed())[0])
        network, start = untrained.begin_openly(observed())
        losses = [float(one.loss) for one in itertools.islice(start.fit(untrained.settings), 5)]
        assert found[1].loss == pytest.approx(losses[4], rel=1e-4)
        for name, after in convolution_weights(network).items():
            a, b = before[name].detach().double(), after.detach().double()
            assert found[1].relative[name] == pytest.approx(float((b - a).norm() / a.norm()), rel=1e-3)
            expected = float((b - a).norm() ** 2 / (a.norm() ** 2 + b.norm() ** 2))
            assert found[1].symmetrised[name] == pytest.approx(expected, rel=1e-3)
            assert 0 < found[0].relative[name] < found[1].relative[name]

    def test_steps_begin_at_one(self):
        with pytest.raises(ValueError, match="distances are from step 1 on, not 0"):
            next(weight_distances(SMALL["dip"]().untrained, observed(), (0, 5)))

    @pytest.mark.slow(25)
    def test_seventy_steps_on_the_phantom_as_measured(self):
        """Hidden layers .040 to .079 by the text's formula, .0008 to .0031 by the code's."""
        course = weight_course(0, name="phantom", iterations=70, points=3)
        hidden = [layer for layer in course["relative"] if layer != "output"]
        assert len(hidden) == 5
        for layer in hidden:
            assert 0.03 <= course["relative"][layer][-1] <= 0.09
            assert 0.0005 <= course["symmetrised"][layer][-1] <= 0.004


class TestSensitivity:
    def test_the_norm_is_that_of_the_jacobian(self):
        untrained = SMALL["deep decoder"]().untrained
        y = observed(8).image
        ((found, twice),) = sensitivities(untrained, [y, 2 * y], [3], seed=5)
        frame = Frame(height=8, width=8, multiple=4)
        network = build(
            lambda: untrained.make(1, frame),
            generator=stream(5, "weights of start 3"),
            scale_init="uniform",
        )
        z = untrained.draw_input(frame, stream(5, "input"))
        weights = convolution_weights(network)
        values = dict(network.named_parameters())

        def image(some: dict[str, torch.Tensor]) -> torch.Tensor:
            named = {f"{name}.weight": tensor for name, tensor in some.items()}
            return torch.func.functional_call(network, values | named, (z,)).flatten()

        J = torch.func.jacrev(image)({name: w.detach() for name, w in weights.items()})
        whole = torch.cat([block.reshape(64, -1) for block in J.values()], 1)
        assert found == pytest.approx(float((y.flatten() @ whole).detach().norm()), rel=1e-4)
        assert twice == pytest.approx(2 * found, rel=1e-5)

    def test_starts_are_numbered_so_that_series_can_be_cut(self):
        untrained, y = SMALL["dip"]().untrained, observed(8).image
        whole = list(sensitivities(untrained, [y], range(4)))
        assert list(sensitivities(untrained, [y], range(2, 4))) == whole[2:]
        assert len({one for (one,) in whole}) == 4

    def test_wrong_targets_are_told(self):
        untrained, y = SMALL["dip"]().untrained, observed(8).image
        with pytest.raises(ValueError, match="targets have to have one shape"):
            next(sensitivities(untrained, [y, y[:, :4]], [0]))
        with pytest.raises(ValueError, match=r"pictures of \(8, 8\), the targets have \(6, 6\)"):
            next(sensitivities(untrained, [y[:, :6, :6]], [0]))

    def test_histograms_have_area_one(self):
        edges, heights = density(np.random.default_rng(0).normal(size=300))
        assert len(heights) == 50
        assert np.sum(heights * np.diff(edges)) == pytest.approx(1)

    @pytest.mark.slow(25)
    def test_the_decoders_norms_are_the_published_ones(self):
        """Image 8334 +- 693, uniform noise 597 +- 63, Gaussian noise of equal norm 891: check values."""
        found = start_norms(
            0,
            network="deep-decoder",
            names=("phantom", "noise-of-equal-norm", "gaussian-of-equal-norm"),
            starts=2,
        )
        for (name, values), (mean, sd) in zip(
            found.items(), ((8334, 693), (597, 63), (891, 150)), strict=True
        ):
            assert abs(np.mean(values) - mean) < 2 * sd, name

    @pytest.mark.slow(25)
    def test_dips_norms_are_the_published_ones(self):
        """Image about 53,000 (30k to 90k), noise about 15,000 (11.6k to 24.4k), digitised."""
        found = start_norms(0, network="dip", starts=2)
        assert 30e3 < np.mean(found["phantom"]) < 90e3
        assert 11.6e3 < np.mean(found["noise-of-equal-norm"]) < 24.4e3


class TestTargets:
    def test_norms_and_kinds(self):
        image, equal, gaussian = (
            target(name, size=256, seed=0).double()
            for name in ("phantom", "noise-of-equal-norm", "gaussian-of-equal-norm")
        )
        for one in (image, equal, gaussian):
            assert float(one.norm()) == pytest.approx(85.7806, abs=1e-3)
        assert float(equal.mean()) == pytest.approx(0.290, abs=0.002)
        assert abs(float(gaussian.mean())) < 0.01
        assert float(target("noise", size=64, seed=0).double().var()) == pytest.approx(1 / 12, rel=0.05)
        assert torch.equal(target("noise", size=8, seed=1), target("noise", size=8, seed=1))
        assert float(target("checkerboard", size=8, seed=0).mean()) == 0.5
        assert float(of_norm(image, 2.0).norm()) == pytest.approx(2)
        with pytest.raises(ValueError, match="did you mean 'phantom'"):
            target("phantm", size=8, seed=0)


class TestCurvesAndFailures:
    def test_log_spacing(self):
        assert log_spaced(5, 100) == (1, 2, 3, 4, 5)
        steps = log_spaced(100_000)
        assert steps[0] == 1 and steps[-1] == 100_000 and len(steps) <= 700
        assert np.diff(np.log(steps[300:])) == pytest.approx(np.log(1e5) / 699, rel=0.2)
        assert log_spaced(10, 1) == (10,)

    def test_first_below(self):
        assert first_below(0.5, (1, 2, 3), (0.9, 0.5, 0.7)) == 2
        assert first_below(0.1, (1, 2), (0.9, 0.5)) is None

    def test_the_published_failure_is_flagged_and_usual_fits_are_not(self):
        """Picture 61 of Table 1: stuck at 0.0259; Fig. 2's fits end at 0.0113 to 0.0123 with sigma 30/255."""
        assert failed_fit(0.0259, 25 / 255)
        assert not failed_fit(0.012264, 30 / 255)
        assert failed_fit(float("nan"), 0.1)
        with pytest.raises(ValueError, match="sigma must be a finite number above 0, not 0"):
            failed_fit(0.1, 0)


def test_a_generators_distances_leave_its_fixed_kernel_out():
    found = next(weight_distances(Generator(channels=4).untrained, observed(), (2,)))
    assert set(found.relative) == {*(f"hidden.{n}.convolution.1" for n in range(4)), "output"}
