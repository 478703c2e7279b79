"""Fixtures that all tests share."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from conftest_support import Ended, run_apart, run_here
from ordering import long_files_first

SUPPORT = Path(__file__).parent / "support"

# Nothing that a test reads is remembered for another, or for the person who runs the tests.
os.environ["PRIORBENCH_CACHE"] = "off"

# A job in the background, or one of nohup, is told to ignore Ctrl-C, and whatever it starts does so too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Return how many processes ``-n auto`` starts: three for two cores, because a third of them wait.

    Many tests wait for a limit of time, or for a process of their own to end.
    """
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + cores // 2


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put files with long tests first, for each process of pytest-xdist."""
    items[:] = long_files_first(items, getattr(config, "workerinput", {}).get("workercount", 1))


@pytest.fixture(scope="session")
def example_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that, on the import path, installs the example plugin; nobody may change it."""
    site = tmp_path_factory.mktemp("site")
    info = site / "priorbench_example-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: priorbench-example\nVersion: 1.0\n")
    entry_points = "[priorbench]\nexample = example_plugin\nhostile = hostile_plugin\n"
    (info / "entry_points.txt").write_text(entry_points)
    for path in (*SUPPORT.glob("example_*.py"), *SUPPORT.glob("hostile_*.py")):
        shutil.copy(path, site)
    return site


@pytest.fixture
def command(example_site: Path, tmp_path: Path) -> Callable[..., Ended]:
    """Run the command line in an empty folder, with the example plugin and the core's own alone.

    It runs in this process: one of its own takes seconds to import everything. Each command is started in
    one of its own by a test or two, with `process`.
    """
    return partial(run_here, example_site, tmp_path)


@pytest.fixture
def process(example_site: Path, tmp_path: Path) -> Callable[..., Ended]:
    """Do what `command` does, in a process of its own."""
    return partial(run_apart, example_site, tmp_path)
