"""Records that their store did not take: into a file, so that a finished trial is not lost."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def rescue(records: Sequence[Mapping[str, Any]]) -> str:
    """Write the JSON forms of records to a new file, one on each line, and say where they are.

    The working folder is tried first, then the one for temporary files: the disk of the store may be full.
    """
    text = "".join(json.dumps(record) + "\n" for record in records)
    for folder in (Path.cwd(), Path(tempfile.gettempdir())):
        try:
            return f"its records are in {_written(folder, text)}"
        except OSError:
            continue
    return "its records could not be written to another file either and are lost"


def _written(folder: Path, text: str) -> Path:
    handle, name = tempfile.mkstemp(prefix="priorbench-rescued-", suffix=".jsonl", dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)
