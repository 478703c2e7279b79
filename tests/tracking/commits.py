"""The two commits that are compared: their names, what they have, and which changes are in neither."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checkout import AGREED, environment, import_path, suite_says, write_metadata

#: the suite that measures both commits is that of the working tree
SUITE = Path(__file__).parents[1] / "benchmarks"


class RequestError(Exception):
    """What is asked for makes no sense: one line says why."""


class MeasuringError(Exception):
    """The commits could not be measured: one line says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """A commit as the user called it, and its hash."""

    name: str
    hash: str

    def __str__(self) -> str:
        return f"{self.name} ({self.hash[:8]})"


def commit_called(name: str) -> Commit:
    """Return a commit; raise `RequestError` where there is none of that name."""
    try:
        return Commit(name=name, hash=_git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"))
    except subprocess.CalledProcessError:
        raise RequestError(f"there is no commit '{name}'") from None


def uncommitted() -> list[str]:
    """Return the files that differ from the last commit, new ones too; the suite itself is not counted."""
    suite = os.path.relpath(SUITE, _git("rev-parse", "--show-toplevel"))
    options = ("--porcelain", "-z", "--no-renames", "--untracked-files=all")
    entries = _printed("status", *options, "--", ":/", f":(exclude,top){suite}").split("\0")
    return [entry[3:] for entry in entries if entry]


def inventory(commit: Commit) -> Mapping[str, Mapping[str, str]]:
    """Return what a commit has: see tests/benchmarks/inventory.py."""
    with tempfile.TemporaryDirectory() as folder:
        root, metadata = Path(folder) / "commit", Path(folder) / "metadata"
        root.mkdir()
        archive = subprocess.run(
            ["git", "archive", commit.hash],
            cwd=_git("rev-parse", "--show-toplevel"),
            stdout=subprocess.PIPE,
            check=True,
        )
        subprocess.run(["tar", "-x", "-C", str(root)], input=archive.stdout, check=True)
        write_metadata(root, metadata)
        given = {name: value for name, value in os.environ.items() if name != AGREED}
        env = environment(import_path(root, metadata), given)
        try:
            said = suite_says(SUITE, ["-m", f"{SUITE.name}.inventory"], env)
        except subprocess.CalledProcessError as error:
            last = (error.stderr.strip().splitlines() or ["no word"])[-1]
            last = last.replace(f"{root}/", "")
            raise MeasuringError(f"the suite cannot be imported at {commit}: {last}") from None
    # reasons name files of the commit, not of a folder that is gone
    found: dict[str, Any] = json.loads(said.splitlines()[-1].replace(f"{root}/", ""))
    return found


def _git(*arguments: str) -> str:
    return _printed(*arguments).strip()


def _printed(*arguments: str) -> str:
    """Return what git prints; names of files may be any bytes."""
    return os.fsdecode(subprocess.run(["git", *arguments], capture_output=True, check=True).stdout)
