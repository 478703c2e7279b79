"""Two sides: the files of each, what is imported from where, and how its plugins are announced."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from pathlib import Path

import pytest
from watched_repositories import PROJECT, commit, write

from priorbench.errors import PriorbenchError
from priorbench.watch.announcing import announce
from priorbench.watch.places import has_module, inside, project_folder, source_roots
from priorbench.watch.sides import Side, lay_out, states


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits; the working tree differs from the second."""
    root = (tmp_path / "repository").resolve()
    commit(root, {"pyproject.toml": PROJECT, "src/watched.py": "1", "one.py": "1"})
    commit(root, {"src/watched.py": "2", "two.py": "2"})
    write(root, {"src/watched.py": "3"})
    monkeypatch.delenv("PRIORBENCH_PLUGIN_FILES", raising=False)
    return root


def sides_of(
    root: Path, base: str | None = None, head: str | None = None, files: tuple[Path, ...] = ()
) -> tuple[Side, Side]:
    return lay_out(states(root, base, head), root.parent / "sides", files)


def path_of(side: Side) -> list[str]:
    return side.environment["PYTHONPATH"].split(os.pathsep)


def test_the_head_is_the_working_tree_as_it_is(repository: Path) -> None:
    base, head = sides_of(repository)
    assert (head.folder, head.shown) == (repository, "the working tree (not committed: src/watched.py)")
    assert (base.folder / "src" / "watched.py").read_text() == "2"
    assert base.shown.startswith("HEAD (")


def test_a_commit_may_be_the_head(repository: Path) -> None:
    base, head = sides_of(repository, "HEAD~1", "HEAD")
    assert [(side.folder / "src" / "watched.py").read_text() for side in (base, head)] == ["1", "2"]
    assert not states(repository, "HEAD~1", "HEAD").head_shown.startswith("the working tree")


def test_each_side_imports_its_own_folders_first_and_the_repository_never(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(repository), str(repository / "src"), *sys.path])
    for side in sides_of(repository):
        first, *rest = path_of(side)
        assert Path(first).name == f"{side.word}-metadata"
        assert rest[:2] == [str(side.folder), str(side.folder / "src")]
        others = [Path(place) for place in rest[2:]]
        assert not any(place.is_relative_to(repository) for place in others)


def test_messages_name_files_as_in_the_repository(repository: Path) -> None:
    for side in sides_of(repository):
        assert side.within(f"see {side.folder}/src/watched.py:3") == "see src/watched.py:3"


def test_roots_are_those_in_use_and_the_usual_ones(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert source_roots(repository, repository / "sub") == tuple(map(Path, ("sub/src", "sub", "src", ".")))
    (repository / "python").mkdir()
    environment = repository / ".venv" / "lib" / "site-packages"
    environment.mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(environment), str(repository / "python"), *sys.path])
    assert source_roots(repository, repository) == tuple(map(Path, ("python", "src", ".")))


def test_the_project_is_the_nearest_folder_that_has_its_file(repository: Path) -> None:
    write(repository, {"plugins/a/pyproject.toml": "", "plugins/a/deep/x.py": ""})
    assert project_folder(repository, repository / "plugins" / "a" / "deep") == repository / "plugins" / "a"
    assert project_folder(repository, repository / "plugins") == repository


def test_what_is_installed_inside_of_a_repository_is_not_in_it(tmp_path: Path) -> None:
    assert inside(tmp_path / "a.py", tmp_path)
    assert not inside(tmp_path / ".venv/lib/site-packages/a.py", tmp_path)
    assert not inside(tmp_path.parent, tmp_path)


def test_modules_and_packages_are_found(tmp_path: Path) -> None:
    write(tmp_path, {"a/__init__.py": "", "a/b.py": "", "c.py": ""})
    assert all(has_module([tmp_path], name) for name in ("a", "a.b", "c"))
    assert not any(has_module([tmp_path], name) for name in ("b", "a.c", "d"))


def announced(target: Path) -> dict[str, str]:
    [distribution] = importlib.metadata.distributions(path=[str(target)])
    return {point.name: point.value for point in distribution.entry_points.select(group="priorbench")}


def test_a_side_announces_what_its_own_project_file_says(tmp_path: Path) -> None:
    write(tmp_path, {"new/pyproject.toml": PROJECT, "old/pyproject.toml": "[project]\nname = 'x'"})
    announce(tmp_path / "new", tmp_path / "a", name="priorbench-watched")
    assert announced(tmp_path / "a") == {"watched": "watched", "calm": "calm"}
    # before it was a plugin: what is installed now must not speak for it
    announce(tmp_path / "old", tmp_path / "b", name="priorbench-watched")
    assert announced(tmp_path / "b") == {}


@pytest.mark.parametrize(
    "files",
    [{"setup.py": ""}, {"pyproject.toml": "[project]\nname = 'x'\ndynamic = ['entry-points']"}],
)
def test_what_only_an_installation_can_tell_is_left_to_it(tmp_path: Path, files: dict[str, str]) -> None:
    write(tmp_path / "side", files)
    announce(tmp_path / "side", tmp_path / "a", name="x")
    assert not list((tmp_path / "a").iterdir())


def test_plugin_files_of_the_repository_are_those_of_each_side(repository: Path) -> None:
    outside = repository.parent / "outside.py"
    outside.write_text("")
    base, head = sides_of(repository, "HEAD~1", None, (repository / "one.py", repository / "two.py", outside))
    files = [side.environment["PRIORBENCH_PLUGIN_FILES"].split(os.pathsep) for side in (base, head)]
    assert files[0] == [str(base.folder / "one.py"), str(outside)]
    assert files[1] == [str(repository / "one.py"), str(repository / "two.py"), str(outside)]


def test_a_plugin_file_that_is_nowhere_is_refused(repository: Path) -> None:
    with pytest.raises(PriorbenchError, match=r"nosuch\.py: there is no such file on either side"):
        sides_of(repository, files=(repository / "nosuch.py",))
