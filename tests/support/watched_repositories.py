"""Git repositories with a plugin, for tests of ``priorbench watch``."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

PROJECT = """
[project]
name = "priorbench-watched"
version = "1.0"
[project.entry-points.priorbench]
watched = "watched"
calm = "calm"
"""
HOOKS = """
from priorbench import DenoiserSpec, hookimpl

@hookimpl
def priorbench_denoisers():
    for name in {names!r}:
        yield DenoiserSpec(name=name, factory=f"{module}:{{name.title()}}", iterative=False)
"""
#: so long that chance is no part of it
STEADY = "import time; time.sleep(0.2)"
METHOD = """
class {name}:
    def __init__(self, *, offset: float = {offset}):
        self.offset = offset

    def denoise(self, observation):
        {body}
        return observation.image + self.offset
"""


def hooks(module: str, *names: str) -> str:
    """Return a module that registers methods; the class of ``"box"`` is ``Box``."""
    return HOOKS.format(module=module, names=names)


def method(name: str, body: str = STEADY, offset: float = 0.0) -> str:
    """Return a class that does something and returns the noisy image, brightened."""
    return METHOD.format(name=name, body=body, offset=offset)


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody; return what it prints."""
    author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    done = subprocess.run(
        ["git", *author, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files: path -> text."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def commit(folder: Path, files: Mapping[str, str], message: str = "a change") -> str:
    """Write files and commit all there is, in a repository that is made if there is none; return the hash."""
    folder.mkdir(exist_ok=True)
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    write(folder, files)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD")
