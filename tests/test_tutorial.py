"""The commands of the tutorial and of two how-to pages, typed as they stand, print what the page says."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from environments import NO_HATCHLING, NO_PIP, make_environment

DOCS = Path(__file__).parents[1] / "docs"
TUTORIAL = DOCS / "tutorial.md"
COMPARISON, BOARD = DOCS / "how-to" / "comparison.md", DOCS / "how-to" / "reading-a-board.md"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def steps(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of the blocks called ``console``, with the output that is expected."""
    for block in re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            yield command, expected


@pytest.mark.slow(35)
@pytest.mark.skipif(NO_PIP or NO_HATCHLING, reason="needs pip and hatchling (the extra 'dev' has it)")
def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    pytest.importorskip("bm3d", reason="the tutorial's leaderboard has BM3D on it")
    python = make_environment(tmp_path / "environment")
    _make_commands(python.parent, python)
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PRIORBENCH_")},
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "110",
        "OMP_NUM_THREADS": "1",
        # what its author's machine fetches from an index is here already
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
    }
    follow(TUTORIAL, tmp_path, variables)


@pytest.mark.slow(30)
def test_a_comparison_goes_as_its_page_says(tmp_path: Path) -> None:
    for package in ("bm3d", "matplotlib"):
        pytest.importorskip(package, reason="the page has BM3D on its board, and makes a PDF")
    for name, text in re.findall(
        r"```yaml\n# (\S+)\n(.*?)```", COMPARISON.read_text(encoding="utf-8"), re.DOTALL
    ):
        (tmp_path / name).write_text(text)
    follow(COMPARISON, tmp_path, _variables(tmp_path))
    assert (tmp_path / "ranks.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.slow(10)
def test_a_board_reads_as_its_page_says(tmp_path: Path) -> None:
    (tmp_path / "results").symlink_to(DOCS.parent / "results")
    follow(BOARD, tmp_path, _variables(tmp_path))


def _variables(folder: Path) -> dict[str, str]:
    """Return the environment of somebody who types in a folder; the command is the one that is tested."""
    (folder / "bin").mkdir()
    _make_commands(folder / "bin", Path(sys.executable))
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PRIORBENCH_")},
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "110",
        "OMP_NUM_THREADS": "1",
    }


def follow(page: Path, folder: Path, variables: dict[str, str]) -> None:
    """Type the commands of a page in a folder, and compare what they print with what the page says."""
    checker = doctest.OutputChecker()
    for command, expected in steps(page.read_text(encoding="utf-8")):
        if command.startswith("cd "):
            folder /= command.removeprefix("cd ")
            continue
        done = subprocess.run(
            ["bash", "-c", f"{command} 2>&1"],
            cwd=folder, env=variables, capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"$ {command}\n{done.stdout}"
        assert checker.check_output(expected, done.stdout, FLAGS), f"$ {command}\n{done.stdout}"


def _make_commands(folder: Path, python: Path) -> None:
    """Put commands into a folder, for an environment that sees packages without having installed them."""
    modules = {"priorbench": "priorbench", "pytest": "pytest"}
    for name, module in modules.items():
        path = folder / name
        path.write_text(f'#!/bin/sh\nexec "{python}" -m {module} "$@"\n')
        path.chmod(0o755)


def test_every_command_of_the_tutorial_is_looked_at() -> None:
    text = TUTORIAL.read_text(encoding="utf-8")
    assert len(list(steps(text))) == text.count("\n$ ") >= 8
