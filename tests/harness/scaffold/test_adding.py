"""`priorbench new --into`: one more thing in a package that is there, or everything as it was."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from priorbench.errors import PriorbenchError
from priorbench.loading.load import load_registry
from priorbench.loading.registry import Registry
from priorbench.scaffold.adding import Added, add
from priorbench.scaffold.kinds import SCAFFOLDS
from priorbench.scaffold.making import make


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(allow=["standard"])


@pytest.fixture
def package(tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the folder of a package with one method."""
    folder, _ = make("grown", "one-shot", registry, tmp_path / "grown")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "priorbench_grown"]:
        del sys.modules[name]


def files_of(folder: Path) -> dict[Path, str]:
    return {path: path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_one_of_each_kind_goes_into_one_package(package: Path, registry: Registry) -> None:
    for kind in SCAFFOLDS:
        before = set(files_of(package))
        added = add(f"grown-{kind}", kind, registry, package)
        assert {package / file for file in added.files} == set(files_of(package)) - before
        assert added.changed == "priorbench_grown/__init__.py"
    text = (package / "priorbench_grown" / "__init__.py").read_text()
    assert text.count("from priorbench import") == 1
    assert max(map(len, text.splitlines())) <= 160
    plugin = importlib.import_module("priorbench_grown")
    found = load_registry(allow=["standard"], extra_modules=[plugin])
    assert found.plugins[-1].status == "ok", found.plugins[-1].reason
    for kind, scaffold in SCAFFOLDS.items():
        spec = found.find(scaffold.spec.kind, f"grown-{kind}").spec
        place = getattr(spec, "factory", None) or spec.resource
        module, _, name = place.partition(":")
        if kind == "suite":
            assert (package / module / name).is_file()
        else:
            tree = ast.parse((package / f"{module.replace('.', '/')}.py").read_text())
            assert name in {getattr(node, "name", "") for node in tree.body}
    assert found.find("denoiser", "grown").spec


def test_what_the_dependencies_lack_is_told(package: Path, registry: Registry) -> None:
    assert add("one", "numpy", registry, package).needs == ("scipy",)
    text = (package / "pyproject.toml").read_text()
    (package / "pyproject.toml").write_text(text.replace('0.1.0"]', '0.1.0", "SciPy>=1.12"]'))
    assert add("two", "numpy", registry, package) == Added(
        files=("priorbench_grown/two.py", "suite-two.yaml", "tests/test_two.py"),
        changed="priorbench_grown/__init__.py",
        needs=(),
    )


@pytest.mark.parametrize(
    ("hooks", "merged"),
    [
        ("from priorbench import (\n    hookimpl,\n)\n", "from priorbench import NoiseSpec\n"),
        ("from priorbench import hookimpl  # kept\n", "from priorbench import NoiseSpec\n"),
        ('"""Hooks."""\nimport os\n', "import os\nfrom priorbench import NoiseSpec, hookimpl\n"),
        ("from priorbench import NoiseSpec, hookimpl\n", "from priorbench import NoiseSpec, hookimpl\n"),
    ],
)
def test_imports_are_added_to_those_that_are_there(
    package: Path, registry: Registry, hooks: str, merged: str
) -> None:
    file = package / "priorbench_grown" / "__init__.py"
    file.write_text(hooks)
    add("one", "noise", registry, package)
    assert merged in file.read_text()
    assert {"NoiseSpec", "hookimpl"} <= vars(importlib.import_module("priorbench_grown")).keys()


@pytest.mark.parametrize(
    ("changes", "name", "said"),
    [
        ({}, "grown", "has 'grown' already: choose another name"),
        ({}, "gaussian", "noise model 'gaussian' is already provided by plugin 'standard'"),
        ({"suite-one.yaml": ""}, "one", "suite-one.yaml exists already"),
        (
            {"pyproject.toml": "[project]\n"},
            "one",
            "names no package here in [project.entry-points",
        ),
        ({"pyproject.toml": "["}, "one", "pyproject.toml cannot be read: "),
        ({"priorbench_grown/__init__.py": "def f(:"}, "one", "cannot be read as Python: "),
        (
            {"priorbench_grown/__init__.py": "def priorbench_denoisers():\n    return []\n"},
            "one",
            "'priorbench_denoisers' does not yield its specs: add the new one by hand",
        ),
    ],
)
def test_what_will_not_do_leaves_everything_as_it_was(
    package: Path, registry: Registry, changes: dict[str, str], name: str, said: str
) -> None:
    for file, text in changes.items():
        (package / file).write_text(text)
    before = files_of(package)
    with pytest.raises(PriorbenchError) as caught:
        add(name, "noise" if name == "gaussian" else "one-shot", registry, package)
    assert said in str(caught.value)
    assert files_of(package) == before


def test_a_folder_that_is_lost_has_the_nearest_name(tmp_path: Path, registry: Registry) -> None:
    (tmp_path / "grown").mkdir()
    with pytest.raises(PriorbenchError, match=r"has no pyproject\.toml, .*did you mean '.*/grown'\?"):
        add("one", "noise", registry, tmp_path / "grwon")


def test_the_command_says_what_was_added_and_what_is_left_to_do(command, tmp_path: Path) -> None:
    assert command("new", "grown", "-o", "folder").returncode == 0
    done = command("new", "edges", "--kind", "metric", "--into", "folder")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "folder has edges, too:",
        "  priorbench_grown/edges.py",
        "  suite-edges.yaml",
        "  tests/test_edges.py",
        "its spec is in priorbench_grown/__init__.py",
        "add to 'dependencies' in folder/pyproject.toml: numpy",
        "try it, where the package is installed with -e: priorbench check edges",
    ]
    both = command("new", "more", "--into", "folder", "-o", "other")
    assert both.returncode == 2
    assert "it names a folder that is there: leave -o out" in both.stderr
