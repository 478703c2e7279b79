"""How many characters a line may have: all that is printed asks here."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TextIO

#: of boards that go into a file, and where no terminal is
FILE_WIDTH = 140
#: of a terminal that does not say how wide it is
_USUAL = 80
#: less than this is no terminal's
_LEAST = 20


def terminal_width(stream: TextIO) -> int | None:
    """Return the width of the terminal that a stream leads to; None where it leads to none.

    ``COLUMNS`` in the environment counts more than what the terminal says. What goes to a file or a pipe is
    read by programs, which want each record on one line: there a list has no width.
    """
    return (_asked() or _own(stream) or _USUAL) if stream.isatty() else None


def page_width(stream: TextIO) -> int:
    """Return the width for boards, which are made for people wherever they go.

    A pipe is as wide as the terminal that it was started from, for a pager shows it there. Without any, as
    in the log of a machine, it is `FILE_WIDTH`, as in a file.
    """
    found = terminal_width(stream) or _asked()
    return found or next(filter(None, map(_of_number, (2, 0))), FILE_WIDTH)


def _asked() -> int | None:
    """Return what the environment says; the command line has taken out what is no width."""
    value = os.environ.get("COLUMNS", "")
    return max(int(value), _LEAST) if value.isascii() and value.isdecimal() and int(value) else None


def _own(stream: TextIO) -> int | None:
    with suppress(OSError, ValueError, AttributeError):
        return _of_number(stream.fileno())
    return None


def _of_number(number: int) -> int | None:
    with suppress(OSError, ValueError):
        columns = os.get_terminal_size(number).columns
        return max(columns, _LEAST) if columns else None
    return None
