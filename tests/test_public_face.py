"""The public face of priorbench: what its stub lists is there, cheap to import, and all that plugins use."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import priorbench
from priorbench.loading.registry import Registry
from priorbench.scaffold.kinds import SCAFFOLDS
from priorbench.scaffold.making import make

ROOT = Path(__file__).parents[1]
STUB = Path(priorbench.__file__).with_suffix(".pyi")
#: documented packages beside `priorbench` itself
PACKAGES = ("priorbench.errors", "priorbench.pictures", "priorbench.remote", "priorbench.testing")


def listed() -> set[str]:
    """Return the names that the stub makes public."""
    statements = ast.parse(STUB.read_text(encoding="utf-8")).body
    return {alias.name for s in statements if isinstance(s, ast.ImportFrom) for alias in s.names}


def imports(file: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each module that a file imports, with the names from it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module or "", [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)


def is_public(module: str, names: list[str]) -> bool:
    if module == "priorbench":
        return listed() >= {*names}
    return (
        not module.startswith("priorbench.")
        or module in PACKAGES
        or module == "priorbench.experiments"
        or module.startswith("priorbench.toolkit.")
    )


def offences(folder: Path) -> list[str]:
    files = sorted(folder.rglob("*.py"))
    assert files
    return [
        f"{file.relative_to(folder)}: {module}"
        for file in files
        for module, names in imports(file)
        if not is_public(module, names)
    ]


@pytest.mark.parametrize("folder", ["plugins", "datasets", "examples"])
def test_shipped_code_imports_the_public_face_alone(folder: str) -> None:
    assert offences(ROOT / folder) == []


@pytest.mark.parametrize("kind", SCAFFOLDS)
def test_a_scaffold_imports_the_public_face_alone(kind: str, tmp_path: Path) -> None:
    folder, _ = make(f"some-{kind}", kind, Registry(specs={}), tmp_path / kind)
    assert offences(folder) == []


def test_other_imports_are_found(tmp_path: Path) -> None:
    lines = [
        "from priorbench import Observation, pictures",
        "from priorbench.contract.observation import Observation",
        "from priorbench.errors import PriorbenchError",
        "import priorbench.run.plan",
    ]
    (tmp_path / "it.py").write_text("\n".join(lines))
    assert offences(tmp_path) == [
        "it.py: priorbench", "it.py: priorbench.contract.observation", "it.py: priorbench.run.plan",
    ]  # fmt: skip


def test_every_public_name_is_listed_by_dir_and_resolves() -> None:
    assert {*dir(priorbench)} >= listed()
    assert all(getattr(priorbench, name) is not None for name in listed())


def test_importing_priorbench_is_cheap() -> None:
    program = "import sys, priorbench; print({'torch', 'numpy'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
