"""Outputs of methods, kept in a folder beside a store, so that a new metric needs no new fit."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from priorbench.contract.images import array_sha256
from priorbench.outputs import whole_file

#: what is kept if nobody says how much
USUAL = 2**32
_DIGEST = re.compile(r"[0-9a-f]{32,64}")
_OUTPUTS, _RESULTS = "outputs", "results"
#: outputs after which the folder is looked at again
_LOOK = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """Which record has the output of a result.

    Attributes
    ----------
    record : str
        key of the record.
    output : str
        digest of the output.
    """

    record: str
    output: str


class KeptOutputs:
    """Outputs in a folder: each array once, in a file named after its digest, and which result has it.

    A result is named by the key that its record has, or would have, without further metrics.

    Parameters
    ----------
    folder : Path
        is made when the first output is kept.
    limit : int, optional
        bytes of all outputs; those that were used longest ago go first.
    """

    def __init__(self, folder: Path, limit: int = USUAL) -> None:
        self._folder, self._limit = folder, limit
        self._size, self._looks_in = 0, 0

    def keep(self, result: str, record: str, output: NDArray[np.float32]) -> bool:
        """Keep the output of a result; return False where that is not possible.

        That is where it alone is larger than the limit, or where it cannot be written.

        Parameters
        ----------
        result, record : str
            key without metrics, and key of the record.
        output : ndarray of float32
            as it was scored, before clipping.
        """
        digest = array_sha256(output)
        if output.nbytes > self._limit:
            return False
        try:
            self._write(digest, result, record, output)
        except OSError:  # no room, or no right: what was measured counts all the same
            return False
        return True

    def _write(self, digest: str, result: str, record: str, output: NDArray[np.float32]) -> None:
        file = self._file(_OUTPUTS, f"{digest}.npy")
        if not file.exists():
            self._make_room(output.nbytes)
            with _written(file) as stream:
                np.save(stream, np.ascontiguousarray(output, dtype=np.float32), allow_pickle=False)
        with _written(self._file(_RESULTS, result)) as stream:
            stream.write(json.dumps({"record": record, "output": digest}).encode())

    def find(self, result: str) -> Kept | None:
        """Return which record and which output a result has; None where its output is not kept any more."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            said = json.loads(self._file(_RESULTS, result).read_text())
            kept = Kept(record=str(said["record"]), output=str(said["output"]))
            if _DIGEST.fullmatch(kept.output) and self._file(_OUTPUTS, f"{kept.output}.npy").is_file():
                return kept
        return None

    def output(self, digest: str) -> NDArray[np.float32] | None:
        """Return an output; None where it has gone. A file that does not have these pixels is removed."""
        file = self._file(_OUTPUTS, f"{digest}.npy")
        try:
            found: NDArray[np.float32] = np.load(file, allow_pickle=False)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError):
            found = np.empty(0, dtype=np.float32)
        whole = found.dtype == np.float32 and array_sha256(found) == digest
        with contextlib.suppress(OSError):
            if whole:
                os.utime(file)
            else:
                file.unlink()
        return found if whole else None

    def size(self) -> int:
        """Return the bytes of all outputs."""
        return sum(size for _, size, _ in self._files())

    def _file(self, kind: str, name: str) -> Path:
        return self._folder / kind / name[:2] / name

    def _files(self) -> list[tuple[int, int, Path]]:
        found = []
        for path in (self._folder / _OUTPUTS).glob("*/*.npy"):
            with contextlib.suppress(OSError):  # another process removed it
                about = path.stat()
                found.append((about.st_mtime_ns, about.st_size, path))
        return sorted(found)

    def _make_room(self, needed: int) -> None:
        """Remove what was used longest ago; the folder is looked at now and then, for others write, too."""
        self._size += needed
        self._looks_in -= 1
        if self._looks_in > 0 and self._size <= self._limit:
            return
        self._looks_in, files = _LOOK, self._files()
        self._size = sum(size for _, size, _ in files) + needed
        for _, size, path in files:
            if self._size <= self._limit:
                return
            with contextlib.suppress(OSError):
                path.unlink()
            self._size -= size


@contextlib.contextmanager
def _written(file: Path) -> Iterator[BinaryIO]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(file) as stream:
        yield stream
