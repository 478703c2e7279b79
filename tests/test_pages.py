"""What README and the pages tell people to type is accepted, and is run here unless it says why not."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import typer.main
import yaml
from page_blocks import ELSEWHERE, ROOT, Block, blocks, calls, pages
from PIL import Image

from priorbench.cli import _application

EVERY = [block for page in pages() for block in blocks(page)]
TOLD = [(block, call) for block in EVERY if block.kind == "commands" for call in calls(block)]
RUN = sorted(
    {block.page for block in EVERY if block.kind in {"commands", "program", "file"} and not block.reason}
    - ELSEWHERE
)


def place(block: Block) -> str:
    return f"{block.page}:{block.line}"


@pytest.mark.parametrize(
    ("block", "call"), TOLD, ids=[f"{place(block)} {' '.join(call)[:40]}" for block, call in TOLD]
)
def test_a_command_of_a_page_has_options_that_exist(block: Block, call: list[str]) -> None:
    group = typer.main.get_command(_application())
    with group.make_context("priorbench", [*call]) as context:
        name, command, rest = group.resolve_command(context, [*context._protected_args, *context.args])
        if command is not None and not hasattr(command, "commands"):
            command.make_context(name, rest, parent=context)


@pytest.mark.parametrize("block", [one for one in EVERY if one.kind == "fragment"], ids=place)
def test_a_fragment_of_a_file_can_be_read(block: Block) -> None:
    read = {"yaml": yaml.safe_load, "toml": tomllib.loads}[block.language]
    assert isinstance(read(block.text), dict)


@pytest.mark.parametrize(
    "block", [one for one in EVERY if one.kind in {"program", "file"} and one.language == "python"], ids=place
)
def test_python_of_a_page_is_python(block: Block) -> None:
    lines = block.text.splitlines()
    body = "".join(f"\n    {line}" for line in lines)
    compile(f"async def _():{body}", place(block), "exec")  # a fragment may yield


@pytest.mark.slow(20)
@pytest.mark.parametrize("page", RUN)
def test_what_a_page_tells_to_type_works(page: str, tmp_path: Path) -> None:
    make_folder(tmp_path)
    variables = _variables(tmp_path)
    for block in blocks(ROOT / page):
        if block.reason:
            continue
        if block.kind == "file":
            (tmp_path / str(block.file)).write_text(block.text, encoding="utf-8")
        elif block.kind in {"commands", "program"}:
            words = [sys.executable, "-c"] if block.kind == "program" else ["bash", "-ec"]
            done = subprocess.run(
                [*words, block.text],
                cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=600, check=False,
            )  # fmt: skip
            assert done.returncode == 0, f"{place(block)}\n{block.text}\n{done.stdout}{done.stderr}"


def make_folder(folder: Path) -> None:
    """Make what a reader of the pages has: a command, and some pictures."""
    shim = folder / "bin" / "priorbench"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m priorbench "$@"\n')
    shim.chmod(0o755)
    (folder / "photos").mkdir()
    from skimage import data

    rng = np.random.default_rng(0)
    for name, picture in (
        ("clean", data.astronaut()),
        ("photos/a", data.coffee()),
        ("photos/b", data.chelsea()),
    ):
        Image.fromarray(picture[100:196, 100:196]).save(folder / f"{name}.png")
    noisy = data.astronaut()[100:196, 100:196] + rng.normal(0, 25, (96, 96, 3))
    Image.fromarray(noisy.clip(0, 255).round().astype(np.uint8)).save(folder / "noisy.png")


def _variables(folder: Path) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PRIORBENCH_")},
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "OMP_NUM_THREADS": "1",
    }


def test_the_readme_names_every_extra_that_a_user_may_want() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    install = (ROOT / "README.md").read_text().partition("## Install")[2].partition("\n## ")[0]
    assert [name for name in extras if name not in ("dev", "docs") and f"`{name}`" not in install] == []
