"""What pytest loads wherever priorbench is installed: one option, and no import that costs anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

DEVICE_OPTION = "--priorbench-device"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the device on which the conformance kit checks denoisers."""
    parser.getgroup("priorbench").addoption(
        DEVICE_OPTION, metavar="DEVICE", help="torch device for the checks of priorbench.testing.conformance"
    )
