"""Draws figures with matplotlib: a PNG and an SVG file of each, the same whenever the data are the same."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from priorbench.experiments.figures import Chart, Figure, HeatMap, Line, Panel, Pictures
from priorbench.outputs import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing
    from matplotlib.figure import SubFigure

#: colours of Okabe and Ito, which people with any colour vision tell apart
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#8a8a8a")
_PANEL = 4.2, 3.1
_PICTURE = 2.1
_STYLES: dict[str, dict[str, Any]] = {
    "line": {},
    "dashes": {"linestyle": "--"},
    "points": {"linestyle": "none", "marker": "o", "markersize": 4},
    "steps": {"drawstyle": "steps-mid"},
}
_SETTINGS: Any = {
    "svg.hashsalt": "priorbench",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}


def can_draw() -> bool:
    """Say whether matplotlib is installed."""
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None


def draw(figure: Figure, folder: Path, name: str) -> tuple[str, ...]:
    """Write ``name.png`` and ``name.svg`` into a folder; return the names of the files."""
    import matplotlib as mpl
    from matplotlib.figure import Figure as Drawing

    with mpl.rc_context(_SETTINGS):
        rows = list(_rows(figure))
        heights = [_height(row) for row in rows]
        drawing = Drawing(figsize=(max(map(_width, rows)), sum(heights)))
        parts = drawing.subfigures(len(rows), 1, squeeze=False, height_ratios=heights)[:, 0]
        colours = _colours(figure.panels)
        for row, part in zip(rows, parts, strict=True):
            _draw_row(row, part, colours)
        return tuple(_save(drawing, folder / f"{name}{suffix}") for suffix in (".png", ".svg"))


def _rows(figure: Figure) -> Iterator[list[Panel]]:
    """Yield the rows of panels; pictures have a row of their own."""
    row: list[Panel] = []
    for panel in figure.panels:
        if isinstance(panel, Pictures):
            if row:
                yield row
            yield [panel]
            row = []
            continue
        row.append(panel)
        if len(row) == figure.columns:
            yield row
            row = []
    if row:
        yield row


def _width(row: Sequence[Panel]) -> float:
    if isinstance(row[0], Pictures):
        return _PICTURE * len(row[0].pictures)
    return _PANEL[0] * len(row)


def _height(row: Sequence[Panel]) -> float:
    return _PICTURE + 0.7 if isinstance(row[0], Pictures) else _PANEL[1]


def _colours(panels: Sequence[Panel]) -> dict[str, str]:
    """Return one colour for each name of a line, the same in all panels."""
    names = dict.fromkeys(
        line.name for panel in panels if not isinstance(panel, Pictures) for line in panel.lines
    )
    return {name: _COLOURS[place % len(_COLOURS)] for place, name in enumerate(names)}


def _draw_row(row: Sequence[Panel], part: SubFigure, colours: dict[str, str]) -> None:
    if isinstance(row[0], Pictures):
        _draw_pictures(row[0], part)
        return
    places = part.subplots(1, len(row), squeeze=False)[0]
    for panel, axes in zip(row, places, strict=True):
        if isinstance(panel, Chart):
            _draw_chart(panel, axes, colours)
        elif isinstance(panel, HeatMap):
            _draw_map(panel, axes, part, colours)


def _draw_chart(chart: Chart, axes: Axes, colours: dict[str, str]) -> None:
    _label(chart, axes)
    for line in chart.lines:
        _draw_line(line, axes, colours[line.name])
    if chart.log_x:
        axes.set_xscale("log")
    if chart.log_y:
        axes.set_yscale("log")
    if chart.x_limits:
        axes.set_xlim(*chart.x_limits)
    if chart.y_limits:
        axes.set_ylim(*chart.y_limits)
    if len(chart.lines) > 1:
        axes.legend(fontsize=7.5)


def _draw_line(line: Line, axes: Axes, colour: str) -> None:
    x, y = np.asarray(line.x, dtype=float), np.asarray(line.y, dtype=float)
    axes.plot(x, y, color=colour, label=line.name, linewidth=1.3, **_STYLES[line.style])
    if len(line.low):
        axes.fill_between(x, line.low, line.high, color=colour, alpha=0.2, linewidth=0)


def _draw_map(chart: HeatMap, axes: Axes, part: SubFigure, colours: dict[str, str]) -> None:
    _label(chart, axes)
    low, high = chart.value_limits
    values = np.array(chart.values, dtype=float)
    shown = axes.pcolormesh(
        _edges(chart.x), _edges(chart.y), values, vmin=low, vmax=high, cmap="viridis", rasterized=True
    )
    part.colorbar(shown, ax=axes).set_label(chart.value_label, fontsize=7.5)
    axes.set_xlim(*_edges(chart.x)[[0, -1]])
    axes.set_ylim(*_edges(chart.y)[[0, -1]])
    for line in chart.lines:
        axes.plot(line.x, line.y, color="white", linewidth=3, **_STYLES[line.style])
        axes.plot(line.x, line.y, color=colours[line.name], label=line.name, **_STYLES[line.style])
    if chart.lines:
        axes.legend(fontsize=7.5, frameon=True)


def _draw_pictures(row: Pictures, part: SubFigure) -> None:
    part.suptitle(row.title, fontsize=10)
    places = part.subplots(1, len(row.pictures), squeeze=False)[0]
    for picture, axes in zip(row.pictures, places, strict=True):
        pixels = _pixels(picture.pixels)
        axes.imshow(pixels, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axes.set_title(picture.caption, fontsize=8)
        axes.axis("off")


def _pixels(pixels: Any) -> Any:
    """Return (height, width) or (height, width, 3) on the 0..1 scale."""
    if isinstance(pixels, bytes):
        from PIL import Image

        return np.asarray(Image.open(io.BytesIO(pixels)), dtype=np.float64) / 255
    array = np.clip(np.asarray(pixels, dtype=np.float64), 0, 1)
    if array.ndim == 3:
        return array[0] if len(array) == 1 else array.transpose(1, 2, 0)
    return array


def _edges(middles: Sequence[float]) -> Any:
    """Return the edges of cells with these middles."""
    at = np.asarray(middles, dtype=float)
    if len(at) == 1:
        return np.array([at[0] - 0.5, at[0] + 0.5])
    between = (at[1:] + at[:-1]) / 2
    return np.concatenate([[2 * at[0] - between[0]], between, [2 * at[-1] - between[-1]]])


def _label(panel: Chart | HeatMap, axes: Axes) -> None:
    axes.set_title(panel.title)
    axes.set_xlabel(panel.x_label)
    axes.set_ylabel(panel.y_label)


def _save(drawing: Drawing, path: Path) -> str:
    """Write a drawing; nothing in the file depends on when it was written."""
    metadata = {"Date": None} if path.suffix == ".svg" else {"Software": None}
    with whole_file(path) as file:
        drawing.savefig(file, format=path.suffix[1:], dpi=160, metadata=metadata)
    return path.name
