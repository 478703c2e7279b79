"""Pictures that travel with trials: read by the run, kept by digest on the worker."""

from __future__ import annotations

import contextlib
import shutil
import threading
import uuid
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from priorbench.contract.trial import Trial
from priorbench.worker.packing import check_digest, packed

if TYPE_CHECKING:
    from priorbench.loading.registry import Registry

#: bytes that a worker keeps at most; what was used longest ago goes first
_MOST = 2 * 2**30


def wanted_by(trials: Iterable[Trial]) -> tuple[str, ...]:
    """Return the digests of all pictures that trials need."""
    found = [name for trial in trials for name in (trial.image_sha256, trial.noisy_sha256) if name]
    return tuple(dict.fromkeys(found))


class Pictures:
    """The pictures of trials, as they are sent.

    Parameters
    ----------
    registry : Registry
        where image sets are found.
    """

    def __init__(self, registry: Registry) -> None:
        from priorbench.worker.clean_images import CleanImages

        self._images = CleanImages(registry)

    def of(self, trials: Sequence[Trial], without: Collection[str]) -> dict[str, bytes]:
        """Return the pictures of trials by digest, but those that the worker has already.

        Raises
        ------
        MachineError
            Where one cannot be loaded any more, or is another one than when the run was planned.
        """
        found: dict[str, bytes] = {}
        for trial in trials:
            lacking = {trial.image_sha256, trial.noisy_sha256} - {"", *without, *found}
            if not lacking:
                continue
            image = self._images.image(trial)
            if trial.image_sha256 in lacking:
                found[trial.image_sha256] = packed(image)
            noisy = self._images.noisy(trial, image)
            if noisy is not None and trial.noisy_sha256 in lacking:
                found[trial.noisy_sha256] = packed(noisy)
        return found


class PictureFolder:
    """The pictures that a worker has got, each in a file that is called by its digest.

    Parameters
    ----------
    path : Path
        where; made for this user alone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()
        path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def take(self, pictures: Mapping[str, bytes]) -> None:
        """Keep pictures; raise `ValueError` for one that is not what its digest says."""
        for digest, data in pictures.items():
            check_digest(data, digest)
            part = self.path / f"{uuid.uuid4().hex}.part"
            part.write_bytes(data)
            part.replace(self.path / digest)
            with self._lock:
                self._sizes[digest] = len(data)

    def lacking(self, wanted: Iterable[str]) -> list[str]:
        """Return those of `wanted` that are not here; where there is too much, other pictures go."""
        wanted = list(wanted)
        with self._lock:
            for digest in wanted:
                if digest in self._sizes:
                    self._sizes.move_to_end(digest)
            while sum(self._sizes.values()) > _MOST and next(iter(self._sizes)) not in wanted:
                with contextlib.suppress(OSError):
                    (self.path / self._sizes.popitem(last=False)[0]).unlink()
        return [digest for digest in wanted if not (self.path / digest).is_file()]

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
