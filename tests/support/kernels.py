"""Kernels are compiled by one of several test processes; the others wait, and take them from disk."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator

import pytest


@contextlib.contextmanager
def alone(factory: pytest.TempPathFactory, what: str) -> Iterator[None]:
    """Let no other process of this test run be here, for the same reason, at the same time."""
    with (factory.getbasetemp().parent / f"{what}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
