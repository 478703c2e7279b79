"""In which form boards are written: as the option says, else as the ending of the file says."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from priorbench.cli.common.files import write

if TYPE_CHECKING:
    from rich.console import Console

Form = TypeVar("Form", bound=StrEnum)

#: ending of a file -> name of a form
_ENDINGS = {
    ".txt": "table",
    ".md": "markdown",
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".tex": "latex",
    ".html": "html",
    ".htm": "html",
    ".svg": "svg",
    ".pdf": "pdf",
    ".parquet": "parquet",
}


def form_of(given: Form | None, output: Path | None, default: Form) -> Form:
    """Return the form that is wanted.

    Parameters
    ----------
    given : StrEnum or None
        what ``--format`` says; it counts, whatever the file is called.
    output : Path or None
        the file; one without an ending says nothing.
    default : StrEnum
        where nothing is said.

    Raises
    ------
    PriorbenchError
        If the ending is that of no form that the command writes.
    """
    if given is not None:
        return given
    if output is None or not output.suffix:
        return default
    forms = {form.value: form for form in type(default)}
    wanted = forms.get(_ENDINGS.get(output.suffix.lower(), ""))
    if wanted is None:
        from priorbench.errors import PriorbenchError

        known = ", ".join(ending for ending, name in _ENDINGS.items() if name in forms)
        raise PriorbenchError(
            f"how to write {output.name} does not follow from its ending: use one of {known}, or --format"
        )
    return wanted


def write_printed(printed: Callable[[Console], None], output: Path | None) -> None:
    """Have something printed on the terminal, or into a file as wide as a page."""
    from rich.console import Console

    from priorbench.rendering.terminal.width import FILE_WIDTH, page_width

    if output is None:
        printed(Console(highlight=False, width=page_width(sys.stdout)))
        return
    text = io.StringIO()
    printed(Console(file=text, width=FILE_WIDTH, highlight=False, color_system=None))
    write(text.getvalue(), output)
