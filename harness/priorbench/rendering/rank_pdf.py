"""Pictures of ranks as PDF, for papers: drawn by matplotlib, with text that stays text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from priorbench.errors import PriorbenchError
from priorbench.rendering.rank_picture import Bracket, Picture
from priorbench.rendering.svg import folded, plain

_WIDTH = 6.5  #: of a page, in inches
_ROW = 0.14  #: height of a line of a label, in inches
_BETWEEN = 0.12  #: between rows, in inches
_LABEL = 320  #: room for a label, as `folded` counts
_AROUND = 1.3  #: height of heading, axis and caption, in inches
_STEP = 0.35  #: between brackets, in ranks
_TEXT = {"ink": "#1b1f24", "quiet": "#57606a", "bar": "#8db9e8"}


def pdf_file(pictures: Sequence[Picture]) -> bytes:
    """Return pictures as a PDF file, one on each page.

    Raises
    ------
    PriorbenchError
        If matplotlib is not installed, or no picture has two methods.
    """
    drawn = [picture for picture in pictures if len(picture.bars) > 1]
    if not drawn:
        raise PriorbenchError("there is no picture of ranks to draw: no board has two ranked methods")
    try:
        import matplotlib as mpl
        from matplotlib.backends.backend_pdf import PdfPages
        from matplotlib.figure import Figure
    except ImportError:
        raise PriorbenchError(
            "a PDF needs the package matplotlib: pip install 'priorbench[figures]'"
        ) from None
    out = io.BytesIO()
    with (
        mpl.rc_context({"pdf.fonttype": 42, "font.size": 9, "text.parse_math": False}),
        PdfPages(out, metadata={"CreationDate": None}) as pages,
    ):
        for picture in drawn:
            labels = [folded(bar.label, _LABEL, most=2) for bar in picture.bars]
            row = _BETWEEN + _ROW * max(map(len, labels))
            figure = Figure(figsize=(_WIDTH, _AROUND + row * len(labels)), layout="constrained")
            _draw(figure, picture, ["\n".join(lines) for lines in labels])
            pages.savefig(figure)
    return out.getvalue()


def _draw(figure: Any, picture: Picture, labels: Sequence[str]) -> None:
    """Draw bars from the top, dots on them, and brackets at the right."""
    axes = figure.subplots()
    places = range(len(picture.bars))
    for place, bar in zip(places, picture.bars, strict=True):
        axes.barh(place, bar.high - bar.low + 0.3, left=bar.low - 0.15, height=0.45, color=_TEXT["bar"])
        axes.plot(bar.dot, place, "o", color=_TEXT["ink"], markersize=4)
    axes.set_yticks(places, labels, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0.5, len(picture.bars) + 0.5 + _STEP * len(picture.brackets))
    axes.set_xticks(range(1, len(picture.bars) + 1))
    axes.set_xlabel(picture.axis)
    axes.grid(axis="x", color="#d0d7de", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)
    for number, bracket in enumerate(picture.brackets):
        _bracket(axes, len(picture.bars) + 0.5 + _STEP * (number + 0.5), bracket)
    figure.suptitle("\n".join(folded(picture.heading, 640, most=3)), fontsize=9, fontweight="bold")
    figure.supxlabel("\n".join(folded(picture.caption, 720, most=4)), fontsize=7, color=_TEXT["quiet"])


def _bracket(axes: Any, x: float, bracket: Bracket) -> None:
    first = bracket.members[0]
    for one, following in pairwise(bracket.members):
        line = "-" if following == one + 1 else ":"  # dotted where it passes others
        axes.plot([x, x], [one, following], color=_TEXT["quiet"], linewidth=1, linestyle=line)
    axes.plot([x] * len(bracket.members), bracket.members, "_", color=_TEXT["quiet"], markersize=6)
    axes.text(x, first - 0.45, plain(bracket.letter), ha="center", fontsize=7, color=_TEXT["quiet"])
