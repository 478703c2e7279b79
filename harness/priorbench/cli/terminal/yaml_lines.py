"""Prints YAML: on a terminal its lines are folded such that it is the same YAML still."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator

from priorbench.cli.common.output import print_text

#: after this, the lines that are further to the right are one text
_BLOCK = re.compile(r"[:-] [>|][-+0-9]*$")


def print_yaml(text: str) -> None:
    """Print YAML, or lines of comments that belong to it."""
    from priorbench.rendering.terminal.width import terminal_width

    width = terminal_width(sys.stdout)
    print_text(text if width is None else folded(text, width))


def folded(text: str, width: int) -> str:
    """Return YAML in lines of at most this width, with the same content; as it is where that cannot be.

    What stands in a line goes on in the next one, further to the right. A comment that has no room behind
    something stands above it.
    """
    from priorbench.suite.yaml_text import YamlError, read_yaml

    found = "\n".join(_all_folded(text.rstrip("\n").split("\n"), width))
    try:
        same = read_yaml(found).data == read_yaml(text).data
    except YamlError:
        same = False
    return found if same else text


def _all_folded(lines: Iterable[str], width: int) -> Iterator[str]:
    """Yield the lines; those of a text that has its own lines in YAML go on without a further indent."""
    block = None
    for line in lines:
        indent = len(line) - len(line.lstrip(" "))
        if block is not None and line.strip() and indent <= block:
            block = None
        yield from _folded(line, width, "    " if block is None else "")
        if block is None and _BLOCK.search(line):
            block = indent


def _folded(line: str, width: int, further: str) -> list[str]:
    from priorbench.rendering.terminal.wrapping import wrapped

    content = line.lstrip(" ")
    indent = line[: len(line) - len(content)]
    if content.startswith("#"):
        return wrapped(content[1:].lstrip(), width, first=f"{indent}# ", rest=f"{indent}# ")
    if len(wrapped(line, width)) == 1:
        return [line]
    code, sign, comment = content.partition("  #")
    above = wrapped(comment.strip(), width, first=f"{indent}# ", rest=f"{indent}# ") if sign else []
    return [*above, *wrapped(code.rstrip(), width, first=indent, rest=indent + further)]
