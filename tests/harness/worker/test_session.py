"""Trials with an operator, end to end in one process: what is drawn, refused, checked and recorded."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from inverse_problems import first_image, problem, run

from priorbench import evaluate
from priorbench.contract.specs import DenoiserSpec
from priorbench.errors import UnknownNameError
from priorbench.loading.load import load_registry
from priorbench.loading.registry import Registered, Registry
from priorbench.protocol.metrics import clip01, psnr
from priorbench.run.options import PlanOptions
from priorbench.run.plan import Plan
from priorbench.suite.files import load_suite, suite_yaml
from priorbench.suite.model import SuiteOptions
from priorbench.suite.resolution import choose, instantiate

OWN = (
    DenoiserSpec(
        name="y-shaped",
        factory="operator_things:MeasurementShaped",
        accepts_operator=True,
        iterative=False,
    ),
    DenoiserSpec(
        name="halves",
        factory="operator_things:Halves",
        accepts_operator=True,
        iterative=True,
        together=False,
    ),
)


@pytest.fixture(scope="module")
def registry() -> Registry:
    found = load_registry()
    plugin = found.find("denoiser", "identity").plugin
    own = {spec.name: Registered(spec=spec, plugin=plugin) for spec in OWN}
    return replace(found, specs={**found.specs, "denoiser": {**found.all("denoiser"), **own}})


def test_every_method_gets_the_same_operator_and_every_image_and_repetition_another(registry):
    images = list(instantiate(registry, "image set", choose(registry, "image set", "photos:crop=16,limit=2")))
    masks = [
        problem(registry, image, "mask", repetition).problem.observation.mask
        for image, repetition in ((images[0], 0), (images[0], 0), (images[0], 1), (images[1], 0))
    ]
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])
    assert not torch.equal(masks[0], masks[3])
    records = run(registry, "pseudo-inverse", "tv-constrained", operator="dense-gaussian", repetitions=2)
    digests = {(record.repetition, record.noisy_sha256) for record in records}
    assert len(records) == 4
    assert len(digests) == 2


@pytest.mark.parametrize("operator", ["mask:keep=0.4", "downsample:factor=4", "dense-gaussian:ratio=0.2"])
def test_the_record_of_an_inverse_problem(registry, operator):
    [record] = run(registry, "pseudo-inverse", operator=operator)
    drawn = problem(registry, first_image(registry), operator)
    assert (record.status, record.error) == ("ok", None)
    choice = choose(registry, "operator", operator)
    assert (record.operator, record.height, record.width) == (choice.name, 16, 16)
    assert choice.name == operator.partition(":")[0]
    assert record.operator_parameters == choice.parameters
    assert record.noisy_psnr == pytest.approx(drawn.noisy_psnr)
    assert record.psnr == pytest.approx(psnr(clip01(drawn.baseline), drawn.clean), abs=1e-6)


def test_a_method_that_only_denoises_says_so_before_it_runs(registry):
    records = run(registry, "tv", "nl-means", "wavelet", operator="mask")
    assert {record.status for record in records} == {"refused"}
    assert {record.error for record in records} == {"only denoises: it does not take the operator 'mask'"}
    assert {record.setup_seconds for record in records} == {None}  # not even made
    assert all(record.noisy_sha256 for record in records)


def test_an_output_must_be_an_image_and_not_a_measurement(registry):
    [record] = run(registry, "y-shaped", operator="downsample")
    assert record.status == "invalid-output"
    assert "expected shape (3, 16, 16), got (3, 4, 4)" in record.error


@pytest.mark.parametrize("operator", ["identity", "mask:keep=0.4", "downsample:factor=2"])
def test_the_residual_of_the_curve_is_that_of_the_measurement(registry, operator):
    [record] = run(registry, "halves", operator=operator)
    observation = problem(registry, first_image(registry), operator).problem.present()
    y, A = observation.image, observation.operator
    x = A.A_adjoint(y)
    measured = torch.ones_like(y) if observation.mask is None else observation.mask.expand_as(y)
    expected = [
        float((y - A.A(x / 2**step))[measured.bool()].double().square().mean().sqrt()) for step in range(3)
    ]
    assert record.curve.residual == pytest.approx(expected, abs=1e-6)


def test_a_suite_names_its_operators_and_is_denoising_if_it_does_not(registry, tmp_path):
    file = tmp_path / "s.yaml"
    text = "name: s\nimages: [photos]\nnoises: [gaussian-25]\ndenoisers: [pseudo-inverse]\n"
    file.write_text(text)
    [default] = load_suite(str(file), registry).operators
    assert (default.name, default.label, dict(default.parameters)) == ("identity", "identity", {})
    file.write_text(f"{text}operators: [identity, mask: {{keep: 0.25}}]\n")
    suite = load_suite(str(file), registry)
    assert [choice.label for choice in suite.operators] == ["identity", "mask:keep=0.25"]
    assert len(Plan(suite, registry, PlanOptions(limit=1))) == 2
    file.write_text(suite_yaml(suite))
    assert load_suite(str(file), registry).operators == suite.operators
    typed = load_suite(str(file), registry, SuiteOptions(operators=("downsample:factor=2",)))
    assert [choice.label for choice in typed.operators] == ["downsample:factor=2"]


OPERATORS = ["mask:keep=0.5", "downsample:factor=2", "dense-gaussian:ratio=0.5"]


@pytest.mark.parametrize(
    "method",
    [
        "dip:channels=8,scales=2,input_channels=4,iterations=100",
        "deep-decoder:channels=16,layers=2,iterations=100",
    ],
)
@pytest.mark.parametrize("operator", OPERATORS)
def test_networks_fit_through_the_operator(registry, method, operator):
    """Of a size that no network has by itself."""
    images = "phantom:size=26,variant=grey"
    [record] = run(registry, method, operator=operator, images=images, noise="gaussian:sigma=0.02")
    assert (record.status, record.error, record.iterations) == ("ok", None, 100)
    first, last = record.curve.residual[0], record.curve.residual[-1]
    assert last < 0.4 * first


@pytest.mark.parametrize("operator", OPERATORS)
def test_total_variation_restores_more_than_least_squares(registry, operator):
    images = "grey-photos:crop=50,limit=1"
    noise = "gaussian:sigma=0.04"
    [record] = run(registry, "tv-constrained", operator=operator, images=images, noise=noise)
    assert record.psnr > record.noisy_psnr + 0.5


def test_any_function_can_be_tried_on_an_inverse_problem():
    shapes = []

    def adjoint(observation):
        shapes.append((tuple(observation.image.shape), observation.shape))
        return observation.operator.A_adjoint(observation.image)

    found = evaluate(adjoint, image_set="photos:crop=16,limit=1", sigma=5, operator="downsample:factor=4")
    assert shapes == [((3, 4, 4), (3, 16, 16))]
    assert found.images[0].output.shape == (3, 16, 16)
    with pytest.raises(UnknownNameError, match="unknown operator 'downsampel'; did you mean 'downsample'"):
        evaluate(adjoint, operator="downsampel")
