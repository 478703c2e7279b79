"""Runs methods on both sides in turns, round by round, each run with a store of its own."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from priorbench.contract.records import Record
from priorbench.errors import PriorbenchError
from priorbench.store.database import Store
from priorbench.watch.children import last_line, start
from priorbench.watch.sides import Side
from priorbench.words import duration

_RAN = (0, 1)  # 1: some trials failed, which is a result
_INTERRUPTED = (129, 130, 143)  # SIGHUP, Ctrl-C, SIGTERM: often sent to all processes of a group


@dataclass(frozen=True, kw_only=True, slots=True)
class Problems:
    """What every method has to solve: values of the options of ``priorbench run``.

    Attributes
    ----------
    images, noise, stopping : str
        one choice of each.
    threads : int or None, optional
        of a worker; None = the default of a run.
    """

    images: str = "photos:crop=128,limit=3"
    noise: str = "gaussian-25"
    stopping: str = "fixed"
    threads: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """What one trial gave; see `priorbench.contract.records.Record` for the fields."""

    status: str
    error: str | None = None
    noisy_sha256: str | None = None
    output_sha256: str | None = None
    psnr: float | None = None
    mse: float | None = None
    wall_seconds: float | None = None
    peak_memory_bytes: int | None = None
    tainted: str | None = None


#: image and repetition
Key = tuple[str, int]
#: the trials of one round
Round = Mapping[Key, Sample]
#: of a method: its rounds in the base and in the head
Measured = tuple[Sequence[Round], Sequence[Round]]


def measure(
    sides: tuple[Side, Side],
    methods: Mapping[str, str],
    codes: Mapping[str, tuple[str, str]],
    problems: Problems,
    *,
    rounds: int,
    folder: Path,
    tell: Callable[[str], None],
) -> Mapping[str, Measured]:
    """Measure methods on both sides.

    Parameters
    ----------
    sides : tuple[Side, Side]
        base and head.
    methods : Mapping[str, str]
        as asked for -> name.
    codes : Mapping[str, tuple[str, str]]
        name -> digest of its code on both sides.
    problems : Problems
        what they solve.
    rounds : int
        how often.
    folder : Path
        for the stores, each of which is removed once it is read.
    tell : callable
        gets a line with the time left before each round but the first, and before each run of that one but
        its first.

    Raises
    ------
    PriorbenchError
        Where a run does not begin, or ran other code than that of its side.
    """
    found: dict[str, tuple[list[Round], list[Round]]] = {text: ([], []) for text in methods}
    began, batches = time.monotonic(), list(_batches(methods))
    runs = 2 * len(batches)  # of each round
    for number in range(rounds):
        order = (0, 1) if number % 2 == 0 else (1, 0)  # neither is always the first
        for run, (batch, which) in enumerate(itertools.product(batches, order)):
            if (done := number * runs + run) and (not number or not run):
                left = (time.monotonic() - began) / done * (rounds * runs - done)
                part = "" if number else f" run {run + 1} of {runs},"
                tell(f"round {number + 1} of {rounds},{part} about {duration(left)} left")
            side = sides[which]
            records = _run(side, batch, problems, folder / f"{side.word}.db")
            for record in records:
                _check(side, record, codes[record.denoiser][which])
            for text, name in batch.items():
                own = (record for record in records if record.denoiser == name)
                samples = {(record.image, record.repetition): _sample(side, record) for record in own}
                found[text][which].append(samples)
    return found


def _batches(methods: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """Yield methods to be run together: none twice, so that a record tells which choice it belongs to."""
    left = dict(methods)
    while left:
        first: dict[str, str] = {}
        for text, name in left.items():
            first.setdefault(name, text)
        yield {text: name for name, text in first.items()}
        left = {text: name for text, name in left.items() if first[name] != text}


def _run(side: Side, texts: Iterable[str], problems: Problems, store: Path) -> list[Record]:
    arguments = ["priorbench", "run", "-", "--images", problems.images, "--noise", problems.noise]
    arguments += ["--stopping", problems.stopping, "--pictures", "0", "--jobs", "1", "--store", str(store)]
    arguments += [part for text in texts for part in ("--denoiser", text)]
    arguments += ["--threads", str(problems.threads)] if problems.threads else []
    status, _, err = start(side, arguments)
    if status in _INTERRUPTED:
        raise KeyboardInterrupt
    if status not in _RAN:
        raise PriorbenchError(f"{side.shown}: {last_line(err)}")
    opened = Store(str(store), create=False)
    try:
        return list(opened.records(curves=False))
    finally:
        opened.close()
        for file in store.parent.glob(f"{store.name}*"):  # SQLite has files beside
            file.unlink()


def _check(side: Side, record: Record, code: str) -> None:
    if record.plugin_source != code:
        raise PriorbenchError(
            f"denoiser '{record.denoiser}': the code that ran is not that of {side.shown} "
            f"({record.plugin_source or 'unknown'}, not {code}): was a file changed meanwhile?"
        )


def _sample(side: Side, record: Record) -> Sample:
    return Sample(
        status=record.status,
        error=record.error and side.within(record.error),
        noisy_sha256=record.noisy_sha256,
        output_sha256=record.output_sha256,
        psnr=record.psnr,
        mse=record.mse,
        wall_seconds=record.wall_seconds,
        peak_memory_bytes=record.peak_memory_bytes,
        tainted=record.tainted,
    )
