"""What every drawing is made of: text, colours, the opening of an SVG; nothing that is fetched or run.

Colours are attributes, those of light mode, so that every program can show and print a file. Classes let a
page, and the style of a file, replace them in dark mode.
"""

from __future__ import annotations

from html import escape

from rich.cells import cell_len, chop_cells

from priorbench.words import one_line, visible

#: class -> (attribute, colour in light mode, colour in dark mode)
COLOURS = {
    "page": ("fill", "#ffffff", "#0f1318"),
    "ink": ("fill", "#1b1f24", "#e6e9ee"),
    "quiet": ("fill", "#57606a", "#9aa5b1"),
    "grid": ("stroke", "#d0d7de", "#333c47"),
    "bar": ("fill", "#8db9e8", "#2f6299"),
    "group": ("stroke", "#57606a", "#9aa5b1"),
}
CHARACTER = 8  #: width of a character, in a wide font, at the size of text
LINE = 16  #: height of a line of text


def dark_style() -> str:
    """Return the style element that shows a file in the colours of dark mode where that is wanted."""
    dark = "".join(f".{name}{{{what}:{colour}}}" for name, (what, _, colour) in COLOURS.items())
    return f"<style>@media (prefers-color-scheme:dark){{{dark}}}</style>"


def opening(width: float, height: float, more: str = "") -> str:
    """Return the start tag of a drawing of this size; `more` has further attributes."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}"'
        f' height="{height:g}" font-family="system-ui, sans-serif" font-size="13"{more}>'
    )


def text_element(
    x: float, y: float, text: str, colour: str, *, anchor: str = "start", bold: bool = False
) -> str:
    """Return text at a place, in the colour of a class."""
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text {colour_of(colour)} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{weight}>'
        f"{escape(plain(text))}</text>"
    )


def colour_of(name: str) -> str:
    """Return the attributes of a colour: its class, and what it is in light mode."""
    what, colour, _ = COLOURS[name]
    return f'class="{name}" {what}="{colour}"'


def plain(text: str) -> str:
    """Return text as one line that an SVG may hold, whatever a file is called."""
    return visible(one_line(text))


def folded(text: str, room: float, *, most: int) -> list[str]:
    """Return text as lines of this width, at blanks where there are any; of a long one, start and end."""
    size = max(8, int(room / CHARACTER))
    lines: list[str] = []
    for word in plain(text).split(" "):
        if lines and cell_len(f"{lines[-1]} {word}") <= size:
            lines[-1] += f" {word}"
        else:
            lines += chop_cells(word, size) or [""]
    if len(lines) <= most:
        return lines
    end = plain(text)[-size:]
    while cell_len(end) >= size:
        end = end[1:]
    return [*lines[: most - 1], f"…{end}"]
