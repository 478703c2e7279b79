"""How asv runs the suite on a commit: the Python that runs asv, with the commit's sources in front.

Nothing is built or installed, so nothing is fetched: all packages (torch, and every plugin that is installed
beside priorbench) are the ones of this Python. The source roots and the entry points are those that the
commit's own pyproject.toml names. asv loads this module (`plugins` in asv.conf.json) and finds the class
by its `tool_name`.

All commits of a run measure one list of methods (see tests/benchmarks/cases.py): the one in the environment,
or the methods of the commit where asv looks for benchmarks first.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from asv import util
from asv.environment import Environment

#: tests/benchmarks/cases.py reads it
AGREED = "PRIORBENCH_BENCHMARK_METHODS"
_LISTING = "import json; from benchmarks.cases import METHODS; print(json.dumps(METHODS))"


class Checkout(Environment):  # type: ignore[misc]
    """A commit of priorbench, checked out and put in front of the import path."""

    tool_name = "checkout"

    def __init__(self, conf: Any, python: str, requirements: Any, tagged_env_vars: Any) -> None:
        self._python, self._requirements = python, requirements  # the base class needs them for its folder
        self._suite = Path(conf.benchmark_dir).resolve()
        super().__init__(conf, python, requirements, tagged_env_vars)

    @property
    def _metadata(self) -> Path:
        return Path(self._path) / "metadata"

    def check_presence(self) -> bool:
        """Say whether the folder is there: it is all there is."""
        return Path(self._path).is_dir()

    def _setup(self) -> None:
        Path(self._path).mkdir(parents=True, exist_ok=True)

    def find_executable(self, executable: str) -> str:
        """Return this Python, whatever is asked for."""
        return sys.executable

    def checkout_project(self, repo: Any, commit_hash: str) -> None:
        """Check a commit out and write the metadata that an installation of it would have."""
        super().checkout_project(repo, commit_hash)
        write_metadata(Path(self._build_root), self._metadata)

    def run(self, args: list[str], **kwargs: Any) -> Any:
        """Run this Python on the commit that is checked out."""
        given = {**kwargs.pop("env", os.environ), **self._global_env_vars}
        env = environment(import_path(Path(self._build_root), self._metadata), given)
        if AGREED not in os.environ:
            # where the suite cannot be imported, asv says so itself and goes on to another commit
            with contextlib.suppress(subprocess.CalledProcessError):
                os.environ[AGREED] = suite_says(self._suite, ["-c", _LISTING], env)
        if AGREED in os.environ:
            env[AGREED] = os.environ[AGREED]
        kwargs.setdefault("timeout", self._install_timeout)
        return util.check_output([sys.executable, *args], env=env, **kwargs)


def environment(path: list[str], given: Mapping[str, str]) -> dict[str, str]:
    """Return `given` with a path in front of the import path of Python."""
    # the first is asv's name for it; the second reaches the processes that a benchmark starts
    return {**given, "ASV_PYTHONPATH": os.pathsep.join(path), "PYTHONPATH": os.pathsep.join(path)}


def suite_says(suite: Path, arguments: list[str], env: Mapping[str, str]) -> str:
    """Return what a Python prints that can import the suite, beside what `env` puts in front."""
    path = os.pathsep.join((env["PYTHONPATH"], str(suite.parent)))
    command = [sys.executable, "-P", *arguments]
    run = subprocess.run(command, env={**env, "PYTHONPATH": path}, capture_output=True, text=True, check=True)
    return run.stdout.strip()


def import_path(root: Path, metadata: Path) -> list[str]:
    """Return what has to be in front of the import path: the metadata, and the commit's source roots."""
    build = _project(root)["tool"]["hatch"]["build"]
    return [str(metadata), *(str(root / folder) for folder in build["dev-mode-dirs"])]


def write_metadata(root: Path, target: Path) -> None:
    """Write the `.dist-info` of the sources in `root`: name, version, entry points."""
    project, version = _project(root)["project"], _version(root)
    shutil.rmtree(target, ignore_errors=True)
    info = target / f"{project['name']}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {version}\n", encoding="utf-8"
    )
    groups = {"console_scripts": project.get("scripts", {}), **project.get("entry-points", {})}
    lines = [
        line
        for group, points in groups.items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def _version(root: Path) -> str:
    """Return the version, which the project file tells or names a module for; older commits do the former."""
    file = _project(root)
    if "version" in file["project"]:
        return str(file["project"]["version"])
    text = (root / file["tool"]["hatch"]["version"]["path"]).read_text(encoding="utf-8")
    (version,) = re.findall(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    return str(version)
