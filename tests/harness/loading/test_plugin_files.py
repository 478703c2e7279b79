"""A plugin that is one file: found by name, its source in the key, its mistakes told at once."""

from __future__ import annotations

import importlib
import os
import py_compile
import sys
from pathlib import Path

import pytest

from priorbench.errors import PriorbenchError
from priorbench.loading.digests import code_digest
from priorbench.loading.load import load_registry
from priorbench.loading.plugin_files import FILES_VARIABLE, add_plugin_files
from priorbench.machine.settings import import_path

METHOD = """
from priorbench import DenoiserSpec, hookimpl

class Brighter:
    def __init__(self, *, by: float = 0.1):
        self.by = by

    def denoise(self, observation):
        return observation.image + self.by

@hookimpl
def priorbench_denoisers():
    yield DenoiserSpec(name="brighter", factory="{stem}:Brighter", iterative=False)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for plugin files; the import path and the environment are put back afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv(FILES_VARIABLE, "")
    return tmp_path


def write(folder: Path, stem: str, text: str = METHOD) -> Path:
    path = folder / f"{stem}.py"
    path.write_text(text.replace("{stem}", stem))
    importlib.invalidate_caches()
    return path


def test_a_file_is_a_plugin_here_and_in_child_processes(folder: Path) -> None:
    add_plugin_files([write(folder, "one_method")])
    registry = load_registry()
    found = registry.find("denoiser", "brighter")
    assert (found.plugin.name, found.plugin.distribution) == ("one_method", "one_method.py")
    assert os.environ[FILES_VARIABLE] == str(folder / "one_method.py")
    assert import_path().split(os.pathsep)[-1] == str(folder)  # last: it hides nothing


def test_several_files_add_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = write(folder, "second_method", METHOD.replace('"brighter"', '"brightest"'))
    monkeypatch.setenv(FILES_VARIABLE, str(write(folder, "first_method")))
    add_plugin_files([other])
    assert {"brighter", "brightest"} <= set(load_registry().all("denoiser"))


def test_its_source_and_what_it_imports_is_in_the_digest(folder: Path) -> None:
    path = write(folder, "keyed_method", "import keyed_helper\n" + METHOD)
    helper = write(folder, "keyed_helper", "")
    add_plugin_files([path])
    load_registry()

    def digest() -> str:
        code_digest.cache_clear()
        return code_digest("keyed_method:Brighter").digest

    first = digest()
    helper.write_text("x = 1\n")
    second = digest()
    path.write_text(path.read_text() + "# edited\n")
    assert len({first, second, digest()}) == 3


@pytest.mark.parametrize(
    ("stem", "said"),
    [
        ("json", "'import json' means .*json/__init__.py: give the file another name"),
        ("2nd", "a Python module"),
    ],
)
def test_a_name_that_cannot_be_imported_is_refused(folder: Path, stem: str, said: str) -> None:
    with pytest.raises(PriorbenchError, match=said):
        add_plugin_files([write(folder, stem)])


def test_a_missing_file_is_named(folder: Path) -> None:
    with pytest.raises(PriorbenchError, match=r"absent\.py: there is no such file"):
        add_plugin_files([folder / "absent.py"])


def test_a_link_in_a_circle_is_one_line(command, folder: Path) -> None:
    (folder / "self.py").symlink_to("self.py")
    done = command("list", "plugins", "--plugin", str(folder / "self.py"))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "self.py: the file cannot be found" in done.stderr or "there is no such file" in done.stderr


def test_a_broken_file_is_an_error_and_not_left_out(folder: Path) -> None:
    add_plugin_files([write(folder, "broken_method", "x = (")])
    with pytest.raises(PriorbenchError, match=r"'broken_method' .* cannot be imported: SyntaxError"):
        load_registry()


@pytest.mark.slow
def test_the_first_method_of_the_docs_passes_its_checks_and_runs(command, folder: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "first-method.md").read_text()
    path = folder / "my_method.py"
    path.write_text(page.partition("```python\n")[2].partition("```")[0])
    checked = command("check", "mean3", "--plugin", str(path))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    words = ["run", "-", "--images", "ramps", "--noise", "gaussian-25", "--denoiser", "mean3", "--limit", "1"]
    ran = command(*words, "--plugin", str(path))
    assert ran.returncode == 0, ran.stderr
    assert "1 trial run" in ran.stderr


def test_an_edit_counts_that_leaves_size_and_time_as_they_were(folder: Path) -> None:
    file = write(folder, "recompiled_method")
    text = file.read_text()
    os.utime(file, (1_700_000_000, 1_700_000_000))
    py_compile.compile(str(file), doraise=True)
    file.write_text(text.replace("by: float = 0.1", "by: float = 0.7"))
    os.utime(file, (1_700_000_000, 1_700_000_000))
    add_plugin_files([file])
    load_registry()
    assert sys.modules["recompiled_method"].Brighter().by == 0.7
