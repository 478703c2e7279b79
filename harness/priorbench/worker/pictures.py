"""Pictures that come with trials, for machines without the image set: kept in a folder, by digest."""

from __future__ import annotations

from pathlib import Path

from priorbench.contract.images import Image, NoisyImage
from priorbench.contract.trial import Trial
from priorbench.protocol.failure import MachineError
from priorbench.words import one_line
from priorbench.worker.packing import unpacked_image, unpacked_noisy


class SentPictures:
    """The pictures in a folder, each in a file named after its digest.

    Parameters
    ----------
    folder : Path
        who brings the trials puts the files there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def image(self, trial: Trial) -> Image:
        """Return a trial's clean image; raise `MachineError` where it is not there, or is another one."""
        try:
            return unpacked_image(self._read(trial.image_sha256), trial.image, trial.image_sha256)
        except (OSError, ValueError) as error:
            raise MachineError(
                f"image '{trial.image}' did not come with its trial: {one_line(error)}"
            ) from error

    def noisy(self, trial: Trial) -> NoisyImage:
        """Return a trial's noisy picture; raise `MachineError` as `image` does."""
        try:
            return unpacked_noisy(self._read(trial.noisy_sha256), trial.noisy_sha256)
        except (OSError, ValueError) as error:
            raise MachineError(
                f"the noisy picture of '{trial.image}' did not come with its trial: {one_line(error)}"
            ) from error

    def _read(self, digest: str) -> bytes:
        return (self._folder / digest).read_bytes()
