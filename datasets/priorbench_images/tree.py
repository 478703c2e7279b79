"""Walk a folder: every picture once, every problem named, nothing decoded."""

from __future__ import annotations

import heapq
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from priorbench import PriorbenchError, SkippedImage
from priorbench.pictures import (
    ASKED_SUFFIXES,
    READABLE_SUFFIXES,
    UnusableImageError,
    looks_like_picture,
    shown,
)
from priorbench_images.entered import Entered
from priorbench_images.names import id_of

Entry = str | SkippedImage

_UNPACK_FIRST = frozenset({".tar", ".gz", ".tgz", ".zip", ".parquet", ".tfrecord", ".npz"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Tree:
    """What a folder holds.

    Attributes
    ----------
    entries : tuple[str or SkippedImage, ...]
        names of the picture files relative to the folder, with ``/``, sorted; and, in their places, what
        should have been entered but could not.
    ignored : Mapping[str, int]
        suffix -> number of other files. Hidden files are not counted.
    """

    entries: tuple[Entry, ...]
    ignored: Mapping[str, int]


def scan(root: str, *, recursive: bool = True, follow_links: bool = False) -> Tree:
    """List the pictures in a folder.

    A name's last suffix decides, in either case; a file without a suffix, or with that of HEIC, counts if it
    begins like a picture that is read.
    Links to files are followed, links to folders only if that is asked for. Each folder is entered once, so
    that no picture counts twice and no links lead round in a circle. Hidden files and folders, and the
    ``._*`` that macOS leaves beside every picture, are passed over in silence.

    Parameters
    ----------
    root : str
        a folder.
    recursive : bool, default True
        enter its folders too.
    follow_links : bool, default False
        enter the folders that links lead to, after all others.

    Raises
    ------
    PriorbenchError
        the folder cannot be read, or it holds nothing to try.
    """
    entries: list[Entry] = []
    ignored: Counter[str] = Counter()
    pending, links = [""], list[str]()
    entered = Entered(root)
    passed = 0
    while pending or links:
        prefix = pending.pop() if pending else heapq.heappop(links)
        try:
            if problem := entered.problem(prefix):
                entries.append(_problem(prefix, problem))
                continue
            children = list(os.scandir(os.path.join(root, prefix)))  # noqa: PTH118 - prefix may be empty
        except OSError as error:
            if not prefix:
                raise PriorbenchError(f"{shown(root)} cannot be read: {error.strerror}") from error
            entries.append(_problem(prefix, f"folder cannot be read: {(error.strerror or '').lower()}"))
            continue
        for child in children:
            if child.name.startswith("."):
                continue
            if child.is_dir(follow_symlinks=False):
                pending += [f"{prefix}{child.name}/"] if recursive else []
                passed += not recursive
            elif follow_links and recursive and _is_link_to_folder(child):
                heapq.heappush(links, f"{prefix}{child.name}/")
            elif entry := _entry(child, prefix, recursive):
                entries.append(entry)
            else:
                ignored[_suffix(child.name)] += 1
    if not entries:
        raise PriorbenchError(
            f"{shown(root)} holds no images{_what_instead(ignored)}{_elsewhere(root, passed)}"
        )
    return Tree(entries=tuple(sorted(entries, key=_sort_key)), ignored=ignored)


def files(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield the names of files, without the problems."""
    return (entry for entry in entries if isinstance(entry, str))


def _entry(child: os.DirEntry[str], prefix: str, recursive: bool) -> Entry | None:
    """Return what a child that is no folder adds to the set, or None."""
    name = prefix + child.name
    if _is_link_to_folder(child):
        return (
            _problem(name, "link to a folder: not followed (follow_links=true does)") if recursive else None
        )
    return name if _may_be_picture(child) else None


def _is_link_to_folder(child: os.DirEntry[str]) -> bool:
    try:
        return child.is_symlink() and child.is_dir()
    except OSError:  # a loop of links is not a folder; reading it says what it is
        return False


def _may_be_picture(child: os.DirEntry[str]) -> bool:
    suffix = _suffix(child.name)
    if suffix and suffix not in ASKED_SUFFIXES:
        return suffix in READABLE_SUFFIXES
    try:
        if not child.is_file():
            return child.is_symlink() and not os.path.exists(child.path)  # noqa: PTH110 - a broken link is told
        return looks_like_picture(child.path)
    except (OSError, UnusableImageError):
        return True  # reading it will say why it cannot be read


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122


def _problem(name: str, reason: str) -> SkippedImage:
    return SkippedImage(id=id_of(name), reason=reason)


def _sort_key(entry: Entry) -> str:
    return entry if isinstance(entry, str) else entry.id


def _what_instead(ignored: Counter[str]) -> str:
    if not ignored:
        return ""
    kinds = ", ".join(f"{count} {suffix or 'without a suffix'}" for suffix, count in ignored.most_common(3))
    hint = "; unpack them first" if _UNPACK_FIRST & set(ignored) else ""
    return f" (other files: {shown(kinds)}{hint})"


def _elsewhere(root: str, passed: int) -> str:
    """Say how many folders inside were not entered, or that the folder around it has pictures."""
    if passed:
        return f"; {passed} folder{'' if passed == 1 else 's'} inside it not entered: recursive=true does"
    around = os.path.dirname(os.path.abspath(root))  # noqa: PTH100, PTH120 - may have stray bytes
    try:
        with os.scandir(around) as children:
            count = sum(_suffix(child.name) in READABLE_SUFFIXES for child in children)
    except OSError:
        return ""
    return f"; the folder around it, {shown(around)}, has {count}" if count else ""
