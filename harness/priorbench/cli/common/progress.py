"""Progress of a run: a live line on a terminal, one line for each trial elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from priorbench.contract.choice import DENOISING
from priorbench.contract.records import Noted, Record, RunSummary
from priorbench.contract.requests import Request
from priorbench.rendering.terminal.names import cut
from priorbench.rendering.terminal.width import terminal_width
from priorbench.rendering.terminal.wrapping import wrapped
from priorbench.run.progress import Progress
from priorbench.words import duration, plural, seconds, visible

#: trials, at most, before a time is estimated: the first ones include what is done once
_FEW = 10
#: seconds of a first call, beyond what its iterations take, that are worth a line
_LONG = 5.0
#: iterations of a first call
_FIRST = 3


class ProgressView:
    """Shows what runs now, what is done and left, and the time that is left.

    Parameters
    ----------
    suite : str
        name of the suite.
    planned : int
        upper bound of the number of trials.
    out : TextIO
        where to write; a bar only if it is a terminal.
    quiet : bool, default False
        tell only what was skipped, noted, remarked on or failed, and the end.
    """

    def __init__(self, suite: str, planned: int, out: TextIO, *, quiet: bool = False) -> None:
        self._suite = suite
        # not what rich says: FORCE_COLOR makes a terminal of any file, and a bar in a log is rubbish
        self._quiet, self._draws, self._out = quiet, out.isatty() and not quiet, out
        self._console = Console(file=out, highlight=False, width=terminal_width(out))
        self._progress = Progress(planned=planned)
        self._began = time.monotonic()
        self._shown: tuple[tuple[Record, Request], ...] = ()
        self._slow_starts = set[str]()
        self._skips = self._notes = self._waiting = 0
        self._live = Live(
            get_renderable=self._render, console=self._console, refresh_per_second=2, transient=True
        )

    def __enter__(self) -> ProgressView:
        """Begin to draw."""
        if self._draws:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop drawing."""
        if self._draws:
            self._live.stop()

    def __call__(self, progress: Progress) -> None:
        """Take note of a change."""
        self._progress = progress
        for name, reason in progress.skipped[self._skips :]:
            self._say(f"skipped {name}: {reason}")
        self._skips = len(progress.skipped)
        for noted in progress.notes[self._notes :]:
            self._say(note_line(noted))
        self._notes = len(progress.notes)
        if progress.waiting and not self._waiting and not self._quiet:
            self._say(f"{self._waits()}; a run that died holds its trials for a minute at most")
        self._waiting = progress.waiting
        if progress.latest is not self._shown:
            self._shown = progress.latest
            told = [one for one in progress.latest if not self._quiet or _matters(one[0])]
            lines = [f"{self._count()} {outcome(record, request)}" for record, request in told]
            if lines and not self._draws and not self._quiet and (left := self._left()):
                lines[-1] += f"; {left}"  # a log has no bar that would tell
            for line in lines:
                self._say(line)
            for record, _ in () if self._quiet else progress.latest[:1]:
                self._tell_start(record)

    def _tell_start(self, record: Record) -> None:
        """Say once of each method that its first call took long: nothing was seen to happen meanwhile."""
        if (long := starting_seconds(record)) >= _LONG and record.denoiser not in self._slow_starts:
            self._slow_starts.add(record.denoiser)
            self._say(
                f"{record.denoiser}: its first call took {long:.0f} s more than later ones: "
                "code is loaded, or compiled once for a machine, outside of all times; "
                "if it compiles, 'priorbench prepare' does that beforehand"
            )

    def conclude(self, summary: RunSummary, url: str, reason: str = "interrupted") -> None:
        """Print the last lines; `reason` is why the run was ended before its time, if it was."""
        if lost := self._progress.lost:
            self._say(f"{plural(lost, 'trial')} of this run, which was stopped, ran in another run too")
        if summary.interrupted:
            self._say(f"{reason}: run the same command again to go on")
        bad = summary.failed + summary.failed_before
        if not summary.finished and not summary.interrupted and not bad:
            self._say(f"nothing to do: {_whole(summary.resumed)} in the store already")
        anew = self._progress.rescored
        parts = [f"{anew} scored anew"] if anew else []
        parts += [f"{plural(summary.finished - anew, 'trial')} run"]
        parts += [f"{summary.resumed} found in the store"] if summary.resumed else []
        parts += [f"{summary.failed} failed"] if summary.failed else []
        parts += [f"{summary.refused} refused"] if summary.refused else []
        parts += [f"{summary.not_run} not run, to be tried again next time"] if summary.not_run else []
        parts += [f"{summary.failed_before} failed before"] if summary.failed_before else []
        parts += [f"{plural(len(summary.skipped), 'image')} skipped"] if summary.skipped else []
        hint = f"; --retry-failed runs the {bad} failed again" if bad else ""
        self._say(f"{summary.suite}: {', '.join(parts)}; {seconds(summary.seconds)} s; {url}{hint}")

    def _waits(self) -> str:
        return f"waits for {plural(self._progress.waiting, 'trial')} of another run"

    def _say(self, line: str) -> None:
        if self._draws:
            self._console.print(Text("\n".join(wrapped(visible(line), self._console.width, rest="  "))))
        else:  # in a file, a line is a line: what rich does for a terminal takes half a millisecond
            self._out.write(f"{visible(line)}\n")
            self._out.flush()

    def _count(self) -> str:
        done = self._progress.finished + self._progress.resumed
        return f"[{done}/{self._progress.planned}]"

    def _left(self) -> str:
        """Estimate the time left from the mean time of the trials so far."""
        progress = self._progress
        left = progress.planned - progress.finished - progress.resumed
        if progress.finished < min(_FEW, progress.planned // 10 + 1) or left <= 0:
            return ""
        mean = (time.monotonic() - self._began) / progress.finished
        return f"{duration(mean * left)} left"

    def _render(self) -> Table:
        """Return one line: what is left of its room is for what runs now."""
        progress, width = self._progress, self._console.width
        running = self._waits() if progress.waiting else ", ".join(progress.running[:2])
        told = [self._count(), self._left()]
        suite = cut(visible(self._suite), max(width // 5, 8))
        long = 24 if width >= 100 else 12
        done = progress.finished + progress.resumed
        bar = ProgressBar(total=max(1, progress.planned), completed=done, width=long)
        room = width - 1 - sum(cell_len(part) + 1 for part in [suite, *told]) - long - 1
        grid = Table.grid(padding=(0, 1))
        for _ in range(5):
            grid.add_column(no_wrap=True, overflow="ellipsis")
        rest = cut(visible(running), room) if room > 0 else ""
        if room < 0:
            grid.add_row(suite, *told)
        else:
            grid.add_row(suite, bar, *told, rest)
        return grid


def note_line(noted: Noted) -> str:
    """Return one line about what was done to pictures of a set."""
    others = ", with other numbers, too" if noted.numbers_differ else ""
    count = f" ({noted.pictures} such pictures{others})" if noted.pictures > 1 else ""
    return f"noted {noted.image_set}/{noted.image}: {noted.note}{count}"


def starting_seconds(record: Record) -> float:
    """Return what a method's first call took longer than such a call takes later, as far as that is known."""
    if record.first_call_seconds is None or record.wall_seconds is None or record.status != "ok":
        return 0.0
    usual = record.wall_seconds
    if record.iterations:
        usual *= min(1.0, _FIRST / record.iterations)
    return record.first_call_seconds - usual


def _matters(record: Record) -> bool:
    """Say whether who wants no progress wants to know of a trial; refusals are told before the run."""
    return record.status not in ("ok", "refused") or bool(record.remark)


def outcome(record: Record, request: Request) -> str:
    """Return one line about a record, by the names under which it was asked for."""
    rule = "" if request.stopping is None else f" ({request.stopping.label})"
    operator = "" if request.operator == DENOISING else f", {request.operator.label}"
    image = f"{request.image_set.label}/{record.image}"
    where = f"{request.denoiser.label}{rule} on {image}{operator}, {request.noise.label}"
    if record.status != "ok":
        return f"{where}: {record.status}: {record.error}"
    psnr = "exact" if record.psnr is None else f"{record.psnr:.2f} dB"
    odd = f" (!) {record.remark}" if record.remark else ""
    return f"{where}: {psnr}, {seconds(record.wall_seconds)} s{odd}"


def _whole(trials: int) -> str:
    return "the one trial is" if trials == 1 else f"all {trials} trials are"
