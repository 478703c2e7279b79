"""The suites in the box are valid, and what runs on a reduced budget says so."""

from __future__ import annotations

import dataclasses
import importlib.resources

import pytest

import priorbench_suites
from priorbench.loading.load import load_registry
from priorbench.suite.checking import SuiteText, check_suite
from priorbench.suite.files import load_suite, suite_yaml
from priorbench.suite.model import SuiteOptions
from priorbench.suite.notation import parse_entry
from priorbench.suite.schema import shape_problems
from priorbench.suite.yaml_text import read_yaml

SUITES = [spec.name for spec in priorbench_suites.priorbench_suites()]


#: the suites whose iterative methods run a fraction of their published budget
NETWORKS = ("dip", "deep-decoder-under", "deep-decoder-over", "conv-decoder")
REDUCED = ["quick", "inpainting", "super-resolution", "compressive-sensing", "signals"]


def test_what_is_shipped() -> None:
    assert sorted(SUITES) == sorted(["standard", "standard-small", "early-stopping", *REDUCED])


@pytest.mark.parametrize("name", SUITES)
def test_a_shipped_suite_has_the_shape_of_a_suite_and_is_called_by_its_file(name: str) -> None:
    marked = read_yaml(
        importlib.resources.files(priorbench_suites).joinpath(f"{name}.yaml").read_text("utf-8")
    )
    assert not marked.problems
    assert not list(shape_problems(marked.data))
    assert marked.data["name"] == name


@pytest.mark.parametrize("name", REDUCED)
def test_labels_tell_every_reduced_budget(name: str) -> None:
    text = importlib.resources.files(priorbench_suites).joinpath(f"{name}.yaml").read_text("utf-8")
    denoisers = [parse_entry(entry) for entry in read_yaml(text).data["denoisers"]]
    networks = [raw for raw in denoisers if raw.name in NETWORKS]
    assert networks
    assert [raw.label for raw in networks] == [
        f"{raw.name}-{raw.parameters['iterations']}it" for raw in networks
    ]


@pytest.mark.parametrize("name", REDUCED[1:4])
def test_every_method_of_a_suite_of_inverse_problems_takes_its_operator(name: str) -> None:
    registry = load_registry()
    suite = load_suite(name, registry)
    assert [operator.name for operator in suite.operators] != ["identity"]
    assert all(registry.find("denoiser", choice.name).spec.accepts_operator for choice in suite.denoisers)


@pytest.mark.parametrize("name", SUITES)
def test_a_shipped_suite_resolves_with_what_is_installed(name: str) -> None:
    registry = load_registry()
    suite = load_suite(name, registry)
    written_there = read_yaml(
        importlib.resources.files(priorbench_suites).joinpath(f"{name}.yaml").read_text("utf-8")
    ).data["denoisers"]
    assert len({choice.label for choice in suite.denoisers}) + len(suite.warnings) == len(written_there)
    assert all("left out" in warning for warning in suite.warnings)
    written = SuiteText(name="written.yaml", text=suite_yaml(suite))
    again = check_suite(written, registry, SuiteOptions())
    assert dataclasses.replace(again, source=suite.source, warnings=suite.warnings) == suite
