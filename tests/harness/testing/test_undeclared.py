"""What a plugin imports and has not declared is seen in its text; what is there for certain is not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from priorbench.contract.specs import Spec
from priorbench.loading.load import load_registry
from priorbench.testing.undeclared import undeclared

HERE = "undeclared_things"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a folder with a plugin of one file, a neighbour, and an installed package that neither needs."""
    monkeypatch.syspath_prepend(str(tmp_path / "installed"))
    monkeypatch.syspath_prepend(str(tmp_path))
    for name, needs in (("bm9d", "Requires-Dist: bm9d-parts\n"), ("bm9d-parts", "")):
        info = tmp_path / "installed" / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        module = name.replace("-", "_")
        (info.parent / f"{module}.py").touch()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}")
        (info / "top_level.txt").write_text(f"{module}\n")
        (info / "RECORD").write_text(f"{module}.py,,\n")
    yield tmp_path
    sys.modules.pop(HERE, None)


@pytest.mark.parametrize(
    ("text", "requires", "found"),
    [
        ("import os, torch, numpy as np, skimage.restoration, sympy\n", (), {}),
        ("from priorbench import Iterate\nfrom priorbench.toolkit import sizes\n", (), {}),
        ("import bm9d\n", (), {"bm9d": "bm9d"}),
        ("def late():\n    from bm9d.parts import f\n", (), {"bm9d": "bm9d"}),
        ("import bm9d_parts\n", (), {"bm9d_parts": "bm9d-parts"}),
        ("import bm9d_parts\n", ("bm9d_parts",), {}),
        ("import bm9d, bm9d_parts\n", ("bm9d>=0.5",), {}),
        ("import bm9d\n", ("other | bm9d",), {}),
        ("try:\n    import bm9d\nexcept ImportError:\n    bm9d = None\n", (), {}),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import bm9d\n", (), {}),
        ("import undeclared_neighbour\n", (), {"bm9d": "bm9d"}),
        ("import no_such_thing\n", (), {}),
        ("this is no Python\n", (), {}),
    ],
)
def test_what_is_imported_and_not_declared(
    folder: Path, text: str, requires: tuple[str, ...], found: dict[str, str]
) -> None:
    (folder / f"{HERE}.py").write_text(text)
    (folder / "undeclared_neighbour.py").write_text("import bm9d\n")
    assert undeclared(f"{HERE}:Method", requires, f"{HERE}.py") == found


def test_a_factory_of_another_package_needs_it(folder: Path) -> None:
    assert undeclared("bm9d:denoise", (), "mine") == {"bm9d": "bm9d"}
    assert undeclared("bm9d:denoise", (), "bm9d") == undeclared("bm9d:denoise", ("bm9d",), "mine") == {}


def test_what_priorbench_brings_along_declares_all_that_it_imports() -> None:
    registered = [each for kind in load_registry(allow=None).specs.values() for each in kind.values()]
    for each in registered:
        if isinstance(each.spec, Spec) and each.plugin.distribution == "priorbench":
            assert not undeclared(each.spec.factory, each.spec.requires, "priorbench"), each.spec.name
