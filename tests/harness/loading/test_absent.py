"""Packages that are not there are told by what pip calls them, and seen without importing anything."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from priorbench.contract.specs import DenoiserSpec
from priorbench.errors import PriorbenchError
from priorbench.loading.absent import Scan, absent_package, misnamed, pip_name
from priorbench.loading.registry import import_factory, missing_reason

ABOUT = '''"""A text in which a line begins as an import does:

import nothing_of_the_kind
"""
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a package that can be imported, and has nothing in it."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    folder = tmp_path / "absent_minded"
    folder.mkdir()
    (folder / "__init__.py").touch()
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "absent_minded"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("import numpy as np\nimport no_such_package.parts\n", ("no_such_package",)),
        ("from no_such_package import (\n    part,\n)\n", ("no_such_package",)),
        ("import os, no_such_package\n", ("no_such_package",)),
        ("def late():\n    import no_such_package\n", ()),
        ("try:\n    import no_such_package\nexcept ImportError:\n    pass\n", ()),
        (f"{ABOUT}import numpy\n", ()),
        (f"{ABOUT}import no_such_package\n", ("no_such_package",)),
        ("from .helper import help\n", ("no_such_helper",)),
        ("from . import helper\n", ("no_such_helper",)),
        ("import absent_minded.helper\n", ("no_such_helper",)),
        ("this is no Python\n", ()),
    ],
)
def test_what_would_be_imported_in_vain_is_seen_and_nothing_is_run(
    package: Path, text: str, absent: tuple[str, ...]
) -> None:
    (package / "method.py").write_text(f"{text}\nraise SystemExit\n")
    (package / "helper.py").write_text("import no_such_helper\nfrom absent_minded import method\n")
    assert Scan().absent("absent_minded.method") == absent
    assert "absent_minded.method" not in sys.modules


def test_a_module_that_is_nowhere_and_the_core_say_nothing() -> None:
    assert Scan().absent("no_such_package.method") == Scan().absent("priorbench.standard.given") == ()


def test_what_to_install_is_called_as_pip_calls_it(package: Path) -> None:
    assert (pip_name("cv2"), pip_name("scipy")) == ("opencv-python", "scipy")
    spec = DenoiserSpec(
        name="x", factory="absent_minded.method:X", requires=("no_such_module",), licence="MIT"
    )
    assert missing_reason(spec) == (
        "needs the package no_such_module: pip install no_such_module (licence of 'x': MIT)"
    )
    (package / "method.py").write_text("import no_such_package\n")
    with pytest.raises(
        PriorbenchError, match=r"'no_such_package' \(absent_minded/method.py:1\): pip install "
    ):
        import_factory(DenoiserSpec(name="x", factory="absent_minded.method:X"))


def test_a_missing_part_of_a_package_that_is_there_asks_for_no_installation(package: Path) -> None:
    (package / "method.py").write_text("import numpy.no_such_part\n")
    with pytest.raises(PriorbenchError, match=r"No module named 'numpy\.no_such_part'") as caught:
        import_factory(DenoiserSpec(name="x", factory="absent_minded.method:X"))
    assert "pip install" not in str(caught.value)


@pytest.mark.parametrize("name", ["x; rm -rf ~", "", None, 5, "numpy"])
def test_nothing_is_to_be_installed_of_what_is_no_name_or_is_there(name: object) -> None:
    assert absent_package(ModuleNotFoundError("no", name=name)) == ""  # type: ignore[arg-type]
    assert absent_package(ModuleNotFoundError("no", name="no_such_package.part")) == "no_such_package"


@pytest.mark.parametrize(
    ("factory", "told"),
    [
        ("absent_mindd:X", "no module 'absent_mindd'; did you mean 'absent_minded'?"),
        ("absent_minded.methd:X", "no module 'absent_minded.methd'; did you mean 'absent_minded.method'?"),
        ("method:X", "no module 'method'; did you mean 'absent_minded.method'?"),
        ("methd:X", "no module 'methd'; did you mean 'absent_minded.method'?"),
        ("absent_minded.nowhere:X", "no module 'absent_minded.nowhere'; correct 'factory' in the spec"),
        ("absent_minded.method.x:X", "no module 'absent_minded.method.x'; correct 'factory' in the spec"),
        ("absent_minded.method:Filtr", "'absent_minded.method' has no 'Filtr'; did you mean 'Filter'?"),
        ("quite_another:X", "no module 'quite_another'; correct 'factory' in the spec"),
        ("absent_minded.lacking:X", ""),
        ("absent_minded.slip:X", ""),
    ],
)
def test_a_misspelt_factory_is_told_and_nothing_is_to_be_installed(
    package: Path, factory: str, told: str
) -> None:
    (package / "method.py").write_text("class Filter: ...\n")
    (package / "lacking.py").write_text("import no_such_package\n")
    (package / "slip.py").write_text("import absent_minded\nabsent_minded.X\n")
    importlib.import_module("absent_minded")
    with pytest.raises(PriorbenchError) as caught:
        import_factory(DenoiserSpec(name="x", factory=factory))
    assert misnamed(caught.value.__cause__, factory, "absent_minded:plugin") == told
    assert ("pip install" in str(caught.value)) == (factory == "absent_minded.lacking:X")
