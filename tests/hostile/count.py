"""``python -m tests.hostile.count``: run all attacks and count how they ended; exit with 1 if one is broken.

The folder ``tests/hostile`` may be copied into an older state of the repository to count there.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    here = Path(__file__).parent
    sys.exit(pytest.main([str(here), "-q", "--tb=no", "-p", "no:cacheprovider", "-r", "", *sys.argv[1:]]))
