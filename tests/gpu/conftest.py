"""What these tests share: they are skipped where there is no device, and each has a time of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.gpu import machine, methods

#: seconds that a test has where it does not say
_SECONDS = 60

Run = Callable[..., subprocess.CompletedProcess[str]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder; skip them where there is no device."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.gpu)
            if machine.device() is None:
                item.add_marker(
                    pytest.mark.skip(reason="no device: make test-gpu runs these where there is one")
                )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each network to the tests that take one; none is imported where there is no device."""
    if "network" in metafunc.fixturenames:
        metafunc.parametrize("network", machine.networks() if machine.device() else ["none"])


@pytest.fixture(autouse=True)
def _budget(request: pytest.FixtureRequest) -> Iterator[None]:
    """End a test that takes longer than it may."""
    marker = request.node.get_closest_marker("budget")
    seconds = (marker.args[0] if marker else _SECONDS) * machine.patience()

    def over(_number: int, _frame: object) -> None:
        raise TimeoutError(f"it took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def device() -> str:
    """Give the device that is tested."""
    found = machine.device()
    assert found is not None
    return found


@pytest.fixture
def priorbench(tmp_path: Path) -> Run:
    """Run the command line in a folder with two pictures, with the methods of these tests."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    rng = np.random.default_rng(0)
    for number in range(2):
        pixels = rng.integers(60, 196, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(pictures / f"{number}.png")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "priorbench", *arguments]
        if arguments[0] == "run":
            command += ["--plugin", methods.__file__, "--threads", "1"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run
