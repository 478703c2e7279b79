"""Which pictures are denoised, and where each result goes; whatever would harm an original is refused."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from priorbench.cli.common.output import remark
from priorbench.errors import PriorbenchError, RequestError
from priorbench.pictures import (
    ASKED_SUFFIXES,
    OTHER_PICTURE_SUFFIXES,
    READABLE_SUFFIXES,
    WRITABLE_SUFFIXES,
    UnusableImageError,
    check_output,
    looks_like_picture,
    shown,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One picture to denoise.

    Attributes
    ----------
    source, output : Path
        the noisy picture, and the file to write.
    reference : Path or None
        the clean picture.
    compare : Path or None
        where the picture of before and after goes.
    """

    source: Path
    output: Path
    reference: Path | None
    compare: Path | None


def plan(
    paths: Sequence[Path], *, reference: Path | None, compare: Path | None, overwrite: bool
) -> tuple[Job, ...]:
    """Return what is to be done.

    Parameters
    ----------
    paths : Sequence[Path]
        pictures or folders of pictures, and last the file or the folder for the results.
    reference, compare : Path or None
        a file, or, for several pictures, a folder.
    overwrite : bool
        results may replace noisy pictures, and, in a folder, other files.

    Raises
    ------
    RequestError
        With every problem; then nothing has been written.
    """
    if len(paths) < 2:
        raise PriorbenchError(
            f"{paths[0]}: say where the result goes: priorbench denoise {paths[0]} OUTPUT.png"
        )
    *given, target = paths
    sources = [source for path in given for source in _pictures(path)]
    in_folder = target.is_dir() or len(given) > 1 or given[0].is_dir()
    folders = [folder for folder in (target, compare) if folder is not None and in_folder]
    for folder in folders:
        _check_folder(folder)
    jobs = tuple(_job(source, target, reference, compare, in_folder) for source in sources)
    problems = [*_collisions(jobs), *(text for job in jobs for text in _harm(job, sources, overwrite))]
    if in_folder and not overwrite:
        problems += [
            f"{shown(str(written))}: there is a file already; --overwrite replaces it"
            for job in jobs
            for written in filter(None, (job.output, job.compare))
            if written.exists() and not any(_same(written, source) for source in sources)
        ]
    if problems:
        raise RequestError(problems)
    for folder in folders:
        _make_folder(folder)
    for job in jobs:
        check_output(job.output)
        if job.compare is not None:
            check_output(job.compare)
    return jobs


def _pictures(path: Path) -> Iterator[Path]:
    """Yield a file itself, or the pictures of a folder in the order of their names."""
    if not path.is_dir():
        yield path
        return
    files = sorted(one for one in path.iterdir() if one.is_file())
    found = [one for one in files if _is_read(one)]
    for one in files:
        if one.suffix.lower() in OTHER_PICTURE_SUFFIXES and one not in found:
            remark(f"{shown(str(one))}: left out, for its kind is not read: save it as PNG or TIFF")
    if not found:
        raise PriorbenchError(
            f"{shown(str(path))}: no pictures in this folder ({', '.join(READABLE_SUFFIXES)})"
        )
    yield from found


def _is_read(path: Path) -> bool:
    """Tell from a file's name whether its kind is read, and from the content where a name is not enough."""
    suffix = path.suffix.lower()
    try:
        return suffix in READABLE_SUFFIXES or (suffix in ASKED_SUFFIXES and looks_like_picture(str(path)))
    except UnusableImageError:  # reading it will say why
        return True


def _check_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise PriorbenchError(f"{shown(str(folder))}: a file; several pictures need a folder for the results")
    if not folder.is_dir() and folder.suffix.lower() in READABLE_SUFFIXES:
        raise PriorbenchError(
            f"{shown(str(folder))}: named like a picture; several pictures need a folder for the results"
        )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise PriorbenchError(f"{shown(str(folder))}: cannot be made: {error.strerror}") from error


def _job(source: Path, target: Path, reference: Path | None, compare: Path | None, in_folder: bool) -> Job:
    name = source.name if source.suffix.lower() in WRITABLE_SUFFIXES else f"{source.stem}.png"
    return Job(
        source=source,
        output=target / name if in_folder else target,
        reference=reference if reference is None or not reference.is_dir() else _like(source, reference),
        compare=compare / f"{source.stem}.png" if compare and (in_folder or compare.is_dir()) else compare,
    )


def _like(source: Path, folder: Path) -> Path:
    """Return the picture of a folder that is named like a source, whatever its format."""
    same = [one for one in sorted(folder.iterdir()) if one.stem == source.stem and one.is_file()]
    same = [one for one in same if one.name == source.name] or same
    if len(same) != 1:
        what = "several pictures are" if same else "no picture is"
        raise PriorbenchError(f"{shown(str(folder))}: {what} named like {shown(source.name)}")
    return same[0]


def _collisions(jobs: Sequence[Job]) -> Iterator[str]:
    first: dict[Path, Path] = {}
    for job in jobs:
        for written in filter(None, (job.output, job.compare)):
            other = first.setdefault(written, job.source)
            if other != job.source:
                yield f"{shown(str(written))}: both {shown(str(other))} and {shown(str(job.source))} go there"
    for job in jobs:
        if job.compare is not None and _same(job.compare, job.output):
            yield f"{shown(str(job.compare))}: --compare is the output itself: give it another name"


def _harm(job: Job, sources: Sequence[Path], overwrite: bool) -> Iterator[str]:
    """Yield why a file that would be written is to stay as it is."""
    for written, what in ((job.output, "output"), (job.compare, "--compare")):
        if written is None:
            continue
        name = shown(str(written))
        noisy = next((source for source in sources if _same(written, source)), None)
        if noisy is not None and (what == "--compare" or not overwrite):
            how = "; --overwrite replaces it" if what == "output" else ": give it another name"
            yield f"{name}: the {what} is the noisy picture {shown(str(noisy))} itself{how}"
        elif job.reference is not None and _same(written, job.reference):
            yield f"{name}: the {what} is the clean picture itself: give it another name"
        elif written.exists() and not written.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
            yield f"{name}: write-protected, so it stays: chmod +w, or give another name"


def _same(one: Path, other: Path) -> bool:
    """Tell whether two paths are one file, also through links of both kinds."""
    try:
        return one.samefile(other)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)  # links may lead in a circle
