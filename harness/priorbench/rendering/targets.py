"""Quality against time as text: what to pick, time to target, and shares of targets that were reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from rich.console import Console

from priorbench.ranking.targets import TargetBoard
from priorbench.ranking.targets.model import MethodTimes, Pick, Reached, Within
from priorbench.rendering.board.clipping import NOT_CLIPPED, clipping_note
from priorbench.rendering.latex import latex_table
from priorbench.rendering.tables import column, csv_table, markdown_table, print_grid
from priorbench.rendering.terminal.grid import arranged
from priorbench.rendering.times import DISTURBED
from priorbench.words import number, percent, plural, significant

Columns = Mapping[str, list[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A table: what it is, of which board, its columns as cells, its notes, and the method of each line."""

    title: str
    where: str
    columns: Columns
    notes: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def heading(self) -> str:
        """The title, and of which board."""
        return f"{self.title}: {self.where}"

    @property
    def size(self) -> int:
        """Number of lines."""
        return len(self.labels)


#: below each table of a paper
_SHORT = {
    "what to pick": "method: highest mean PSNR of the last iterate by then; the best so far is an oracle's",
    "time to target": "expected running time, in parentheses the share of fits that reached the target",
    "PSNR when the time is over": "mean over images of the last iterate by then, in dB",
    "share of targets reached": "of the pairs of a noisy image and a target",
}
_NEVER = "never"
#: heading of the methods whose best iterate is the best
_BEST = "best so far (oracle)"
_NAMES = ("method", _BEST)
_UNITS = ((3600.0, "h"), (60.0, "min"))


def targets_table(boards: Sequence[TargetBoard], console: Console) -> None:
    """Print the boards for a person; targets for which there is no room are named."""
    for board in boards:
        for part in sections(board):
            columns = [column(name, cells, _NAMES) for name, cells in part.columns.items()]
            last_first = [one.heading for one in reversed(columns[2:])]
            grid = arranged(columns, console.width, last_first, rule=True)
            print_grid(console, part.heading, grid, [False] * part.size, part.notes)


def targets_markdown(boards: Sequence[TargetBoard]) -> str:
    """Return the boards as Markdown."""
    parts = [part for board in boards for part in sections(board)]
    return "\n".join(markdown_table(part.heading, part.columns, part.notes) for part in parts)


def targets_latex(boards: Sequence[TargetBoard]) -> str:
    """Return a ``table`` for each part of a board."""
    parts = [part for board in boards for part in sections(board)]
    tables = [latex_table(part.heading, part.columns, {}, _below(part), part.notes) for part in parts]
    return "\n".join([r"% needs \usepackage{booktabs}", *tables])


def _below(part: Section) -> list[str]:
    """Return what a reader of a paper's table must know; all of it stands in its comments."""
    return [_SHORT[part.title], *(["* timing disturbed"] if DISTURBED in part.notes else [])]


def targets_csv(boards: Sequence[TargetBoard]) -> str:
    """Return one line for each method and target."""
    return csv_table(
        [_flat(board, method, one) for board in boards for method in board.methods for one in method.reached]
    )


def sections(board: TargetBoard) -> list[Section]:
    """Return the tables of a board; those without a line are left out, and the last has the board's notes."""
    where = f"{board.setting} ({plural(board.images, 'image')})"
    shares = [one.label for one in _with_shares(board)]
    compared = [one.label for one in _with_quality(board)]
    every = [
        ("what to pick", pick_columns(board), pick_notes(board), [""] * len(board.picks)),
        ("time to target", target_columns(board), target_notes(board), [one.label for one in board.methods]),
        ("PSNR when the time is over", quality_columns(board), quality_notes(board), compared),
        ("share of targets reached", share_columns(board), share_notes(board), shares),
    ]
    found = [
        Section(
            title=title,
            where=where,
            columns=columns,
            notes=(*notes, *_marks(columns["method"])),
            labels=tuple(labels),
        )
        for title, columns, notes, labels in every
        if labels
    ]
    return [*found[:-1], *(replace(part, notes=(*part.notes, *board_notes(board))) for part in found[-1:])]


def _marks(names: Sequence[str]) -> list[str]:
    return [DISTURBED] if any(name.endswith(" *") for name in names) else []


def pick_columns(board: TargetBoard) -> Columns:
    """Return what to pick for each time."""
    picks = board.picks
    columns = {
        "for": [amount(one.seconds) for one in picks],
        "machine": [one.conditions for one in picks],
        "method": [_picked(one) for one in picks],
        "PSNR dB": [number(one.psnr, 2) for one in picks],
        "gain dB": [number(one.gain, 2, sign=True) for one in picks],
        "none yet": [str(one.without or "") for one in picks],
        _BEST: [one.best_method or "" for one in picks],
        "its dB": [number(one.best_psnr, 2) for one in picks],
    }
    if len(set(columns["machine"])) < 2:
        del columns["machine"]
    return {name: cells for name, cells in columns.items() if any(cells)}


def _picked(pick: Pick) -> str:
    return "none is ready" if pick.method is None else pick.method + (" *" if pick.tainted else "")


def pick_notes(board: TargetBoard) -> list[str]:
    """Return what a reader of the picks must know."""
    lines = [
        "for: this time a picture; method: the highest mean PSNR of the LAST iterate by then, stopped by the"
        " clock; 'priorbench compare' says what is told apart",
        f"{_BEST}: likewise of the best iterate by then, which takes the clean image to choose",
    ]
    if any(one.without for one in board.picks):
        lines.append("none yet: images without a result by then; each counts as noisy as it was")
    return lines


def target_columns(board: TargetBoard) -> Columns:
    """Return the expected running time of each method on each target, with the success rate below 100 %."""
    named = named_methods(board)
    cells = {
        target: [_cell(method, method.reached[place]) for method in board.methods]
        for place, target in enumerate(board.targets)
    }
    return {"method": named, **cells}


def named_methods(board: TargetBoard) -> list[str]:
    """Return the names of methods, with a mark on those whose timings are marked."""
    return [one.name + (" *" if one.tainted else "") for one in board.methods]


def _cell(method: MethodTimes, one: Reached) -> str:
    if not one.fits:
        return ""
    if not one.successes:
        return _NEVER
    share = "" if one.successes == one.fits else f" ({percent(one.rate)})"
    if not method.timed:
        return f"–{share}"
    return f"{duration(one.expected_seconds)}{share}"


def target_notes(board: TargetBoard) -> list[str]:
    """Return what a reader of the times must know."""
    clipping = f", which is {NOT_CLIPPED}" if board.unclipped else ""
    lines = [
        "expected running time: seconds of all fits (successful or not), divided by the number of successes"
        " (in parentheses the share of fits that reached the target, if not all); each point of a curve has"
        " about 10 % more iterations than the one before",
    ]
    if board.targets[:1] == ("noisy+3",):
        lines.append(f"noisy+3: 3 dB above the noisy image{clipping}")
    base = next((name for name in board.targets if not name.startswith("noisy")), None)
    if base is not None:
        lines.append(f"{base}: relative to the result of that method on the same noisy image")
    apart: dict[str, list[str]] = {}
    for one in board.methods:
        if one.excluded:
            apart.setdefault(one.excluded, []).append(one.name)
    lines += [f"not compared: {', '.join(names)}: {reason}" for reason, names in apart.items()]
    return lines


def quality_columns(board: TargetBoard) -> Columns:
    """Return the mean PSNR of the last iterate of each compared method by each time."""
    methods = _with_quality(board)
    columns = {"method": [one.name + (" *" if one.tainted else "") for one in methods]}
    for place, first in enumerate(methods[0].within if methods else ()):
        columns[amount(first.seconds)] = [_mean(one.within[place]) for one in methods]
    return columns


def _mean(one: Within) -> str:
    return number(one.psnr, 2) + (f" ({one.without})" if one.without else "")


def quality_notes(board: TargetBoard) -> list[str]:
    """Return what a reader of the means must know."""
    lines = ["mean over images of the last iterate by then, in dB, stopped by the clock"]
    if any(one.without for method in board.methods for one in method.within):
        lines.append("in parentheses: images without a result by then; each counts as noisy as it was")
    return lines


def _with_quality(board: TargetBoard) -> list[MethodTimes]:
    return [one for one in board.methods if any(own.psnr is not None for own in one.within)]


def share_columns(board: TargetBoard) -> Columns:
    """Return the share of pairs of an image and a target that each method has reached by each time."""
    timed = _with_shares(board)
    columns = {"method": [one.name + (" *" if one.tainted else "") for one in timed]}
    for place, first in enumerate(timed[0].within if timed else ()):
        columns[amount(first.seconds)] = [percent(one.within[place].reached) for one in timed]
    return columns


def _with_shares(board: TargetBoard) -> list[MethodTimes]:
    return [one for one in board.methods if any(own.reached is not None for own in one.within)]


def share_notes(board: TargetBoard) -> list[str]:
    """Return what a reader of the shares must know."""
    fits = plural(board.fits, "noisy image")
    targets = plural(len(board.targets), "target")
    return [f"of the pairs of {fits} and {targets}, those that were reached within that time a picture"]


def board_notes(board: TargetBoard) -> list[str]:
    """Return the notes of a board, and its noisy images."""
    start = board.noisy_psnr
    clipping = f", {NOT_CLIPPED}" if board.unclipped else ""
    first = [] if start is None else [f"{board.start} images: {number(start, 2)} dB on average{clipping}"]
    return [*first, *([clipping_note()] if first and board.unclipped else []), *board.notes]


def amount(seconds: float) -> str:
    """Return a time that somebody asked for."""
    for size, unit in _UNITS:
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def duration(seconds: float | None) -> str:
    """Return a duration in seconds."""
    return "" if seconds is None else f"{significant(seconds)} s"


def _flat(board: TargetBoard, method: MethodTimes, one: Reached) -> dict[str, Any]:
    nested = ("reached", "within", "against_seconds", "against_iterations", "distribution", "own_targets")
    left = (*nested, "fits")
    own = {name: getattr(method, name) for name in MethodTimes.__dataclass_fields__ if name not in left}
    return {
        "protocol": board.protocol,
        **asdict(board.setting),
        "noisy_psnr": board.noisy_psnr,
        **own,
        **asdict(one),
        "rate": one.rate,
    }
