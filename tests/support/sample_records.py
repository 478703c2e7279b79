"""Records for tests."""

from __future__ import annotations

from priorbench.contract.records import Record
from priorbench.ranking.leaderboard import leaderboard


def record(key: str = "k", *, label: str = "d", **changes) -> Record:
    """Return a record with the given fields, of a method that is registered as its label."""
    values = {
        "key": key,
        "denoiser": label,
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


def trial(label: str, image: str, psnr: float | None, **changes):
    """Return a record of a method on an image, whose noise is the image's own."""
    base = {
        "psnr": psnr,
        "noisy_psnr": 20.0,
        "noisy_sha256": f"noise-{image}",
        "mse": None if psnr is None else 10 ** (-psnr / 10),
        "environment": "e",
    }
    key = changes.pop("key", f"{label}-{image}-{changes}")
    return record(key, label=label, image=image, **(base | changes))


def only(records):
    """Return the one leaderboard of some records."""
    [board] = leaderboard(records)
    return board


def columns_of(means: dict[str, list[float]]):
    """Return the records of methods by their PSNR on image 0, 1, ..."""
    return [trial(label, str(n), psnr) for label, values in means.items() for n, psnr in enumerate(values)]
