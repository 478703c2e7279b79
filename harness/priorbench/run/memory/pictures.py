"""What plans remember of pictures, so that a file that did not change is not decoded again.

An entry has a picture's id, digest, shape and notes, under its paths, for one image set with all its
parameters and for one state of the code that decodes. It counts as long as size, times and inode of every
file are what they were. A file that was younger than two seconds when it was read is not remembered: another
change could carry the same time. And whatever is remembered, the judge reads the pixels and refuses those of
another digest than the plan's; so a wrong entry can stop a trial, and never give a wrong number.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from priorbench import caching
from priorbench.contract.choice import Choice
from priorbench.contract.images import KnownImage
from priorbench.contract.specs import ImageSetSpec
from priorbench.errors import PriorbenchError
from priorbench.loading.digests import code_digest, core_digest, digest_of
from priorbench.machine.description import versions
from priorbench.run.memory import files

#: of what `_entry` writes; raised when that changes
_FORM = 1
#: distributions that decode pictures
_DECODERS = ("numpy", "pillow", "tifffile", "imagecodecs", "scipy")
#: nanoseconds that a file must be older than its reading: no file system's times are coarser
_SETTLED = 2 * 10**9
#: pictures that are remembered of one set, at most
_MOST = 200_000
#: new pictures after which a file is written, at least
_MANY = 1000

#: size, time of the last change of the content, of anything, and inode of each file
Stamps = list[list[int]]


class Remembered:
    """What is remembered of the pictures of one image set.

    Parameters
    ----------
    file : Path or None
        where it is kept; None remembers nothing.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._entries = {} if file is None else files.read(file)
        self._new: dict[bytes, bytes] = {}
        self._asked: tuple[str, bytes, tuple[str, ...], Stamps, int] | None = None

    def known(self, image_id: str, paths: tuple[str, ...]) -> KnownImage | None:
        """Return what is remembered of an image; None where nothing is, or a file changed."""
        self._asked = None
        now = time.time_ns()
        stamps = None if self._file is None else _stamps(paths)
        if stamps is None:
            return None
        key = _key(image_id, paths)
        self._asked = (image_id, key, paths, stamps, now)
        text = self._entries.get(key) or self._new.get(key)
        return None if text is None else _known(image_id, text, stamps)

    def learn(self, image: KnownImage) -> None:
        """Remember an image that was just read, if it is the one that was asked for last."""
        asked, self._asked = self._asked, None
        if asked is None or asked[0] != image.id or len(self._entries) + len(self._new) >= _MOST:
            return
        _, key, paths, stamps, now = asked
        settled = all(max(changed, any_) < now - _SETTLED for _, changed, any_, _ in stamps)
        if settled and _stamps(paths) == stamps:
            self._new[key] = _entry(image, stamps)
            if len(self._new) >= max(_MANY, len(self._entries) // 2):
                self.save()

    def save(self) -> None:
        """Write what is new; where that fails, it is read again next time."""
        new, self._new = self._new, {}
        if new and self._file is not None:
            self._entries.update(new)
            files.add(self._file, new, _MOST)


#: remembers nothing
NOTHING = Remembered(None)


def remembered(choice: Choice, spec: ImageSetSpec, frames: int) -> Remembered:
    """Return what is remembered of an image set.

    Parameters
    ----------
    choice, spec : Choice or ImageSetSpec
        which set.
    frames : int
        noisy pictures that are wanted of each image; 0 where noise is drawn.
    """
    folder = caching.folder("pictures")
    if folder is None:
        return Remembered(None)
    try:
        code = code_digest(spec.factory).digest
    except PriorbenchError:
        return Remembered(None)
    pictures = Path(__file__).parents[2] / "pictures"
    about = {
        "form": _FORM,
        "set": [choice.name, choice.parameters, spec.factory, code],
        "frames": frames,
        "core": core_digest(),
        "pictures": digest_of({str(file.relative_to(pictures)): file for file in pictures.rglob("*.py")}),
        "versions": versions(_DECODERS),
        "python": platform.python_version(),
    }
    text = json.dumps(about, sort_keys=True, default=list)
    return Remembered(folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.pictures")


def _key(image_id: str, paths: Sequence[str]) -> bytes:
    text = "\0".join([image_id, *map(os.path.abspath, paths)])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32].encode()


def _stamps(paths: Sequence[str]) -> Stamps | None:
    """Return what tells a change of files; None where one of them cannot be asked."""
    try:
        found = [os.stat(path) for path in paths]  # noqa: PTH116 - paths may have stray bytes
    except (OSError, ValueError):
        return None
    return [[one.st_size, one.st_mtime_ns, one.st_ctime_ns, one.st_ino] for one in found]


def _entry(image: KnownImage, stamps: Stamps) -> bytes:
    values = [stamps, image.sha256, image.shape, image.notes, image.noisy]
    return json.dumps(values, separators=(",", ":")).encode()


def _known(image_id: str, text: bytes, stamps: Stamps) -> KnownImage | None:
    """Return what an entry says, if it is one and the files did not change."""
    try:
        values: Any = json.loads(text)
        had, digest, (channels, height, width), notes, noisy = values
    except (ValueError, TypeError):
        return None
    if had != stamps or not all(isinstance(part, str) for part in (digest, *notes, *noisy)):
        return None
    return KnownImage(
        id=image_id,
        sha256=digest,
        shape=(int(channels), int(height), int(width)),
        notes=tuple(notes),
        noisy=tuple(noisy),
    )
