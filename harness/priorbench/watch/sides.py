"""The two sides of a comparison: a folder each, and the environment of processes that import from it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from priorbench.errors import PriorbenchError, nearest_path
from priorbench.loading.load import STRICT_VARIABLE
from priorbench.loading.plugin_files import FILES_VARIABLE
from priorbench.machine.settings import import_path
from priorbench.watch.announcing import announce, project_name
from priorbench.watch.commits import Commit, commit_called, default_base, repository_of, uncommitted, unpack
from priorbench.watch.places import inside, project_folder, source_roots


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One state of the repository.

    Attributes
    ----------
    word : str
        "base" or "head".
    shown : str
        for people: the commit, or the working tree.
    folder : Path
        its files.
    roots : tuple of Path
        the folders in it that modules are imported from.
    environment : Mapping[str, str]
        of a process that imports from it.
    """

    word: str
    shown: str
    folder: Path
    roots: tuple[Path, ...]
    environment: Mapping[str, str]

    def within(self, text: str) -> str:
        """Return a text that names files as in the repository: the folder of a commit is soon gone."""
        return text.replace(f"{self.folder}/", "")


@dataclass(frozen=True, kw_only=True, slots=True)
class States:
    """Which states of which repository are compared.

    Attributes
    ----------
    root : Path
        of the repository.
    project : Path
        folder of the plugin's project in it.
    base : Commit
        what is compared with.
    head : Commit or None
        what is judged; None is the working tree.
    uncommitted : tuple of str
        files of the working tree that are in no commit as they are.
    """

    root: Path
    project: Path
    base: Commit
    head: Commit | None
    uncommitted: tuple[str, ...]

    @property
    def head_shown(self) -> str:
        """The judged state, for people."""
        if self.head is not None:
            return str(self.head)
        if not self.uncommitted:
            return "the working tree"
        more = f" and {len(self.uncommitted) - 1} more" if len(self.uncommitted) > 1 else ""
        return f"the working tree (not committed: {self.uncommitted[0]}{more})"


def states(folder: Path, base: str | None, head: str | None) -> States:
    """Find out what is compared.

    Parameters
    ----------
    folder : Path
        somewhere in the repository.
    base, head : str or None
        names of commits; None where none was given.

    Raises
    ------
    PriorbenchError
        Where there is no repository, or no such commit.
    """
    root = repository_of(folder)
    judged = commit_called(root, head or "HEAD")
    changed = uncommitted(root)
    if base is None:
        compared = default_base(root, judged, changed=head is None and bool(changed))
    else:
        compared = commit_called(root, base)
    return States(
        root=root,
        project=project_folder(root, folder.resolve()),
        base=compared,
        head=None if head is None else judged,
        uncommitted=changed,
    )


def lay_out(states: States, target: Path, plugin_files: Sequence[Path]) -> tuple[Side, Side]:
    """Make both sides; `target` takes the files of commits, `plugin_files` are plugins of one file."""
    roots = source_roots(states.root, states.project)
    below = states.project.relative_to(states.root)
    folders = {"base": target / "base", "head": target / "head" if states.head else states.root}
    for commit, folder in ((states.base, folders["base"]), (states.head, folders["head"])):
        if commit is not None:
            unpack(states.root, commit, folder)
    name = project_name(folders["head"] / below) or project_name(folders["base"] / below)
    files = _plugin_files(states.root, plugin_files, tuple(folders.values()))
    shown = {"base": str(states.base), "head": states.head_shown}
    sides = []
    for word, folder in folders.items():
        metadata = target / f"{word}-metadata"
        announce(folder / below, metadata, name=name)
        places = tuple(folder / root for root in roots if (folder / root).is_dir())
        variables = _variables(states.root, target, [metadata, *places], files[folder])
        sides.append(Side(word=word, shown=shown[word], folder=folder, roots=places, environment=variables))
    return sides[0], sides[1]


def _plugin_files(root: Path, files: Sequence[Path], folders: Sequence[Path]) -> Mapping[Path, list[Path]]:
    """Return each side's plugin files: its own where they are the repository's."""
    named = [Path(text) for text in os.environ.get(FILES_VARIABLE, "").split(os.pathsep) if text.strip()]
    found: dict[Path, list[Path]] = {folder: [] for folder in folders}
    for path in dict.fromkeys(file.expanduser().resolve() for file in (*named, *files)):
        own = inside(path, root)
        there = {folder: folder / path.relative_to(root) if own else path for folder in folders}
        if not any(file.is_file() for file in there.values()):
            near = nearest_path(path)
            raise PriorbenchError(f"plugin {path}: there is no such file on either side{near}")
        for folder, file in there.items():
            if file.is_file():
                found[folder].append(file)
    return found


def _variables(root: Path, target: Path, places: Sequence[Path], files: Sequence[Path]) -> dict[str, str]:
    """Return the environment of a side's processes: its own folders first, the repository's not at all."""
    others = [place for place in import_path().split(os.pathsep) if not inside(Path(place).resolve(), root)]
    # a broken plugin is something to be told of here, not an error
    kept = {
        name: value for name, value in os.environ.items() if name not in (FILES_VARIABLE, STRICT_VARIABLE)
    }
    temporary = target / "temporary"
    temporary.mkdir(exist_ok=True)
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join([*map(str, places), *others]),
        "PYTHONDONTWRITEBYTECODE": "1",  # nothing is written into the author's folders
        "TMPDIR": str(temporary),
        FILES_VARIABLE: os.pathsep.join(map(str, files)),
    }
