"""The suite file of a plugin is found without importing its package, and read up to a limit."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest

from priorbench.errors import RequestError
from priorbench.loading.load import load_registry
from priorbench.suite.files import find_suite

PLUGIN = """
from priorbench import SuiteSpec, hookimpl

@hookimpl
def priorbench_suites():
    yield SuiteSpec(name="theirs", resource="{}:theirs.yaml")
"""
EXITS = "raise SystemExit('imported')\n"


@pytest.fixture
def site(fake_site: Any) -> Any:
    """Give a plugin whose suite is in a package that exits when it is imported."""
    modules = {
        "suite_plugin.py": PLUGIN.format("their_data.suites"),
        "their_data/__init__.py": EXITS,
        "their_data/suites/__init__.py": EXITS,
        "their_data/suites/theirs.yaml": "name: theirs\n",
    }
    fake_site.add("suite-plugin", modules)
    return fake_site


def test_a_package_that_exits_is_not_imported_for_its_suite(site: Any) -> None:
    found = find_suite("theirs", load_registry(allow=["suite_plugin"]))
    assert (found.name, found.text) == ("theirs.yaml", "name: theirs\n")
    assert "their_data" not in sys.modules


def test_a_file_that_is_too_large_is_one_line(site: Any) -> None:
    (site.folder / "their_data/suites/theirs.yaml").write_text("#" * 2**19)
    with pytest.raises(RequestError, match=r"suite 'theirs' cannot be read .* it has more than 256 KiB"):
        find_suite("theirs", load_registry(allow=["suite_plugin"]))


def test_a_pipe_is_not_waited_for(site: Any) -> None:
    path = site.folder / "their_data/suites/theirs.yaml"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(RequestError, match="it is a device or a pipe, not a file"):
        find_suite("theirs", load_registry(allow=["suite_plugin"]))
