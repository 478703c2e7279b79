"""The clean images of trials, for the judge alone."""

from __future__ import annotations

from priorbench.contract.choice import Choice
from priorbench.contract.images import Image, ImageSet
from priorbench.contract.trial import Trial
from priorbench.loading.registry import Registry, import_factory
from priorbench.parameters.values import build
from priorbench.protocol.failure import MachineError, told_in_one_line


class CleanImages:
    """Loads images; sets, and the image that was used last, are kept for the next noise or repetition.

    Parameters
    ----------
    registry : Registry
        where image sets are found.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._sets: dict[str, ImageSet] = {}
        self._last: tuple[str, Image] | None = None

    def image(self, trial: Trial) -> Image:
        """Return a trial's image.

        Raises
        ------
        MachineError
            Where it cannot be loaded any more, or is another one than when the run was planned.
        """
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

    def _set(self, choice: Choice) -> ImageSet:
        key = _text(choice)
        if key not in self._sets:
            spec = self._registry.find("image set", choice.name).spec
            self._sets[key] = build(import_factory(spec), choice.parameters)  # type: ignore[arg-type]
        return self._sets[key]


def _text(choice: Choice) -> str:
    return f"{choice.name} {sorted(choice.parameters.items())}"
