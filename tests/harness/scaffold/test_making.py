"""`priorbench new`: what it makes installs, passes its test and runs; what it refuses it leaves alone."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from conftest_support import run_here
from environments import NO_HATCHLING, NO_PIP, make_environment, packages_of, pip_install

from priorbench.cli.new import PluginKind
from priorbench.errors import PriorbenchError
from priorbench.loading.imported_names import imported_names
from priorbench.loading.load import load_registry
from priorbench.loading.registry import Registry
from priorbench.scaffold.kinds import SCAFFOLDS
from priorbench.scaffold.making import make

#: plugins of the methods that the suites compare with
METHODS = ("classical", "bm3d", "deep-decoder")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry()


def test_the_command_line_offers_every_kind() -> None:
    assert {kind.value for kind in PluginKind} == set(SCAFFOLDS)


@pytest.mark.slow(35)
@pytest.mark.skipif(NO_PIP or NO_HATCHLING, reason="needs pip and hatchling (the extra 'dev' has it)")
def test_scaffolds_pass_their_own_tests_and_their_suites_are_sound(
    tmp_path: Path, registry: Registry
) -> None:
    """One of each kind, all installed into one environment and tested by one call of pytest."""
    for kind in SCAFFOLDS:
        make(f"new-{kind}", kind, registry, tmp_path / kind)
    python = make_environment(tmp_path / "environment")
    pip_install(python, *(tmp_path / kind for kind in SCAFFOLDS))
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "--import-mode=importlib", *SCAFFOLDS],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    plugins = ",".join(("standard", "images", "operators", *METHODS, *(f"new-{kind}" for kind in SCAFFOLDS)))
    for kind in SCAFFOLDS:
        command = ("run", "new-suite" if kind == "suite" else "suite.yaml", "--dry-run")
        sound = run_here(packages_of(python), tmp_path / kind, *command, PRIORBENCH_PLUGINS=plugins)
        assert sound.returncode == 0, kind + sound.stderr
        assert re.search(r"# (at most )?\d+ trials? on cpu", sound.stdout)


@pytest.mark.parametrize("kind", ["one-shot", "iterative"])
def test_the_method_is_at_most_twenty_lines_of_the_author_s_concern(
    tmp_path: Path, registry: Registry, kind: str
) -> None:
    folder, _ = make("own", kind, registry, tmp_path / "own")
    lines = (folder / "priorbench_own" / "method.py").read_text().split('"""')
    code = [line for text in lines[::2] for line in text.splitlines() if line.strip()]
    assert len(code) <= 20


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bm3d", "denoiser 'bm3d' is already provided by plugin 'bm3d'"),
        ("deep-decoder-under", "already provided by plugin 'deep-decoder'"),
        ("classical", "the plugin name 'classical' is already taken"),
        ("images", "the plugin name 'images' is already taken"),
        ("My Filter", "for example 'my-filter'"),
        ("-x", "for example 'x'"),
        ("", "is not valid"),
        ("../up", "is not valid"),
        ("x" * 61, "at most 60"),
        ("priorbench-x", "priorbench new x"),
    ],
)
def test_a_name_that_will_not_do_gives_one_line_and_no_folder(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PriorbenchError) as caught:
        make(name, "one-shot", registry)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_exists_is_left_alone(tmp_path: Path, registry: Registry) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    with pytest.raises(PriorbenchError, match="exists already: choose another folder"):
        make("own", "one-shot", registry, folder)
    assert not list(folder.iterdir())


def test_where_it_cannot_write_nothing_is_half_made(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PriorbenchError, match=r"cannot make .*No such file or directory"):
        make("own", "one-shot", registry, tmp_path / "nowhere" / "own")
    written = []

    def full_disk(self: Path, text: str, **_: object) -> None:
        written.append(self)
        if len(written) == 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full_disk)
    with pytest.raises(PriorbenchError, match="No space left on device"):
        make("own", "one-shot", registry, tmp_path / "own")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["none", "image", "3d", "a.b-c"])
def test_a_name_that_is_awkward_in_python_gives_modules_that_compile(
    tmp_path: Path, registry: Registry, name: str
) -> None:
    for kind in SCAFFOLDS:
        folder, files = make(name, kind, registry, tmp_path / kind)
        for file in files:
            if file.endswith(".py"):
                text = (folder / file).read_text()
                compile(text, file, "exec")
                assert max(map(len, text.splitlines())) <= 110


@pytest.mark.parametrize("kind", SCAFFOLDS)
def test_what_the_code_imports_is_named_in_the_dependencies(
    tmp_path: Path, registry: Registry, kind: str
) -> None:
    folder, files = make("own", kind, registry, tmp_path / "own")
    named = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {re.split(r"[<>=]", one)[0] for one in named}
    for file in files:
        if not file.endswith(".py") or file.startswith("tests/"):
            continue
        tops = {name.partition(".")[0] for name in imported_names(folder / file, "priorbench_own")}
        others = tops - sys.stdlib_module_names - {"priorbench", "priorbench_own", "torch"}
        owners = importlib.metadata.packages_distributions()
        assert {owners[top][0] for top in others} <= names, file
    if kind in ("numpy", "wrapped"):
        assert (
            f'requires=("{SCAFFOLDS[kind].needs[0]}",)' in (folder / "priorbench_own/__init__.py").read_text()
        )
