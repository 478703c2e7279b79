"""The git commit of a plugin under development."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import partial

import pytest
from conftest_support import run_apart
from small_runs import HERE

from priorbench.run.revision import revision


def git(folder, *arguments):
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture(autouse=True)
def _forget():
    revision.cache_clear()
    yield
    revision.cache_clear()


@pytest.mark.parametrize("layout", ["package/__init__.py", "single.py"])
def test_a_package_under_git_has_its_commit_and_says_when_it_changed(fake_site, layout):
    name = layout.removesuffix(".py").partition("/")[0]
    fake_site.add("devel", {layout: "X = 1\n"}, {})
    git(fake_site.folder, "init", "-q")
    git(fake_site.folder, "add", layout)
    git(fake_site.folder, "commit", "-qm", "one")
    commit = git(fake_site.folder, "rev-parse", "--short=12", "HEAD")
    assert revision(f"{name}:X") == commit
    revision.cache_clear()
    (fake_site.folder / layout).write_text("X = 2\n")
    assert revision(f"{name}:X") == f"{commit}+changes"


def test_what_is_installed_inside_somebodys_repository_has_none(fake_site):
    fake_site.add("installed", {"wheel_like/__init__.py": ""}, {})
    git(fake_site.folder, "init", "-q")
    git(fake_site.folder, "commit", "-q", "--allow-empty", "-m", "somebody's")
    assert revision("wheel_like:X") == ""


def test_without_git_there_is_none(fake_site, monkeypatch):
    fake_site.add("devel", {"lonely/__init__.py": ""}, {})
    monkeypatch.setenv("PATH", str(fake_site.folder))
    assert revision("lonely:X") == ""
    assert revision("no_such_package_anywhere:X") == ""


def test_records_name_the_commit(example_site, tmp_path):
    site = shutil.copytree(example_site, tmp_path / "own-site")
    command = partial(run_apart, site, tmp_path)
    git(site, "init", "-q")
    git(site, "add", "-A")
    git(site, "commit", "-qm", "the plugin")
    options = ("run", "-", "--images", "ramps:count=1", "--noise", "gaussian-25", "--denoiser", "mean", *HERE)
    assert command(*options).returncode == 0
    [record] = map(json.loads, command("export").stdout.splitlines())
    assert record["plugin_commit"] == git(site, "rev-parse", "--short=12", "HEAD")
