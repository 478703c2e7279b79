"""Keys: the hash of everything that determines a record; equal key = never run again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from priorbench.contract.choice import DENOISING, Choice
from priorbench.contract.records import PROTOCOL
from priorbench.contract.trial import Trial


def record_key(trial: Trial, rule: Choice | None, provenance: Mapping[str, Any]) -> str:
    """Return the hash of everything that determines one record's result.

    Parameters
    ----------
    trial : its `keys` are not read.
    rule : the stopping rule; None for a one-shot method.
    provenance : versions and source digests of the code that is involved.
    """
    material = {
        "protocol": PROTOCOL,
        "denoiser": [trial.denoiser.name, trial.denoiser.parameters],
        "image_set": [trial.image_set.name, trial.image_set.label],
        "image": [trial.image, trial.image_sha256],
        "noise": [trial.noise.name, trial.noise.parameters],
        "repetition": trial.repetition,
        "stopping": None if rule is None else [rule.name, rule.parameters],
        "metrics": sorted(trial.metrics),
        "device": trial.device.partition(":")[0],
        "threads": trial.threads,
        "provenance": provenance,
    }
    if trial.operator.name != DENOISING.name:  # so that the keys of denoising stay what they were
        material["operator"] = [trial.operator.name, trial.operator.parameters]
    text = json.dumps(material, sort_keys=True, separators=(",", ":"), allow_nan=False, default=list)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]
