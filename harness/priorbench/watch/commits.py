"""What git knows of a repository: its commits, and what is in none of them. Nothing is ever written to it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from priorbench.errors import PriorbenchError
from priorbench.words import one_line

#: what is said of a clone that has not all commits
_SHALLOW = "the history of this clone is cut off; 'git fetch --unshallow', or name the commit to compare with"
#: branches that others begin at
_TRUNKS = ("refs/heads/main", "refs/heads/master", "@{upstream}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """A commit: what it was called, and its hash."""

    name: str
    hash: str

    def __str__(self) -> str:
        return self.hash[:8] if self.hash.startswith(self.name) else f"{self.name} ({self.hash[:8]})"


def repository_of(folder: Path) -> Path:
    """Return the top folder of the repository that a folder is in.

    Raises
    ------
    PriorbenchError
        Where it is in none, or there is no git.
    """
    top = _git(folder, "rev-parse", "--show-toplevel")
    if not top:
        raise PriorbenchError(f"{folder} is not in a git repository: 'watch' compares a plugin's commits")
    return Path(top).resolve()


def commit_called(root: Path, name: str) -> Commit:
    """Return a commit by any name that git knows; raise `PriorbenchError` where there is none."""
    found = None if name.startswith("-") else _find(root, name)
    if found is None:
        raise PriorbenchError(f"{root} has no commit '{name}'")
    return Commit(name=name, hash=found)


def uncommitted(root: Path) -> tuple[str, ...]:
    """Return the files that differ from the last commit; new ones too, but none that git ignores."""
    options = ("--porcelain", "-z", "--no-renames", "--untracked-files=all")
    entries = (_git(root, "status", *options, strip=False) or "").split("\0")
    return tuple(entry[3:] for entry in entries if entry)


def default_base(root: Path, head: Commit, *, changed: bool) -> Commit:
    """Return the commit that a person most likely wants to compare with.

    Parameters
    ----------
    root : Path
        of the repository.
    head : Commit
        what is judged, or what the working tree was made from.
    changed : bool
        the working tree is judged, and differs from `head`.

    Returns
    -------
    Commit
        Where the branch began; else `head` itself if something is changed, else the commit before.

    Raises
    ------
    PriorbenchError
        Where there is no commit before, or the clone has not the history that would tell.
    """
    for trunk in filter(lambda trunk: _find(root, trunk), _TRUNKS):
        fork = _git(root, "merge-base", head.hash, trunk)
        if fork is None and _is_shallow(root):
            raise PriorbenchError(f"where {head} left {trunk.rpartition('/')[2]} is not known: {_SHALLOW}")
        if fork and fork != head.hash:
            name = _git(root, "rev-parse", "--abbrev-ref", trunk) or trunk
            return Commit(name=f"merge base with {name}", hash=fork)
    if changed:
        return head
    parent = _find(root, f"{head.hash}~1")
    if parent is None and _is_shallow(root):
        raise PriorbenchError(f"the commit before {head} is not known: {_SHALLOW}")
    if parent is None:
        raise PriorbenchError(
            f"{head} is the first commit, and nothing is changed: there is nothing before it"
        )
    return Commit(name=f"{head.name}~1", hash=parent)


def unpack(root: Path, commit: Commit, folder: Path) -> None:
    """Write the files of a commit into a new folder; checkout, index and stash stay as they are.

    They are written as a checkout has them. An archive would be without those of ``export-ignore``, and a
    sparse checkout without most.
    """
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="priorbench-watch-") as beside:
        environment = {**os.environ, "GIT_INDEX_FILE": str(Path(beside, "index"))}
        whole = ("-c", "core.sparseCheckout=false")
        for command in (
            ("read-tree", commit.hash),
            ("checkout-index", "--all", "--quiet", f"--prefix={folder.resolve()}/"),
        ):
            done = subprocess.run(
                ["git", *whole, *command], cwd=root, env=environment, capture_output=True, check=False
            )
            if done.returncode:
                said = one_line(done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2])
                raise PriorbenchError(f"the files of {commit} cannot be unpacked into {folder}: {said}")


def _is_shallow(root: Path) -> bool:
    return _git(root, "rev-parse", "--is-shallow-repository") == "true"


def _find(root: Path, name: str) -> str | None:
    return _git(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")


def _git(folder: Path, *arguments: str, strip: bool = True) -> str | None:
    """Return what git prints; None where it fails."""
    # the index is not even refreshed: somebody may be at work in the repository
    command = ["git", "--no-optional-locks", *arguments]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    except OSError as error:
        raise PriorbenchError(f"git cannot be started: {error.strerror or error}") from None
    text = done.stdout.decode("utf-8", "surrogateescape")
    return None if done.returncode else text.strip() if strip else text
