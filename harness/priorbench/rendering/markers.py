"""How rows are told apart in every chart and table: a colour and a shape for each name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

#: visible on white and on near-black
_COLOURS = (
    "#2f7ed8", "#e8590c", "#2b9348", "#c2255c", "#8f5fd7",
    "#0c9aa8", "#b5830b", "#d6409f", "#6b7a8f", "#7a9a01",
)  # fmt: skip
#: name in bokeh, character in tables
_SHAPES = (
    ("circle", "●"), ("square", "■"), ("triangle", "▲"), ("diamond", "◆"), ("inverted_triangle", "▼"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Marker:
    """Colour as #rrggbb, marker as bokeh calls it, and as a character."""

    colour: str
    marker: str
    character: str


def markers(rows: Iterable[tuple[str, str]]) -> dict[str, Marker]:
    """Return a look for each row: rows of one method have one colour, and a shape each.

    Parameters
    ----------
    rows : Iterable[tuple[str, str]]
        (label of the method, name of the row) pairs; may repeat.

    Returns
    -------
    dict
        By name. Fifty methods with one row each are unlike.
    """
    found: dict[str, Marker] = {}
    labels: dict[str, int] = {}
    rules: Counter[str] = Counter()
    for label, name in rows:
        if name in found:
            continue
        number = labels.setdefault(label, len(labels))
        marker, character = _SHAPES[(number + number // len(_COLOURS) + rules[label]) % len(_SHAPES)]
        found[name] = Marker(colour=_COLOURS[number % len(_COLOURS)], marker=marker, character=character)
        rules[label] += 1
    return found
