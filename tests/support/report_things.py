"""A store with everything that a report shows, and names that try to break a page."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sample_records import record

from priorbench.contract.images import array_sha256
from priorbench.contract.records import Curve, Record
from priorbench.protocol.crops import crops
from priorbench.ranking.leaderboard import leaderboard
from priorbench.report import html_report
from priorbench.store.database import Store

HOSTILE = "<img src=x onerror=alert(1)>.png"
SCRIPT_END = "a</script><script>alert(2)</script>&amp;<!--.png"
NOT_UTF8 = "caf\udce9.png"
IMAGES = (HOSTILE, SCRIPT_END, NOT_UTF8, *(f"image-{number}.png" for number in range(5)))


def trial(label: str, image: int, psnr: float | None, /, **changes) -> Record:
    """Return a record of the `image`-th image."""
    noise = changes.get("noise", "gaussian-25")
    base = {
        "label": label,
        "image": IMAGES[image],
        "image_sha256": f"{image:064}",
        "image_set": "set-a",
        "noise": "gaussian-25",
        "noise_parameters": {"sigma": 25 / 255},
        "sigma": 25 / 255,
        "noisy_sha256": f"{noise}-{image}",
        "noisy_psnr": 20.0,
        "psnr": psnr,
        "mse": 0.001,
        "ssim": 0.9,
        "wall_seconds": 0.1,
        "environment": "e1",
        "started_at": "2026-01-01T00:00:00+00:00",
    }
    changes = dict(changes)
    key = changes.pop("key", hashlib.sha256(repr((label, image, changes)).encode()).hexdigest())
    return record(key, **(base | changes))


def iterative(label: str, image: int, psnr: float, /, seconds: float = 8.0, **changes) -> Record:
    """Return a record with a curve that ends at `psnr` after `seconds`."""
    curve = Curve(
        iteration=(1, 10, 100),
        wall_seconds=(seconds / 100, seconds / 10, seconds),
        psnr=(psnr - 10, psnr - 4, psnr),
        residual=(0.3, 0.2, 0.1),
    )
    return trial(
        label,
        image,
        psnr,
        wall_seconds=seconds,
        curve=curve,
        stopping_rule="fixed",
        iterations=100,
        **changes,
    )


def sample_records() -> list[Record]:
    """Return two boards: one-shot and iterative methods, a failing one, one with a hostile name."""
    found = []
    for number in range(len(IMAGES)):
        found += [
            trial("sharp", number, 30.0 + number % 3, wall_seconds=2.0),
            trial("fast", number, 27.0 + number % 2, wall_seconds=0.01),
            trial("<b>bold</b>", number, 26.0, wall_seconds=1.0),
            iterative("network", number, 29.0 + number % 2),
            trial("fast", number, 24.0, noise="gaussian-50"),
            trial("sharp", number, 25.0 + number % 2, noise="gaussian-50"),
        ]
    failing = {"status": "crashed", "error": "ended by <signal 9>", "printed": "</pre><i>last words</i>"}
    found += [trial("fragile", number, None if number < 2 else 26.5, **(failing if number < 2 else {}))
              for number in range(len(IMAGES))]  # fmt: skip
    return found


def pictured_records(*, methods: int, images: int) -> tuple[list[Record], dict[str, NDArray[np.float32]]]:
    """Return one-shot records with crops, and the whole images by "image, what".

    Method m has PSNR 20 + m + image, and its output is noise that only a large PNG file can hold.
    """
    rng = np.random.default_rng(0)
    found, pixels = [], {}
    for image in range(images):
        clean = pixels[f"image-{image}, clean"] = rng.random((3, 200, 220), dtype=np.float32)
        noisy = pixels[f"image-{image}, noisy"] = clean + rng.normal(0, 0.1, clean.shape).astype(np.float32)
        for method in range(methods):
            output = pixels[f"image-{image}, m{method}"] = rng.random(clean.shape, dtype=np.float32)
            changes = {
                "image": f"image-{image}",
                "image_set": "pictured",
                "image_sha256": array_sha256(clean),
                "noisy_sha256": array_sha256(noisy),
                "output_sha256": array_sha256(output),
                "crops": crops({array_sha256(one): one for one in (clean, noisy, output)}),
                "key": f"{method} of {image}",
            }
            found.append(trial(f"m{method}", 0, 20.0 + method + image, **changes))
    return found, pixels


def half_wrong_record() -> Record:
    """Return a record with crops: flat grey, noisy 0.1 off everywhere, output 0.2 off in the left half."""
    clean = np.full((3, 128, 128), 0.4, dtype=np.float32)
    noisy, output = clean + np.float32(0.1), clean.copy()
    output[:, :, :64] += np.float32(0.2)
    images = dict(zip(("image_sha256", "noisy_sha256", "output_sha256"), (clean, noisy, output), strict=True))
    digests = {name: array_sha256(image) for name, image in images.items()}
    return trial("half", 3, 20.0, crops=crops({digests[name]: images[name] for name in images}), **digests)


def make_store(folder: Path, records: list[Record]) -> Store:
    """Return a store of records."""
    store = Store(f"sqlite:///{folder / 'report.db'}")
    store.add(records)
    store.add_environment("e1", {"processor": "Chip <9>", "cores": 8, "versions": {"numpy": "2.0"}})
    return store


def make_page(folder: Path, records: list[Record]) -> str:
    """Return the report of records."""
    store = make_store(folder, records)
    page = html_report(leaderboard(store.scores()), store)
    store.close()
    return page
