"""``priorbench list``, ``priorbench show`` and what all commands have in common."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest
import yaml

from priorbench.cli import main

LONG = "a summary of many words " * 20 + "to the very end"
MODULE = f"""
print("noise of an import")
from priorbench import DenoiserSpec, MetricSpec, NoiseSpec, SuiteSpec, hookimpl

@hookimpl
def priorbench_denoisers():
    yield DenoiserSpec(name="blur", factory="shown.model:Blur", summary="smooths", citation="Doe 2020",
                       licence="MIT", channels=(1,), preset={{"strength": 0.5}})
    yield DenoiserSpec(name="gone", factory="shown.nowhere:Gone", summary="{LONG}")
    yield DenoiserSpec(name="picky", factory="shown.model:Blur", requires=("no-such-thing",),
                       install="pip install 'priorbench[picky]'")
    yield DenoiserSpec(name="failing", factory="shown.failing:Failing", summary="a \u2192 b")

@hookimpl
def priorbench_noise_models():
    yield NoiseSpec(name="blur", factory="shown.model:Blur", summary="the noise of that name")

@hookimpl
def priorbench_metrics():
    yield MetricSpec(name="distance", factory="shown.model:distance")

@hookimpl
def priorbench_suites():
    yield SuiteSpec(name="tiny", resource="shown:tiny.yaml", summary="one image")
    yield SuiteSpec(name="lost", resource="shown:lost.yaml")
"""
MODEL = '''
print("noise of a model")

class Blur:
    """A blur.

    Parameters
    ----------
    strength : how much. More than that is not said.
    border : what is beyond the edge.
    """

    def __init__(self, *, strength: float = 0.1, border: str | None = None) -> None: ...

def distance(estimate, clean):
    """Return a number."""
'''
SUITE = "# kept comment\nname: tiny\nimages: [photos]\ndenoisers:\n  - blur: {strength: 1}\n"
FILES = {
    "shown/__init__.py": MODULE,
    "shown/model.py": MODEL,
    "shown/failing.py": "raise OSError('no driver')",
    "shown/tiny.yaml": SUITE,
}


@pytest.fixture
def site(fake_site: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a folder with one plugin that has something of everything; only it is loaded."""
    fake_site.add("shown-plugin", FILES, {"shown": "shown"}, version="3.1")
    monkeypatch.setenv("PRIORBENCH_PLUGINS", "shown")
    return fake_site


@pytest.fixture
def priorbench(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Give a function that runs the command line in this process: arguments -> status, output, errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["priorbench", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, err

    return run


def path_with(site: Any) -> dict[str, str]:
    """Return the variable that puts the fake site before everything else."""
    return {
        "PYTHONPATH": os.pathsep.join([str(site.folder), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    }


def in_a_process(
    site: Any, *arguments: str, python: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line, or Python code, with the fake site on its path."""
    what = ["-c", python] if python else ["-m", "priorbench", *arguments]
    return subprocess.run(
        [sys.executable, *what],
        env={**os.environ, **path_with(site), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def cells(output: str, name: str) -> list[str]:
    """Return the cells of the table's row that begins with a name."""
    (line,) = [line for line in output.splitlines() if line.split()[:1] == [name]]
    return re.split(r"\s{2,}", line)


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
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
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
        *("conflict", "denoiser 'picky' is already provided by plugin 'shown' (shown-plugin 3.1)"),
    ]
    assert cells(out, "shawn")[1] == "unknown"

    _, out, _ = priorbench("list", "plugins", "--format", "json")
    plugins = {plugin["name"]: plugin for plugin in json.loads(out)}
    assert plugins["shown"]["provides"]["noises"] == ["blur"]
    assert (plugins["shown"]["status"], plugins["shown"]["reason"]) == ("ok", None)
    assert (plugins["bad_one"]["status"], plugins["bad_one"]["provides"]) == ("broken", {})


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
        ("gone", "No module named 'shown.nowhere'"),
        ("failing", "cannot be loaded from shown.failing:Failing: OSError: no driver"),
    ],
)
def test_show_says_why_parameters_cannot_be_shown(site: Any, priorbench: Any, name: str, reason: str) -> None:
    status, out, _ = priorbench("show", name)
    assert status == 0
    assert f"denoiser {name}" in out
    assert re.search(rf"parameters: cannot be shown: .*{re.escape(reason)}", out)
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


def test_no_arguments_show_the_help_page_and_version_the_version(priorbench: Any) -> None:
    status, out, _ = priorbench()
    assert status == 0
    for command in ("list", "show"):
        assert re.search(rf"^  {command} +\S", out, re.MULTILINE)
    assert priorbench("--help")[1] == out
    assert re.fullmatch(r"priorbench \d+\.\d+\.\d+\n", priorbench("--version")[1])


def test_an_unknown_command_is_a_wrong_request(priorbench: Any) -> None:
    status, out, err = priorbench("lst")
    assert (status, out) == (2, "")
    assert "lst" in err


def test_strict_mode_ends_a_command_with_every_reason(
    site: Any, priorbench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.add("bad-plugin", {"bad_one.py": "import no_such_module_here"})
    site.add("worse-plugin", {"worse.py": "x = 1"})
    monkeypatch.setenv("PRIORBENCH_PLUGINS", "bad_one,worse")
    monkeypatch.setenv("PRIORBENCH_STRICT_PLUGINS", "1")
    status, out, err = priorbench("list", "denoisers")
    assert (status, out) == (2, "")
    assert [line.split("(")[0] for line in err.splitlines()[:2]] == [
        *("priorbench: plugin 'bad_one' ", "priorbench: plugin 'worse' "),
    ]


def test_ctrl_c_ends_with_130(site: Any, priorbench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    site.add("slow-plugin", {"interrupted.py": "raise KeyboardInterrupt"})
    monkeypatch.setenv("PRIORBENCH_PLUGINS", "interrupted")
    status, _, err = priorbench("list")
    assert (status, "Traceback" in err) == (130, False)


def test_a_reader_that_goes_away_is_no_error(site: Any) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "priorbench", "list", "--format", "json"],
        env={**os.environ, **path_with(site)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 141
    assert "Traceback" not in err
    assert "BrokenPipe" not in err


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_an_output_without_unicode_is_no_error(site: Any, encoding: str) -> None:
    done = in_a_process(site, "list", "denoisers", PYTHONIOENCODING=encoding)
    assert done.returncode == 0
    assert cells(done.stdout, "failing")[1] in ("a \u2192 b", "a \\u2192 b")
    done = in_a_process(site, "list", "denoisers", "--format", "json", PYTHONIOENCODING=encoding)
    assert json.loads(done.stdout)[1]["summary"] == "a \u2192 b"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["list"], ["list", "denoisers"], ["list", "--format", "json"]]
)
def test_help_and_list_import_neither_torch_nor_numpy(fake_site: Any, arguments: list[str]) -> None:
    """With every plugin that is installed here, so that none of the shipped ones imports them either."""
    code = f"""
import sys
sys.argv = ["priorbench", *{arguments!r}]
from priorbench.cli import main
try:
    main()
except SystemExit as end:
    print("status", end.code, file=sys.stderr)
print("heavy", [name for name in ("torch", "numpy", "skimage", "scipy", "sqlalchemy")
                if name in sys.modules], file=sys.stderr)
"""
    done = in_a_process(fake_site, python=code)
    assert done.stderr.splitlines()[-2:] == ["status 0", "heavy []"]


def test_a_method_of_another_package_is_listed_without_importing_it(site: Any, priorbench: Any) -> None:
    borrower = MODULE.replace("shown.model:Blur", "heavy_package.model:Blur")
    site.add("shown-plugin", {"shown/__init__.py": borrower, "heavy_package/__init__.py": ""}, version="3.2")
    _, out, _ = priorbench("list", "denoisers")
    assert cells(out, "blur")[-1] == "yes"
    assert "heavy_package" not in sys.modules
