"""``priorbench list``."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import pytest
from shown_plugin import LONG, MODULE, cells


def test_list_tells_name_summary_origin_and_usability(site: Any, priorbench: Any) -> None:
    status, out, _ = priorbench("list", "denoisers")
    assert status == 0
    assert cells(out, "blur") == ["blur", "smooths", "shown (shown-plugin 3.1)", "yes"]
    assert cells(out, "picky")[-1] == "no: needs the package no-such-thing: pip install 'priorbench[picky]'"
    assert cells(out, "gone")[-1] == "no: its factory shown.nowhere:Gone names a module that does not exist"
    assert "noise of" not in out


@pytest.mark.parametrize("columns", ["20", "80"])
def test_nothing_is_cut_where_there_is_no_terminal(
    site: Any, priorbench: Any, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    _, out, _ = priorbench("list", "denoisers")
    assert cells(out, "gone")[1] == LONG
    assert "…" not in out


def test_a_narrow_terminal_wraps_and_loses_nothing(
    site: Any, priorbench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    _, out, _ = priorbench("list", "plugins")
    shown = re.sub(r"\x1b\[[0-9;]*m", "", out)
    assert max(map(len, shown.splitlines())) <= 60
    assert "…" not in shown
    for name in ("blur", "picky", "distance", "tiny"):
        assert name in shown


def test_json_lists_every_field_and_nothing_else_is_on_stdout(site: Any, priorbench: Any) -> None:
    status, out, _ = priorbench("list", "denoisers", "--format", "json")
    assert status == 0
    records = json.loads(out)
    assert [record["name"] for record in records] == ["blur", "failing", "gone", "picky"]
    blur = records[0]
    assert (blur["kind"], blur["plugin"], blur["distribution"], blur["version"]) == (
        *("denoiser", "shown", "shown-plugin", "3.1"),
    )
    assert (blur["usable"], blur["reason"], blur["channels"], blur["preset"]) == (
        *(True, None, [1], {"strength": 0.5}),
    )
    assert (records[3]["usable"], records[3]["reason"][:24]) == (False, "needs the package no-suc")
    assert records[3]["requires"] == ["no-such-thing"]


def test_without_a_kind_there_is_an_overview_of_all(site: Any, priorbench: Any) -> None:
    status, out, _ = priorbench("list")
    assert status == 0
    assert cells(out, "denoisers") == ["denoisers", "4", "blur, failing, gone*, picky*"]
    assert cells(out, "suites") == ["suites", "2", "lost*, tiny"]
    assert cells(out, "executors") == ["executors", "0"]
    _, text, _ = priorbench("list", "--format", "json")
    kinds = [record["kind"] for record in json.loads(text)]
    assert kinds[:7] == ["denoiser"] * 4 + ["noise model", "metric", "suite"]
    assert kinds[-1] == "plugin"


def test_what_a_method_would_import_in_vain_is_told_without_importing_it(site: Any, priorbench: Any) -> None:
    model = "import cv_that_is_not_there\n\nclass Seeing:\n    pass\n"
    hooks = MODULE.replace("shown.failing:Failing", "shown.seeing:Seeing")
    site.add("shown-plugin", {"shown/__init__.py": hooks, "shown/seeing.py": model}, {"shown": "shown"})
    _, out, _ = priorbench("list", "denoisers")
    assert cells(out, "failing")[-1] == (
        "no: imports cv_that_is_not_there, not installed here: pip install cv_that_is_not_there"
    )
    assert "failing*" in priorbench("list")[1]
    assert "shown.seeing" not in sys.modules


def test_an_unknown_kind_is_refused_with_the_nearest(site: Any, priorbench: Any) -> None:
    status, out, err = priorbench("list", "denoiser")
    assert (status, out) == (2, "")
    assert err.startswith("priorbench: unknown kind 'denoiser'; did you mean 'denoisers'?")


def test_broken_plugins_are_one_line_everywhere_and_told_of_in_their_list(
    site: Any, priorbench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.add("bad-plugin", {"bad_one.py": "import no_such_module_here"})
    site.add("thief", {"thief.py": MODULE.replace("blur", "picky")})
    monkeypatch.setenv("PRIORBENCH_PLUGINS", "shown,bad_one,thief,shawn")
    status, out, err = priorbench("list", "denoisers")
    assert (status, cells(out, "blur")[-1]) == (0, "yes")
    lines = [line for line in err.splitlines() if line.startswith("priorbench:")]
    assert lines[0].startswith("priorbench: PRIORBENCH_PLUGINS names 'shawn'")
    assert lines[1:] == ["priorbench: 2 plugins are broken: see 'priorbench list plugins'"]

    status, out, err = priorbench("list", "plugins")
    assert (status, "priorbench:" in err) == (0, False)
    assert cells(out, "bad_one")[:4] == ["bad_one", "bad-plugin 1.0", "bad_one", "broken"]
    assert cells(out, "bad_one")[4].startswith(
        "needs the module 'no_such_module_here', which is not installed"
    )
    assert cells(out, "thief")[3:] == [
        "conflict",
        "denoiser 'picky' is already provided by plugin 'shown' (shown-plugin 3.1): give it another name in"
        " its spec, or leave one out: PRIORBENCH_BLOCK_PLUGINS=thief or =shown",
    ]
    assert cells(out, "shawn")[1] == "unknown"

    _, out, _ = priorbench("list", "plugins", "--format", "json")
    plugins = {plugin["name"]: plugin for plugin in json.loads(out)}
    assert plugins["shown"]["provides"]["noises"] == ["blur"]
    assert (plugins["shown"]["status"], plugins["shown"]["reason"]) == ("ok", None)
    assert (plugins["bad_one"]["status"], plugins["bad_one"]["provides"]) == ("broken", {})


def test_a_method_of_another_package_is_listed_without_importing_it(site: Any, priorbench: Any) -> None:
    borrower = MODULE.replace("shown.model:Blur", "heavy_package.model:Blur")
    site.add("shown-plugin", {"shown/__init__.py": borrower, "heavy_package/__init__.py": ""}, version="3.2")
    _, out, _ = priorbench("list", "denoisers")
    assert cells(out, "blur")[-1] == "yes"
    assert "heavy_package" not in sys.modules
