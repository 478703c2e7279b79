"""The charts of quality against time: trajectories with their quartiles, and targets reached by then."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from priorbench.ranking.targets import TargetBoard
from priorbench.ranking.targets.collecting import RAW
from priorbench.ranking.targets.model import Band, MethodTimes
from priorbench.ranking.targets.notes import by_definition
from priorbench.rendering.board.clipping import NOT_CLIPPED
from priorbench.rendering.line_drawing import DASHES, Chart, Line, charts_file
from priorbench.rendering.markers import Marker, markers
from priorbench.words import plural

#: a trajectory that begins far below the noisy image does not press the rest together
_BELOW_NOISY = 3.0


def curves_file(boards: Sequence[TargetBoard]) -> str:
    """Return the charts of all boards as one SVG file."""
    looks = markers((one.label, one.name) for board in boards for one in board.methods)
    return charts_file([chart for board in boards for chart in charts(board, looks)])


def charts(board: TargetBoard, looks: Mapping[str, Marker]) -> list[Chart]:
    """Return the charts of a board that have something to show.

    Parameters
    ----------
    board : TargetBoard
        the board.
    looks : Mapping[str, Marker]
        by name of a method.
    """
    where = f"{board.setting}, {plural(board.images, 'image')}"
    compared = _in_order([one for one in board.methods if not one.excluded])
    against = (
        (
            "seconds",
            [one.against_seconds for one in compared],
            "point: a one-shot method, or a fit that its rule ended",
        ),
        ("iterations", [one.against_iterations for one in compared], "of iterative methods"),
    )
    found = [
        _quality(board, unit, where, more, list(_lines(compared, bands, looks)))
        for unit, bands, more in against
        if any(bands)
    ]
    return [*found, *_distribution(board, where, compared, looks)]


def _quality(board: TargetBoard, unit: str, where: str, more: str, lines: Sequence[Line]) -> Chart:
    every = all(line.low for line in lines)
    bands = "Band: quartiles." if every else "Band: quartiles, where nothing is averaged."
    level = f"{board.start} images, mean" + (f", {NOT_CLIPPED}" if board.unclipped else "")
    return Chart(
        heading=f"PSNR against {unit}: {where}",
        caption=f"Line: median over images, as if stopped there. {bands} {more.capitalize()}.",
        across=f"{unit} for one image (logarithmic)" if unit == "seconds" else f"{unit} (logarithmic)",
        up="PSNR, dB",
        lines=tuple(lines),
        span=_span(lines, board.noisy_psnr),
        level=None if board.noisy_psnr is None else (level, board.noisy_psnr),
    )


def _lines(
    methods: Sequence[MethodTimes], bands: Sequence[Band | None], looks: Mapping[str, Marker]
) -> Iterator[Line]:
    dashes = dict(zip((one.name for one in methods), _dashes(methods), strict=True))
    for one, band in zip(methods, bands, strict=True):
        if band is not None:
            look = looks[one.name]
            yield Line(
                name=one.name,
                label=one.label,
                colour=look.colour,
                dash=dashes[one.name],
                mark=look.character,
                at=band.at,
                value=band.median,
                low=band.low if _is_plain(one) else (),
                high=band.high if _is_plain(one) else (),
            )


def _in_order(methods: Sequence[MethodTimes]) -> list[MethodTimes]:
    """Return methods with the variants of each beside each other, its own iterates first."""
    place: dict[str, int] = {}
    for one in methods:
        place.setdefault(one.label, len(place))
    return sorted(methods, key=lambda one: (place[one.label], not _is_plain(one), one.name))


def _is_plain(one: MethodTimes) -> bool:
    """Say whether these are whole fits without an average; others have no band: it would hide theirs."""
    return one.average == RAW and one.rule is None


def _dashes(methods: Sequence[MethodTimes]) -> list[str]:
    """Return the pattern of each line; lines of one method have one colour, and a pattern each."""
    seen: Counter[str] = Counter()
    found = []
    for one in methods:
        found.append(DASHES[seen[one.label] % len(DASHES)])
        seen[one.label] += 1
    return found


def _span(lines: Sequence[Line], noisy: float | None) -> tuple[float, float]:
    """Return the ends of the axis of PSNR: all of the highest, and what is low only near noisy ones."""
    high = max(max(line.high or line.value) for line in lines)
    low = min(min(line.low or line.value) for line in lines)
    if noisy is not None:
        ends = min((line.low or line.value)[-1] for line in lines)
        low, high = max(low, min(noisy, ends) - _BELOW_NOISY), max(high, noisy)
    low, high = math.floor(low), math.ceil(high)
    return float(low), float(max(high, low + 1))


def _distribution(
    board: TargetBoard, where: str, methods: Sequence[MethodTimes], looks: Mapping[str, Marker]
) -> Iterator[Chart]:
    dashes = dict(zip((one.name for one in methods), _dashes(methods), strict=True))
    lines = tuple(
        Line(
            name=one.name,
            label=one.label,
            colour=looks[one.name].colour,
            dash=dashes[one.name],
            mark=looks[one.name].character,
            at=tuple(max(at, 1e-6) for at in one.distribution.at),
            value=one.distribution.share,
            steps=True,
        )
        for one in methods
        if one.distribution is not None and one.distribution.at
    )
    if lines:
        yield Chart(
            heading=f"targets reached against time: {where}",
            caption=(
                "Share of the pairs of a noisy image and a target that were reached by then. Targets: "
                + ", ".join(board.targets)
                + "".join(f". {line}" for line in by_definition(board.methods))
                + ". A method that is not shown reached none."
            ),
            across="seconds for one image (logarithmic)",
            up="targets reached",
            lines=lines,
            span=(0.0, 1.0),
        )
