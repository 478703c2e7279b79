"""Text and JSON that are safe inside a page, whatever a file is called."""

from __future__ import annotations

import json
import re
from typing import Any

from markupsafe import Markup, escape

#: what could end the script element, or begin a comment in it
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


#: names may be broken after these, and nowhere else
_JOINT = re.compile(r"(?<=[-_:=,@+/])(?=.)")


def readable(value: Any) -> Any:
    """Return text with what UTF-8 cannot say (bytes of a file name) escaped; other values as they are."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def script_json(value: Any) -> Markup:
    """Return a value as JSON for a ``<script type="application/json">`` element."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for character, escaped in _UNSAFE.items():
        text = text.replace(character, escaped)
    return Markup(text)


def breakable(text: str) -> Markup:
    """Return a name as markup that a line may break after a hyphen, or what else joins its words."""
    return Markup("<wbr>").join(escape(readable(part)) for part in _JOINT.split(text))
