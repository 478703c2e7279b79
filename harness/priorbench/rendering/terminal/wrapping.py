"""Lines of text that are no wider than the terminal, broken between words and never in one."""

from __future__ import annotations

import re

from rich.cells import cell_len

from priorbench.rendering.terminal.names import cut

#: where a word may end a line that is too long for a whole one: behind signs of lists, paths and parameters,
#: then behind a hyphen that joins words, then behind other signs; never in a number
_ENDS = (
    re.compile(r"(?<=[/\\:,;|])(?=[^/\\:,;|\s])"),
    re.compile(r"(?<=\w-)(?=[^\W\d_])"),
    re.compile(r"(?<=[=_@&])(?=[^=_@&\s])|(?<=\.)(?=[^\W\d_])"),
)
#: a unit stays beside its number
_UNIT = re.compile(r"(?<=\d) (?=%|(?:dB|s|ms|min|h|MiB|GiB)\b)")
_GLUE = "\u00a0"


def wrapped(text: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    """Return one line of text as lines of at most this width.

    Lines end at spaces. A word that has no room on a whole line is broken behind a sign such as ``/``, or
    behind a hyphen; a part that is still too long is cut, with an ellipsis.

    Parameters
    ----------
    text : str
        without line breaks; runs of spaces within a line are kept.
    width : int
        in characters.
    first, rest : str, default ''
        what the first line and all others begin with.
    """
    if cell_len(first) + cell_len(text) <= width:
        return [first + text]
    room = max(width - max(cell_len(first), cell_len(rest)), 1)
    lines, line, used, empty = [], first, cell_len(first), True
    for word in _UNIT.sub(_GLUE, text).split(" "):
        whole = cell_len(word) <= room
        pieces = [word] if whole else [cut(piece, room) for piece in _pieces(word, room)]
        for number, piece in enumerate(pieces):
            gap = 0 if empty or number else 1
            size = cell_len(piece)
            if not empty and used + gap + size > width:
                lines.append(line)
                line, used, gap = rest, cell_len(rest), 0
            line += " " * gap + piece
            used += gap + size
            empty = False
    return [one.replace(_GLUE, " ").rstrip() for one in (*lines, line)]


def longest_word(text: str) -> int:
    """Return the width of the longest word."""
    return max(map(cell_len, _UNIT.sub(_GLUE, text).split(" ")))


def longest_piece(text: str) -> int:
    """Return the width below which a word would have to be cut."""
    return max(cell_len(piece) for word in text.split(" ") for piece in _pieces(word, 1))


def _pieces(word: str, room: int) -> list[str]:
    """Return the parts of a word between which a line may end, as few as the room allows."""
    parts = [word]
    for end in _ENDS:
        parts = [piece for part in parts for piece in ([part] if cell_len(part) <= room else end.split(part))]
    return parts
