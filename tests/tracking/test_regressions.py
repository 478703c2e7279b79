"""The command `make regressions`: which commits it compares, what it says, and its exit status."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import regressions
from commits import Commit, MeasuringError, RequestError, inventory, uncommitted
from verdict import Change, Outcome

AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@example.org")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits, the branches `old` and `new`; the second is checked out."""
    git(tmp_path, "init", "--quiet", "--initial-branch=old")
    for name in ("old", "new"):
        (tmp_path / "method.py").write_text(name)
        if name == "new":
            git(tmp_path, "checkout", "--quiet", "-b", "new")
        git(tmp_path, "add", "--all")
        git(tmp_path, *AUTHOR, "commit", "--quiet", "--message", name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def change(
    outcome: Outcome, *, name: str = "bench.time_a", subject: str = "a", word: str = "broken"
) -> Change:
    return Change(name=name, subject=subject, outcome=outcome, word=word, text="")


def test_it_says_which_commits_are_compared(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base, head = regressions.commits_to_compare("old", "HEAD")
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"regressions: HEAD ({head.hash[:8]}) is compared with old ({base.hash[:8]})"


@pytest.mark.parametrize("file", ["method.py", "new method.py"])
def test_changes_without_a_commit_are_said_to_be_left_out(
    repository: Path, capsys: pytest.CaptureFixture[str], file: str
) -> None:
    (repository / file).write_text("not committed")
    regressions.commits_to_compare("old", "HEAD")
    line = capsys.readouterr().err.splitlines()[1]
    assert line == f"regressions: NOT compared: 1 changed or new file without a commit, such as {file}"
    with pytest.raises(RequestError, match=rf"same commit, .*To judge 1 changed .*{file}.*commit first"):
        regressions.commits_to_compare("new", "HEAD")


@pytest.mark.parametrize(
    ("options", "word"),
    [(["--base", "nowhere"], "no commit 'nowhere'"), (["--base", "new"], "the same commit")],
)
def test_a_wrong_request_has_its_own_exit_status(
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    word: str,
) -> None:
    monkeypatch.setattr(sys, "argv", ["regressions.py", *options])
    assert regressions.main() == 2
    said = capsys.readouterr()
    assert word in said.err
    assert said.out.splitlines()[-1] == "regressions: wrong request"


def test_a_pattern_that_is_none_is_a_wrong_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["regressions.py", "--bench", "dip("])
    with pytest.raises(SystemExit) as caught:
        regressions.main()
    assert caught.value.code == 2
    assert "'dip(' is no regular expression" in capsys.readouterr().err


def test_a_commit_without_a_suite_could_not_be_measured(repository: Path) -> None:
    project = '[project]\nname = "x"\nversion = "1"\n[tool.hatch.build]\ndev-mode-dirs = ["harness"]\n'
    (repository / "pyproject.toml").write_text(project)
    package = repository / "harness" / "priorbench"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('not in ' + __file__)")
    git(repository, "add", "--all")
    git(repository, *AUTHOR, "commit", "--quiet", "--message", "broken")
    commit = regressions.commit_called("HEAD")
    with pytest.raises(
        MeasuringError, match=r"cannot be imported at HEAD .*: ImportError: not in harness/priorbench/"
    ):
        inventory(commit)


def test_what_goes_wrong_unforeseen_is_no_regression(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["regressions.py", "--base", "old"])
    assert regressions.main() == 3  # neither commit has a pyproject.toml
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == "regressions: not measured"
    assert said.err.splitlines()[-1].startswith("regressions: FileNotFoundError: ")
    assert "pyproject.toml" in said.err.splitlines()[-1]


@pytest.mark.parametrize("name", [b"new \xff.py", b" new.py", b"a -> b.py"])
def test_new_files_of_any_name_are_told(repository: Path, name: bytes) -> None:
    (repository / os.fsdecode(name)).write_text("new")
    assert uncommitted() == [os.fsdecode(name)]


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ([], 0),
        ([Outcome.ADDED, Outcome.REMOVED, Outcome.BETTER], 0),
        ([Outcome.BETTER, Outcome.WORSE, Outcome.UNMEASURED], 1),
        ([Outcome.BROKEN], 1),
        ([Outcome.ADDED, Outcome.UNMEASURED], 3),
    ],
)
def test_exit_status(outcomes: list[Outcome], status: int) -> None:
    assert regressions.status([change(outcome) for outcome in outcomes]) == status


def test_the_last_line_counts_a_broken_method_once() -> None:
    commits = [Commit(name=name, hash=letter * 40) for name, letter in (("main", "a"), ("HEAD", "b"))]
    comparison = regressions.Comparison(base=commits[0], head=commits[1], has=({}, {}))
    changes = [change(Outcome.BROKEN, name=name) for name in ("bench.time_a", "bench.track_a")]
    line = regressions.conclusion(comparison, changes)
    assert line == "1 regression from main (aaaaaaaa) to HEAD (bbbbbbbb)"


def test_the_methods_of_both_commits_are_measured_under_one_list_of_names() -> None:
    commit = Commit(name="main", hash="a" * 40)
    has = ({"methods": {"tv": "classical", "old": "x"}}, {"methods": {"tv": "classical", "a-new": "x"}})
    assert regressions.Comparison(base=commit, head=commit, has=has).methods == ["a-new", "old", "tv"]
