"""``priorbench watch``: what is refused, and an interrupt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from conftest_support import Ended, command_environment, run_here
from watched_repositories import PROJECT, commit, git, hooks, method, write

FILES = {"pyproject.toml": PROJECT, "calm.py": hooks("calm_things", "calm"), "calm_things.py": method("Calm")}
PLUGINS = {"PRIORBENCH_PLUGINS": "standard,example,calm"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One commit, and a change that is in none."""
    root = tmp_path / "repository"
    commit(root, FILES)
    write(root, {"calm_things.py": method("Calm", offset=0.1)})
    return root


@pytest.fixture
def watch(example_site: Path, repository: Path) -> Callable[..., Ended]:
    return partial(run_here, example_site, repository, "watch", "--images", "ramps:count=1", **PLUGINS)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["nowhere"], "has no commit 'nowhere'"),
        (["--head", "nowhere"], "has no commit 'nowhere'"),
        (["--denoiser", "clam"], "this repository has no denoiser 'clam'; did you mean 'calm'?"),
        (["--denoiser", "mean"], "this repository has no denoiser 'mean'"),
        (["--denoiser", "calm:nosuch=1"], "--denoiser 'calm:nosuch=1': "),
        (["--noise", "gausian-25"], "--noise 'gausian-25': unknown noise model"),
        (["--stopping", "fxied"], "--stopping 'fxied': unknown stopping rule"),
        (["--plugin", "nosuch.py"], "there is no such file on either side"),
    ],
)
def test_a_wrong_request_is_one_line_and_status_2(
    watch: Callable[..., Ended], options: list[str], words: str
) -> None:
    done = watch(*options)
    assert (done.returncode, done.stdout) == (2, "")
    *about, line = done.stderr.splitlines()
    assert words in line
    assert all("against" in other for other in about)


def test_outside_of_a_repository_it_says_so(
    example_site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run_here(example_site, tmp_path, "watch", GIT_CEILING_DIRECTORIES=str(tmp_path.parent))
    assert done.returncode == 2
    assert done.stderr.startswith(f"priorbench: {tmp_path} is not in a git repository")
    assert len(done.stderr.splitlines()) == 1


def test_a_repository_without_methods_is_told_what_to_do(example_site: Path, tmp_path: Path) -> None:
    commit(tmp_path / "empty", {"README.md": "one"})
    commit(tmp_path / "empty", {"README.md": "two"})
    done = run_here(example_site, tmp_path / "empty", "watch", **PLUGINS)
    assert done.returncode == 2
    assert "no denoiser of this repository is registered" in done.stderr


@pytest.mark.slow(seconds=15)
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_leaves_nothing_behind(
    example_site: Path, repository: Path, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    write(repository, {"calm_things.py": method("Calm", body="import time; time.sleep(600)")})
    before = git(repository, "status", "--porcelain", "--ignored")
    process = subprocess.Popen(
        [sys.executable, "-m", "priorbench", "watch", "--images", "ramps:count=1"],
        cwd=repository,
        env=command_environment(example_site) | PLUGINS | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _wait_for_the_first_store(temporary, process)
    os.kill(process.pid, number)
    out, err = process.communicate(timeout=180)
    assert (process.returncode, out, "Traceback" in err) == (status, "", False)
    assert not list(temporary.iterdir())
    assert git(repository, "status", "--porcelain", "--ignored") == before


def _wait_for_the_first_store(temporary: Path, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        if any(temporary.glob("*/base.db")):
            return
        time.sleep(0.05)
    raise AssertionError("no run began")


def test_in_priorbench_s_own_repository_it_names_the_command_for_that(example_site: Path) -> None:
    repository = Path(__file__).parents[3]
    if not (repository / ".git").exists():
        pytest.skip("no repository: an unpacked release")
    done = run_here(example_site, repository, "watch", "HEAD", **PLUGINS)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].endswith("'make regressions' compares its commits")
