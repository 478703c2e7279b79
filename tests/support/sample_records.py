"""Records for tests."""

from __future__ import annotations

from priorbench.contract.records import Record


def record(key: str = "k", **changes) -> Record:
    """Return a record with the given fields."""
    values = {
        "key": key,
        "denoiser": "d",
        "label": "d",
        "parameters": {"k": 1},
        "plugin": "p",
        "plugin_version": "1",
        "image_set": "s",
        "image": "i",
        "image_sha256": "0",
        "height": 4,
        "width": 5,
        "channels": 3,
        "noise": "n",
        "noise_parameters": {},
        "repetition": 0,
        "stopping_rule": None,
    }
    return Record(**(values | changes))
