"""Ids of images: a file's name as valid text, and back."""

from __future__ import annotations

import re

from priorbench import PriorbenchError
from priorbench.pictures import shown

# A byte that is not UTF-8 reaches Python as a lone surrogate, U+DC80 to U+DCFF. It is written as the text
# \udcXX. A name that has such a text already gets x5c (the backslash) put in, so that ids stay different.
_SURROGATE = re.compile("[\udc80-\udcff]")
_LOOKS_ESCAPED = re.compile(r"\\((?:x5c)*)(?=udc[89a-f][0-9a-f])")
_ESCAPED = re.compile(r"\\udc([89a-f][0-9a-f])")
_ESCAPED_BACKSLASH = re.compile(r"\\x5c((?:x5c)*)(?=udc[89a-f][0-9a-f])")


def id_of(name: str) -> str:
    """Return the id of a file: its relative name, every stray byte written out; always valid UTF-8."""
    if name.isascii() and "udc" not in name:  # nearly every name
        return name
    safe = _LOOKS_ESCAPED.sub(r"\\x5c\1", name)
    return _SURROGATE.sub(lambda match: f"\\udc{ord(match[0]) & 0xFF:02x}", safe)


def file_of(image_id: str) -> str:
    """Return the relative name whose id this is; refuse one that leads out of the folder."""
    name = _ESCAPED.sub(lambda match: chr(0xDC00 | int(match[1], 16)), image_id)
    name = _ESCAPED_BACKSLASH.sub(r"\\\1", name)
    parts = name.split("/")
    if "" in parts or ".." in parts or "." in parts:
        raise PriorbenchError(
            f"image '{shown(image_id)}': an id is a path relative to its folder, without '..'"
        )
    return name
