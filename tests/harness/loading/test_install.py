"""A plugin in a folder of its author's: pip installs it, it is there; pip uninstalls it, it is gone."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from environments import NO_PIP, make_environment, pip, pip_install

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
    yield DenoiserSpec(
        name="pipped",
        factory="priorbench_pipped.model:Pipped",
        summary="installed by pip",
        citation="unpublished",
        licence="MIT",
    )
"""

MODEL = """
class Pipped:
    def __init__(self, *, strength: float = 0.25): ...
    def denoise(self, observation):
        return observation.image.clamp(0, 1)
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
    return make_environment(tmp_path / "environment")


def priorbench(python: Path, *arguments: str) -> str:
    """Run the command line in that environment; return what it prints."""
    command = [str(python), "-m", "priorbench", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def listed(python: Path, kind: str) -> dict[str, dict[str, object]]:
    """Return what ``priorbench list`` tells in that environment, by name."""
    records = json.loads(priorbench(python, "list", kind, "--format", "json"))
    return {record["name"]: record for record in records}


@pytest.mark.skipif(NO_PIP, reason="this environment has no pip")
def test_a_plugin_is_there_when_pip_installs_it_and_gone_when_pip_uninstalls_it(
    author_folder: Path, environment_python: Path
) -> None:
    python = environment_python
    assert "pipped" not in listed(python, "denoisers")

    pip_install(python, author_folder)
    record = listed(python, "denoisers")["pipped"]
    assert (record["distribution"], record["version"], record["usable"]) == ("priorbench-pipped", "0.3", True)
    assert listed(python, "plugins")["pipped"]["provides"] == {"denoisers": ["pipped"]}
    assert "strength  float  0.25" in priorbench(python, "show", "pipped")

    priorbench(python, "check", "pipped")
    store = f"sqlite:///{author_folder}/own.db"
    images, noise = ("--images", "photos:crop=32,limit=1"), ("--noise", "gaussian-25")
    priorbench(python, "run", "-", *images, *noise, "--denoiser", "pipped", "--store", store)
    [record] = priorbench(python, "export", "--store", store).splitlines()
    told = json.loads(record)
    assert (told["status"], told["plugin"], told["plugin_version"]) == ("ok", "priorbench-pipped", "0.3")
    assert (
        told["psnr"] > told["noisy_psnr"]
    )  # it clips, as the harness does, and the clean picture lies in [0, 1]

    pip(python, "uninstall", "--yes", "priorbench-pipped")
    assert "pipped" not in listed(python, "denoisers")
    assert "pipped" not in listed(python, "plugins")
