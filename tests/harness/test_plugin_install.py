"""A plugin in a folder of its author's: pip installs it, it is there; pip uninstalls it, it is gone."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "priorbench-pipped"
version = "0.3"

[project.entry-points.priorbench]
pipped = "priorbench_pipped"
"""

#: A build backend (PEP 517) of its own, because neither setuptools nor a network can be counted on.
BACKEND = """
import pathlib, zipfile

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    info = "priorbench_pipped-0.3.dist-info"
    files = {str(path): path.read_text() for path in pathlib.Path("priorbench_pipped").glob("*.py")}
    files[f"{info}/METADATA"] = "Metadata-Version: 2.1\\nName: priorbench-pipped\\nVersion: 0.3\\n"
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    files[f"{info}/entry_points.txt"] = "[priorbench]\\npipped = priorbench_pipped\\n"
    files[f"{info}/RECORD"] = "".join(f"{name},,\\n" for name in [*files, f"{info}/RECORD"])
    name = "priorbench_pipped-0.3-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory, name), "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
    return name
"""

PLUGIN = """
from priorbench import DenoiserSpec, hookimpl

@hookimpl
def priorbench_denoisers():
    yield DenoiserSpec(name="pipped", factory="priorbench_pipped.model:Pipped", summary="installed by pip")
"""

MODEL = """
class Pipped:
    def __init__(self, *, strength: float = 0.25): ...
    def denoise(self, observation):
        return observation.image
"""


@pytest.fixture
def author_folder(tmp_path: Path) -> Path:
    """Give a folder with an installable plugin."""
    folder = tmp_path / "author"
    (folder / "priorbench_pipped").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "backend.py").write_text(BACKEND)
    (folder / "priorbench_pipped" / "__init__.py").write_text(PLUGIN)
    (folder / "priorbench_pipped" / "model.py").write_text(MODEL)
    return folder


@pytest.fixture
def environment_python(tmp_path: Path) -> Path:
    """Give the interpreter of an environment of its own that sees the packages of this one."""
    folder = tmp_path / "environment"
    venv.create(folder, with_pip=False)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(subprocess.check_output([python, "-c", ask], text=True).strip())
    ours = sysconfig.get_path("purelib")
    (packages / "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
    return python


def pip(python: Path, *arguments: str) -> None:
    """Run this environment's pip for another one's interpreter."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "--disable-pip-version-check",
        *arguments,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def listed(python: Path, kind: str) -> dict[str, dict[str, object]]:
    """Return what ``priorbench list`` tells in that environment, by name."""
    command = [str(python), "-m", "priorbench", "list", kind, "--format", "json"]
    return {record["name"]: record for record in json.loads(subprocess.check_output(command, text=True))}


@pytest.mark.skipif(importlib.util.find_spec("pip") is None, reason="this environment has no pip")
def test_a_plugin_is_there_when_pip_installs_it_and_gone_when_pip_uninstalls_it(
    author_folder: Path, environment_python: Path
) -> None:
    python = environment_python
    assert "pipped" not in listed(python, "denoisers")

    pip(python, "install", "--no-deps", "--no-build-isolation", "--no-index", str(author_folder))
    record = listed(python, "denoisers")["pipped"]
    assert (record["distribution"], record["version"], record["usable"]) == ("priorbench-pipped", "0.3", True)
    assert listed(python, "plugins")["pipped"]["provides"] == {"denoisers": ["pipped"]}
    shown = subprocess.check_output([str(python), "-m", "priorbench", "show", "pipped"], text=True)
    assert "strength  float  0.25" in shown

    pip(python, "uninstall", "--yes", "priorbench-pipped")
    assert "pipped" not in listed(python, "denoisers")
    assert "pipped" not in listed(python, "plugins")
