"""Writing results to a file, all or nothing, or to standard output."""

from __future__ import annotations

import sys
from pathlib import Path

from priorbench.cli.common.streams import lost
from priorbench.errors import PriorbenchError
from priorbench.outputs import whole_file


def write(text: str, output: Path | None) -> None:
    """Write text as UTF-8; what UTF-8 cannot say (a file name of other bytes) is escaped."""
    data = text.encode("utf-8", "backslashreplace")
    if output is None:
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise lost(error) from None
    else:
        write_bytes(data, output)


def _check_no_store(target: Path) -> None:
    """Raise `PriorbenchError` where a text would take the place of a store with all its records."""
    if not target.is_file():
        return
    with target.open("rb") as stream:
        start = stream.read(16)
    if start == b"SQLite format 3\0":
        raise PriorbenchError(f"{target} is a store: name another file")


def write_bytes(data: bytes, output: Path) -> None:
    """Write a file, all or nothing."""
    try:
        _check_no_store(output)
        with whole_file(output) as stream:
            stream.write(data)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise PriorbenchError(f"cannot write {output}: {error.strerror or error}") from error
