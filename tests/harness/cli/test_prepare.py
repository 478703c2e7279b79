"""`priorbench prepare`: first calls before the first run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from priorbench.loading.load import load_registry
from priorbench.run import preparing


def test_methods_are_run_and_nothing_is_left(
    priorbench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, _ = priorbench("prepare", "identity", "wavelet", "--threads", "2")
    assert status == 0
    assert re.search(r"^2 methods ready in [\d.]+ s$", out, re.MULTILINE)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_method_is_refused_with_the_nearest(priorbench: Any) -> None:
    status, out, err = priorbench("prepare", "identty")
    assert (status, out) == (2, "")
    assert "'identity'" in err


def test_a_method_that_fails_is_named_and_tells_by_the_status(
    priorbench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first_calls(*given: Any, **named: Any) -> Any:
        yield preparing.FirstCall(denoiser="identity", seconds=12.5, error="")
        yield preparing.FirstCall(denoiser="tv", seconds=None, error="error: ValueError: no")

    monkeypatch.setattr(preparing, "first_calls", first_calls)
    status, out, err = priorbench("prepare")
    assert status == 1
    assert "identity: first call 12.5 s" in out and "1 method ready" in out
    assert "tv: error: ValueError: no" in err


def test_methods_that_share_code_come_one_after_the_other() -> None:
    names = ["deep-decoder", "deep-decoder-over", "deep-decoder-coarse-to-fine", "tv", "wavelet"]
    packages = preparing.packages_of(load_registry(), names)
    found = [[[spec.name for spec in specs] for specs in modules] for modules in packages]
    assert found == [
        [["deep-decoder", "deep-decoder-over"], ["deep-decoder-coarse-to-fine"]],
        [["tv"], ["wavelet"]],
    ]


PLUGIN = """
import os
from priorbench import DenoiserSpec, hookimpl

@hookimpl
def priorbench_denoisers():
    for name in ("Ends", "Fails", "Counts", "CountsToo", "Needs"):
        summary = f"{name} its process, or does not"
        factory = f"plugin_for_prepare:{name}"
        yield DenoiserSpec(name=name.lower(), factory=factory, summary=summary, licence="MIT")

class Counts:
    def denoise(self, observation):
        print("nobody reads this")
        return observation.image

class CountsToo(Counts):
    pass

class Ends:
    def denoise(self, observation):
        os._exit(3)

class Fails:
    def denoise(self, observation):
        raise ValueError("not today")

class Needs:
    def __init__(self, *, number: int) -> None:
        raise RuntimeError("never made")
"""


def _called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, every: bool) -> dict[str, str]:
    (tmp_path / "plugin_for_prepare.py").write_text(PLUGIN)
    monkeypatch.setenv("PRIORBENCH_PLUGIN_FILES", str(tmp_path / "plugin_for_prepare.py"))
    monkeypatch.syspath_prepend(str(tmp_path))
    names = ["counts", "countstoo", "ends", "fails", "needs"]
    packages = preparing.packages_of(load_registry(), names)
    calls = preparing.first_calls(packages, every=every, jobs=2, threads=1)
    return {call.denoiser: "ok" if call.seconds is not None else call.error for call in calls}


def test_one_method_of_a_module_is_called_or_those_that_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _called(tmp_path, monkeypatch, every=False) == {"counts": "ok"}
    found = _called(tmp_path, monkeypatch, every=True)
    assert found.keys() == {"counts", "countstoo", "ends", "fails"}
    assert found["counts"] == found["countstoo"] == "ok"
    assert "not today" in found["fails"] and "3" in found["ends"]
