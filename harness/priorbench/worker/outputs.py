"""The outputs of trials: kept after they were scored, and scored again for further metrics."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from priorbench.contract.images import Image
from priorbench.contract.records import Record, from_json
from priorbench.contract.trial import Trial
from priorbench.protocol.failure import MachineError
from priorbench.protocol.metrics import clip01
from priorbench.protocol.scoring import further

if TYPE_CHECKING:
    from priorbench.store.kept_outputs import KeptOutputs


class Outputs:
    """Keeps outputs in the folders that trials name, and reads them."""

    def __init__(self) -> None:
        self._folders: dict[tuple[str, int], KeptOutputs] = {}

    def keep(self, trial: Trial, outputs: Sequence[NDArray[np.float32] | None]) -> None:
        """Keep the outputs of a trial, where it asks for that; one that cannot be written is not kept.

        Parameters
        ----------
        trial : Trial
            whose.
        outputs : sequence of ndarray or None
            one for each key; None where there is none.
        """
        if not trial.outputs_limit:
            return
        kept = self._folder(trial)
        for result, key, output in zip(trial.results, trial.keys, outputs, strict=True):
            if output is not None:
                kept.keep(result, key, output)

    def scored_again(
        self, trial: Trial, clean: Image, metrics: Mapping[str, Callable[[Any, Any], float | None]]
    ) -> tuple[Record, ...]:
        """Return the records of a trial from those that lack its metrics: the method does not run.

        Parameters
        ----------
        trial : Trial
            with `Trial.known`.
        clean : Image
            its clean image.
        metrics : Mapping[str, callable]
            those of the trial, by name.

        Raises
        ------
        MachineError
            If an output has gone since the run was planned.
        """
        records = []
        for key, text in zip(trial.keys, trial.known, strict=True):
            record = from_json(json.loads(text))
            output = self._folder(trial).output(record.output_sha256 or "")
            if output is None:
                raise MachineError("the kept output has gone since the run began; start the run again")
            scores = further(clip01(output), clean.pixels, metrics)
            records.append(replace(record, key=key, metrics=scores))
        return tuple(records)

    def _folder(self, trial: Trial) -> KeptOutputs:
        from priorbench.store.kept_outputs import KeptOutputs  # it has no part in any number

        place = (trial.outputs, trial.outputs_limit)
        if place not in self._folders:
            self._folders[place] = KeptOutputs(Path(trial.outputs), trial.outputs_limit)
        return self._folders[place]
