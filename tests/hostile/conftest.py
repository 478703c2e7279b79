"""The summary of the attacks: how many held, were detected, are stated, are weak, broke something."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).parent
for folder in (HERE, HERE / "methods"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))

from attacks.outcomes import OUTCOMES, Seen  # noqa: E402
from attacks.pending import PENDING  # noqa: E402
from attacks.runs import Arena  # noqa: E402


@pytest.fixture(scope="session")
def hostile_methods(tmp_path_factory) -> Path:
    """A folder with the hostile methods, and a plugin for each file of them; nobody may change it."""
    folder = tmp_path_factory.mktemp("methods")
    for path in (HERE / "methods").glob("*.py"):
        shutil.copy(path, folder)
        if path.stem.endswith("_attacks"):
            book = importlib.import_module(path.stem).BOOK
            (folder / f"{book.plugin}.py").write_text(book.plugin_text())
    return folder


@pytest.fixture
def arena(example_site, hostile_methods, tmp_path) -> Arena:
    """A folder of its own for runs of hostile methods."""
    return Arena(example_site, tmp_path, hostile_methods)


def pytest_terminal_summary(terminalreporter) -> None:
    """Count the outcomes, of all processes of pytest-xdist."""
    seen = [
        Seen(name=value[0], right=value[1], outcome=value[2], why=value[3])
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in report.user_properties
        if name == "attack"
    ]
    if not seen:
        return
    counts = Counter(one.outcome for one in seen)
    told = ", ".join(f"{outcome} {counts[outcome]}" for outcome in OUTCOMES)
    terminalreporter.section("attacks")
    terminalreporter.line(f"{len(seen)} attacks: {told}")
    for one in sorted(seen, key=lambda one: (OUTCOMES.index(one.outcome), one.name)):
        if not one.is_right or terminalreporter.verbosity > 0:
            waits = f"; waits for: {PENDING[one.name]}" if one.name in PENDING else ""
            terminalreporter.line(f"  {one.told()[:400]}{waits}")
