"""A method's module runs in a child process alone, whatever it does when it is imported."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from priorbench.contract.specs import DenoiserSpec
from priorbench.errors import PriorbenchError, RequestError
from priorbench.loading.load import load_registry
from priorbench.parameters.values import ParameterProblems
from priorbench.suite import inspection
from priorbench.suite.files import load_suite
from priorbench.suite.inspection import Abilities, abilities, listed_parameters, resolved_parameters
from priorbench.suite.model import SuiteOptions

PLUGIN = """
from priorbench import DenoiserSpec, hookimpl

@hookimpl
def priorbench_denoisers():
    for name in ("rude", "leaves", "vanishes", "fails", "good"):
        preset = {"width": 4} if name == "good" else {}
        yield DenoiserSpec(name=name, factory=f"{name}_method:Method", preset=preset)
"""
METHOD = """
class Method:
    '''A method.

    Parameters
    ----------
    width : int
        number of channels.
    '''

    def __init__(self, *, width: int = 3): ...

    def iterate(self, observation): ...
"""
AT_IMPORT = {
    "rude": "import os; os.chdir('/'); os.environ['RUDE'] = '1'; print('hello'); open(1).close()\n",
    "leaves": "import sys; sys.exit(3)\n",
    "vanishes": "import os; os._exit(3)\n",
    "fails": "1 / 0\n",
    "good": "",
}


@pytest.fixture
def registry(fake_site):
    """Methods whose modules do something when they are imported, and one that does not."""
    methods = {f"{name}_method.py": text + METHOD for name, text in AT_IMPORT.items()}
    fake_site.add("rude-plugin", {"rude_plugin.py": PLUGIN, **methods})
    return load_registry()


def spec_of(registry, name: str) -> DenoiserSpec:
    spec = registry.find("denoiser", name).spec
    assert isinstance(spec, DenoiserSpec)
    return spec


def suite(registry, *names: str):
    options = SuiteOptions(images=("phantom",), noises=("gaussian-25",), denoisers=names, stopping=("fixed",))
    return load_suite("-", registry, options)


def test_a_module_does_not_reach_into_the_process_that_plans(registry, capfd) -> None:
    folder, environment = Path.cwd(), dict(os.environ)
    found = suite(registry, "rude:width=5", "good")
    assert [choice.parameters for choice in found.denoisers] == [{"width": 5}, {"width": 4}]
    assert (Path.cwd(), dict(os.environ)) == (folder, environment)
    assert capfd.readouterr() == ("", "")
    assert "rude_method" not in sys.modules
    assert "good_method" not in sys.modules


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("leaves", "cannot be loaded from leaves_method:Method: SystemExit: 3"),
        ("vanishes", "importing vanishes_method:Method ends the process that does it"),
        ("fails", "cannot be loaded from fails_method:Method: ZeroDivisionError: division by zero"),
    ],
)
def test_one_that_cannot_be_imported_is_one_line_and_harms_no_other(registry, name: str, said: str) -> None:
    with pytest.raises(RequestError) as error:
        suite(registry, "good", name)
    [line] = error.value.problems
    assert said in line
    assert resolved_parameters(spec_of(registry, "good"), {}) == {"width": 4}


def test_one_that_never_ends_is_given_up(registry, fake_site, monkeypatch) -> None:
    (fake_site.folder / "rude_method.py").write_text("import time; time.sleep(60)\n" + METHOD)
    monkeypatch.setattr(inspection, "PATIENCE", 5.0)
    with pytest.raises(PriorbenchError, match=r"importing rude_method:Method does not end in 5 s"):
        abilities(spec_of(registry, "rude"))


def test_problems_of_parameters_are_those_of_this_process(registry) -> None:
    with pytest.raises(ParameterProblems) as error:
        resolved_parameters(spec_of(registry, "good"), {"width": 2.5, "depth": 1})
    assert {name for name, _ in error.value.problems} == {"width", "depth"}
    assert "denoiser 'good': 'width' must be int, not 2.5" in str(error.value)


def test_what_a_method_takes_and_can_do_is_told(registry) -> None:
    [parameter] = listed_parameters(spec_of(registry, "good"))
    assert parameter == {"name": "width", "type": "int", "default": 4, "summary": "number of channels"}
    assert abilities(spec_of(registry, "good")) == Abilities(iterative=True, together=False)


def test_what_a_spec_says_is_not_asked() -> None:
    said = DenoiserSpec(name="said", factory="nowhere:Nothing", iterative=True, together=True)
    assert abilities(said) == Abilities(iterative=True, together=True)
    assert abilities(DenoiserSpec(name="said", factory="nowhere:Nothing", iterative=False)) == Abilities(
        iterative=False, together=False
    )
