"""``priorbench show``."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from shown_plugin import SUITE, cells

from priorbench.cli.show import _print_page


def test_show_tells_parameters_with_the_preset_as_default(site: Any, priorbench: Any) -> None:
    status, out, _ = priorbench("show", "blur")
    assert status == 0
    assert "denoiser blur: smooths\n" in out
    assert cells(out.partition("noise model")[0], "strength") == ["", "strength", "float", "0.5", "how much"]
    assert "noise model blur: the noise of that name" in out
    for fact in ("Doe 2020", "MIT", "shown.model:Blur", "shown (shown-plugin 3.1)"):
        assert fact in out
    assert "noise of a model" not in out
    _, text, _ = priorbench("show", "blur", "--format", "json")
    first, second = json.loads(text)
    assert (first["kind"], second["kind"]) == ("denoiser", "noise model")
    assert first["parameters"] == [
        {"name": "strength", "type": "float", "default": 0.5, "summary": "how much"},
        {
            "name": "border",
            "type": "str | None",
            "default": None,
            "summary": "what is beyond the edge",
        },
    ]
    assert first["parameters_error"] is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("picky", "needs the package no-such-thing"),
        ("gone", "no module 'shown.nowhere'; correct 'factory'"),
        ("failing", "cannot be loaded from shown.failing:Failing: OSError: no driver"),
    ],
)
def test_show_says_why_parameters_cannot_be_shown(site: Any, priorbench: Any, name: str, reason: str) -> None:
    status, out, _ = priorbench("show", name)
    assert status == 0
    assert f"denoiser {name}" in out
    assert re.search(rf"usable +no: .*{'shown.nowhere' if name == 'gone' else re.escape(reason)}", out)
    assert "parameters: cannot be shown" in out and out.count(f"shown.{name}:") <= 2
    _, text, _ = priorbench("show", name, "--format", "json")
    (page,) = json.loads(text)
    assert page["parameters"] is None
    assert reason in page["parameters_error"]


def test_show_prints_a_suite_as_its_file(site: Any, priorbench: Any) -> None:
    _, out, _ = priorbench("show", "tiny")
    assert out.endswith(SUITE)
    assert yaml.safe_load(out) == yaml.safe_load(SUITE)
    _, text, _ = priorbench("show", "tiny", "--format", "json")
    assert json.loads(text)[0]["text"] == SUITE
    status, out, _ = priorbench("show", "lost")
    assert status == 0
    assert "suite 'lost' cannot be read from shown:lost.yaml" in out


def test_show_works_for_metrics_and_plugins(site: Any, priorbench: Any) -> None:
    status, out, _ = priorbench("show", "distance")
    assert (status, "parameters: none" in out) == (0, True)
    status, out, _ = priorbench("show", "shown")
    assert (status, "plugin shown\n" in out) == (0, True)
    assert cells(out.replace("  distribution", "distribution"), "distribution") == [
        *("distribution", "shown-plugin"),
    ]


def test_an_unknown_name_is_refused_with_the_nearest_of_any_kind(site: Any, priorbench: Any) -> None:
    status, out, err = priorbench("show", "distence")
    assert (status, out) == (2, "")
    assert "priorbench: unknown name 'distence'; did you mean 'distance'?" in err


@pytest.mark.parametrize(
    ("refused", "told"),
    [({}, False), ({"cpu": "hardly faster"}, True)],
)
def test_on_which_devices_bfloat16_is_refused_is_told_in_words(capsys: Any, refused: Any, told: bool) -> None:
    about = {"kind": "denoiser", "name": "net", "plugin": "nets", "distribution": "nets", "version": "1"}
    fields = {"arithmetic": "precision", "arithmetic_refused": refused, "requires": ()}
    _print_page({**about, **fields, "usable": True, "reason": None, "parameters": []})
    out = capsys.readouterr().out
    assert re.search(r"bfloat16 by parameter +precision", out) and re.search(r"requires +none", out)
    assert bool(re.search(r"refuses bfloat16 on +cpu: hardly faster", out)) is told
    assert ("refuse" in out) is told and "arithmetic" not in out
