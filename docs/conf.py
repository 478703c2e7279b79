"""Set-up of the documentation: ``make docs`` builds it, with every warning an error."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping

import priorbench
from priorbench.testing.catalogue import CHECKS

project = "priorbench"
author = "The priorbench developers"
version = release = priorbench.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_use_ivar = True
html_theme = "furo"
html_title = f"priorbench {version}"
html_show_sourcelink = False
html_show_copyright = False

_COMMANDS = (
    *(
        "list",
        "show",
        "run",
        "slurm",
        "denoise",
        "leaderboard",
        "rules",
        "compare",
        "export",
        "watch",
        "new",
        "check",
        "doctor",
    ),
)
_ITEM = re.compile(r"(\*{0,2}\w+(?:, \w+)*) : (.*)")


def split_names(
    _app: object, _what: str, _name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Write ``low, high : type`` as one entry for each name; napoleon would take it for one attribute."""
    section, names, kind, written = "", [""], "", []
    below: list[str] = []
    for line, following in itertools.pairwise([*lines, "", ""]):
        heading = set(following) == {"-"}
        found = _ITEM.fullmatch(line) if section == "Attributes" and not heading else None
        if found or heading:
            written += [text for name in names for text in (*([name + kind] if name else []), *below)]
            names, kind, below = [""], "", []
        if heading:
            section = line
        if found:
            names, kind = found[1].split(", "), f" : {found[2]}"
        else:
            below.append(line)
    lines[:] = [*written, *(text for name in names for text in (*([name + kind] if name else []), *below))]


def _checks() -> str:
    """Return a table of the checks of each kind."""
    tables = []
    for kind, checks in CHECKS.items():
        rows = [f"| `{check.name}` | {check.what} |" for check in checks]
        tables.append(
            "\n".join([f"## {kind.capitalize()}", "", "| check | passes where |", "| --- | --- |", *rows])
        )
    return "\n\n".join(tables)


def _commands() -> str:
    """Return what each command says of itself."""
    pages = []
    for command in _COMMANDS:
        words = [sys.executable, "-m", "priorbench", command, "--help"]
        text = subprocess.check_output(words, text=True, env={**os.environ, "COLUMNS": "100"})
        pages.append(f"## priorbench {command}\n\n```text\n{text.strip()}\n```")
    return "\n\n".join(pages)


_GENERATED: Mapping[str, Callable[[], str]] = {"checks": _checks, "commands": _commands}


def fill_in(_app: object, _page: str, source: list[str]) -> None:
    """Replace ``<!-- generated: WORD -->`` by what the code itself says, and leave out the note on that."""
    source[0] = re.sub(r"^> .* from the code, by `make docs`.*\n\n", "", source[0], flags=re.MULTILINE)
    source[0] = re.sub(r"<!-- generated: (\w+) -->", lambda found: _GENERATED[found[1]](), source[0])


def setup(app: object) -> None:
    """Connect the two."""
    app.connect("autodoc-process-docstring", split_names, priority=100)  # type: ignore[attr-defined]
    app.connect("source-read", fill_in)  # type: ignore[attr-defined]
