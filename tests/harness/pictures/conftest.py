"""Files of pictures, byte by byte."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def file(tmp_path):
    """Return a function that writes bytes to a file and returns its path."""

    def write(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write
