"""What a docstring in numpydoc form says of each parameter, in one sentence."""

from __future__ import annotations

import inspect
import itertools
import re
from typing import Any

_UNDERLINE = re.compile(r"-{3,}\s*\Z")
_ITEM = re.compile(r"(?P<names>\w+(?:\s*,\s*\w+)*)\s*(?::\s*(?P<head>.*))?\Z")
_SENTENCE_END = re.compile(r"(?<=[^\s.])\.\s+(?=[A-Z\"'`(])")
_TYPE = re.compile(
    r"(?:int|integer|float|bool|boolean|str|string|list|tuple|dict|set|sequence|mapping|callable|ndarray"
    r"|array_like|path-like|(?:\w+\.)*[A-Z]\w*|\{.*\}|'[^']*'|\"[^\"]*\")(?:\s*\[.*\])?s?\Z"
)


def parameter_summaries(factory: Any) -> dict[str, str]:
    """Return parameter name -> first sentence of its description.

    The sections ``Parameters`` and ``Attributes`` of the docstring of a class, of its ``__init__`` or of a
    function are read; an item is ``name : type`` with an indented description, or ``name : description``.
    """
    documents = [inspect.getdoc(factory)]
    if inspect.isclass(factory):
        documents.append(inspect.getdoc(factory.__init__))
    summaries: dict[str, str] = {}
    for document in documents:
        for section in ("Parameters", "Attributes"):
            for name, text in _items(_section(document or "", section)):
                summaries.setdefault(name, text)
    return summaries


def _section(document: str, title: str) -> list[str]:
    lines = document.splitlines()
    starts = [
        number
        for number in range(len(lines) - 1)
        if lines[number].strip() and not lines[number][0].isspace() and _UNDERLINE.match(lines[number + 1])
    ]
    for start, end in itertools.pairwise([*starts, len(lines)]):
        if lines[start].strip() == title:
            return lines[start + 2 : end]
    return []


def _items(lines: list[str]) -> list[tuple[str, str]]:
    items: list[tuple[list[str], str, list[str]]] = []
    for line in lines:
        if line[:1].isspace() or not line.strip():
            if items:
                items[-1][2].append(line.strip())
        elif match := _ITEM.match(line):
            names = [name.strip() for name in match["names"].split(",")]
            items.append((names, (match["head"] or "").strip(), []))
    return [(name, _summary(head, body)) for names, head, body in items for name in names]


def _summary(head: str, body: list[str]) -> str:
    """Join what describes the parameter and cut it after its first sentence."""
    described = any(body)
    words = [*([] if _is_type(head) and described else [head]), *body]
    text = " ".join(word for word in words if word)
    return _SENTENCE_END.split(text, maxsplit=1)[0].rstrip(".")


def _is_type(head: str) -> bool:
    """Tell ``float, optional`` (a type) from ``weight of the penalty`` (a description)."""
    parts = [part.strip() for part in re.split(r",(?![^\[{]*[\]}])|\||\bor\b|\bof\b", head)]
    return all(_TYPE.match(part) or re.match(r"optional\Z|default\b", part) for part in parts if part)
