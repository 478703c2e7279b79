"""The images of trials, for the judge alone: the clean ones, and the noisy ones that sets bring."""

from __future__ import annotations

from typing import cast

from priorbench.contract.choice import Choice
from priorbench.contract.images import Image, ImageSet, NoisyImage, PairedImageSet
from priorbench.contract.trial import Trial
from priorbench.loading.registry import Registry, import_factory
from priorbench.parameters.values import build
from priorbench.protocol.failure import MachineError, told_in_one_line
from priorbench.protocol.frames import frame_of
from priorbench.worker.pictures import SentPictures


class CleanImages:
    """Loads images; sets, and the image that was used last, are kept for the next noise or repetition.

    Parameters
    ----------
    registry : Registry
        where image sets are found.
    sent : SentPictures or None, optional
        pictures that came with the trials; they go before those of this machine's sets.
    """

    def __init__(self, registry: Registry, sent: SentPictures | None = None) -> None:
        self._registry, self._sent = registry, sent
        self._sets: dict[str, ImageSet] = {}
        self._last: tuple[str, Image] | None = None

    def image(self, trial: Trial) -> Image:
        """Return a trial's image.

        Raises
        ------
        MachineError
            Where it cannot be loaded any more, or is another one than when the run was planned.
        """
        if self._sent is not None:
            return self._sent.image(trial)
        key = f"{_text(trial.image_set)} {trial.image}"
        if self._last is None or self._last[0] != key:
            try:
                self._last = (key, self._set(trial.image_set).load(trial.image))
            except Exception as error:  # it could be loaded when the run was planned
                raise MachineError(
                    f"image '{trial.image}' cannot be loaded: {told_in_one_line(error)}"
                ) from error
        image = self._last[1]
        if image.sha256 != trial.image_sha256:
            raise MachineError(f"image '{trial.image}' changed since the run began; start the run again")
        return image

    def noisy(self, trial: Trial, image: Image) -> NoisyImage | None:
        """Return the noisy picture that a trial's image set brings; None where noise is drawn.

        Raises
        ------
        MachineError
            Where it cannot be loaded any more, or is another one than when the run was planned.
        """
        if not trial.noisy_sha256:
            return None
        if self._sent is not None:
            return self._sent.noisy(trial)
        members = cast(PairedImageSet, self._set(trial.image_set))
        try:
            given = frame_of(members, image, trial.repetition)
        except Exception as error:  # it could be loaded when the run was planned
            raise MachineError(
                f"the noisy picture of '{trial.image}' cannot be loaded: {told_in_one_line(error)}"
            ) from error
        if given.sha256 != trial.noisy_sha256:
            raise MachineError(
                f"the noisy picture of '{trial.image}' changed since the run began; start the run again"
            )
        return given

    def _set(self, choice: Choice) -> ImageSet:
        key = _text(choice)
        if key not in self._sets:
            spec = self._registry.find("image set", choice.name).spec
            self._sets[key] = build(import_factory(spec), choice.parameters)  # type: ignore[arg-type]
        return self._sets[key]


def _text(choice: Choice) -> str:
    return f"{choice.name} {sorted(choice.parameters.items())}"
