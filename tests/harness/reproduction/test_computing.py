"""The key of a computation holds everything that its result depends on."""

from __future__ import annotations

import pytest

from priorbench.experiments import Computation
from priorbench.reproduction import computing
from priorbench.reproduction.computing import calls

FUNCTION = "priorbench_two_layer.systems.spectra:anything"


def keys(function: str = FUNCTION, parameters: dict[str, object] | None = None, seed: int = 0) -> str:
    [call] = calls(Computation(name="c", function=function, parameters=parameters or {}, seeds=(seed,)))
    return call.key


def test_function_parameters_and_seed_are_in_it() -> None:
    first = keys()
    assert keys() == first
    assert len({first, keys(seed=1), keys(parameters={"n": 1}), keys(f"{FUNCTION}_else")}) == 4
    assert keys(parameters={"n": 1, "k": 2}) == keys(parameters={"k": 2, "n": 1})


def test_the_versions_of_the_libraries_are_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    first = keys()
    monkeypatch.setattr(computing, "versions", lambda names: dict.fromkeys(names, "another"))
    assert keys() != first
