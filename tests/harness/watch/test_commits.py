"""Which commits are compared, and that the repository is left as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from watched_repositories import commit, git, write

from priorbench.errors import PriorbenchError
from priorbench.watch.commits import (
    commit_called,
    default_base,
    repository_of,
    uncommitted,
    unpack,
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits on the branch `main`."""
    folder = tmp_path / "repository"
    commit(folder, {"method.py": "one", "inner/data.txt": "1"})
    commit(folder, {"method.py": "two"})
    return folder


def base_of(root: Path, *, changed: bool = False) -> str:
    return default_base(root, commit_called(root, "HEAD"), changed=changed).hash


def test_a_branch_is_compared_with_the_commit_where_it_began(repository: Path) -> None:
    fork = git(repository, "rev-parse", "HEAD")
    git(repository, "checkout", "--quiet", "-b", "feature")
    commit(repository, {"method.py": "three"})
    git(repository, "checkout", "--quiet", "main")
    commit(repository, {"other.py": "moved on"})
    git(repository, "checkout", "--quiet", "feature")
    assert base_of(repository) == fork
    assert base_of(repository, changed=True) == fork


def test_on_the_main_branch_changes_are_compared_with_the_last_commit(repository: Path) -> None:
    assert base_of(repository, changed=True) == git(repository, "rev-parse", "HEAD")


def test_on_the_main_branch_without_changes_the_last_two_commits_are_compared(repository: Path) -> None:
    assert base_of(repository) == git(repository, "rev-parse", "HEAD~1")


def test_what_is_not_pushed_is_compared_with_the_upstream(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(repository), "clone")
    clone = tmp_path / "clone"
    pushed = git(clone, "rev-parse", "HEAD")
    commit(clone, {"method.py": "three"})
    commit(clone, {"method.py": "four"})
    assert base_of(clone) == pushed


def test_the_first_commit_alone_has_nothing_before_it(tmp_path: Path) -> None:
    commit(tmp_path / "new", {"method.py": "one"})
    with pytest.raises(PriorbenchError, match="first commit, and nothing is changed"):
        base_of(tmp_path / "new")


def test_a_commit_may_be_called_by_any_name_that_git_knows(repository: Path) -> None:
    git(repository, "tag", "-a", "v1", "-m", "v1", "HEAD~1")
    first = git(repository, "rev-parse", "HEAD~1")
    assert commit_called(repository, "v1").hash == first
    assert str(commit_called(repository, "v1")) == f"v1 ({first[:8]})"
    assert str(commit_called(repository, first)) == first[:8]


@pytest.mark.parametrize("name", ["nowhere", "--all", "", "HEAD:method.py"])
def test_an_unknown_commit_is_one_line(repository: Path, name: str) -> None:
    with pytest.raises(PriorbenchError, match=f"no commit '{name}'") as caught:
        commit_called(repository, name)
    assert "\n" not in str(caught.value)


def test_a_folder_outside_of_any_repository_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(PriorbenchError, match="not in a git repository"):
        repository_of(tmp_path)


def test_the_repository_is_found_from_inside(repository: Path) -> None:
    assert repository_of(repository / "inner") == repository.resolve()


def test_changed_new_and_staged_files_are_uncommitted_and_ignored_ones_are_not(repository: Path) -> None:
    commit(repository, {".gitignore": "*.log"})
    assert uncommitted(repository) == ()
    write(
        repository, {"method.py": "changed", "new folder/ä b.py": "new", "staged.py": "staged", "x.log": ""}
    )
    git(repository, "add", "staged.py")
    assert sorted(uncommitted(repository)) == ["method.py", "new folder/ä b.py", "staged.py"]


def test_the_files_of_a_commit_are_unpacked_and_the_repository_stays_as_it_was(
    repository: Path, tmp_path: Path
) -> None:
    write(repository, {"method.py": "changed", "new.py": "new"})

    def state() -> tuple[object, ...]:
        index = (repository / ".git" / "index").read_bytes()
        asked = [git(repository, *words) for words in (("worktree", "list"), ("stash", "list"), ("branch",))]
        files = sorted(path for path in repository.rglob("*") if ".git" not in path.parts)
        return index, asked, [(path, path.read_text()) for path in files if path.is_file()]

    before = state()
    unpack(repository, commit_called(repository, "HEAD~1"), tmp_path / "out")
    uncommitted(repository)
    assert state() == before
    assert (tmp_path / "out" / "method.py").read_text() == "one"
    assert (tmp_path / "out" / "inner" / "data.txt").read_text() == "1"
    assert not (tmp_path / "out" / "new.py").exists()


def test_what_git_leaves_out_of_archives_is_unpacked_and_nothing_is_filled_in(
    repository: Path, tmp_path: Path
) -> None:
    attributes = "data.npy export-ignore\nversion.py export-subst\n"
    files = {".gitattributes": attributes, "data.npy": "weights", "version.py": "$Format:%H$"}
    commit(repository, files)
    git(repository, "sparse-checkout", "set", "inner")
    unpack(repository, commit_called(repository, "HEAD"), tmp_path / "out")
    found = {name: (tmp_path / "out" / name).read_text() for name in files}
    assert found == files
    assert (tmp_path / "out" / "inner" / "data.txt").read_text() == "1"


def test_a_commit_without_files_is_an_empty_folder(repository: Path, tmp_path: Path) -> None:
    git(repository, "rm", "-rq", ".")
    git(repository, "commit", "--quiet", "-m", "nothing is left")
    unpack(repository, commit_called(repository, "HEAD"), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def shallow(repository: Path, tmp_path: Path, *branch: str) -> Path:
    git(tmp_path, "clone", "--quiet", "--depth", "1", *branch, repository.as_uri(), "shallow")
    return tmp_path / "shallow"


def test_a_clone_whose_history_is_cut_off_has_no_first_commit(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(PriorbenchError, match=r"cut off.*git fetch --unshallow") as caught:
        base_of(shallow(repository, tmp_path))
    assert "first commit" not in str(caught.value)


def test_where_a_branch_began_is_not_guessed_in_a_clone_whose_history_is_cut_off(
    repository: Path, tmp_path: Path
) -> None:
    git(repository, "checkout", "--quiet", "-b", "feature")
    commit(repository, {"method.py": "three"})
    commit(repository, {"method.py": "four"})
    clone = shallow(repository, tmp_path, "--no-single-branch", "--branch", "feature")
    git(clone, "branch", "--quiet", "main", "origin/main")
    git(clone, "fetch", "--quiet", "--depth", "2", "origin", "feature")
    for changed in (False, True):
        with pytest.raises(PriorbenchError, match=r"cut off.*git fetch --unshallow"):
            base_of(clone, changed=changed)


def test_a_checkout_of_a_commit_itself_is_compared_with_the_one_before(repository: Path) -> None:
    commit(repository, {"method.py": "three"})
    git(repository, "checkout", "--quiet", "--detach", "HEAD~1")
    assert base_of(repository) == git(repository, "rev-parse", "HEAD~1")
