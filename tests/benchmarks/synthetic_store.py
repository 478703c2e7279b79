"""A store of made-up records, as large as wanted: to measure how long a leaderboard takes.

    python tests/benchmarks/synthetic_store.py synthetic.db --methods 20 --images 1000 --noises 5

PSNR is the sum of a method's, an image's and a trial's effect, so that neighbouring methods cannot always be
told apart; a few trials fail; every fourth method is iterative and, with --curves, has a curve.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from priorbench.contract.records import Curve, Record
from priorbench.store.database import Store

BATCH = 5000
CURVE_POINTS = 25


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """How many of everything; `failing` is the share of trials that crash."""

    methods: int = 20
    images: int = 1000
    noises: int = 5
    repetitions: int = 1
    failing: float = 0.001
    curves: bool = False

    def __len__(self) -> int:
        """Return the number of records."""
        return self.methods * self.images * self.noises * self.repetitions


def synthetic_records(shape: Shape, seed: int = 0) -> Iterator[Record]:
    """Yield the records of a run, image by image."""
    rng = np.random.default_rng(seed)
    method_effects = np.sort(rng.normal(0, 1.0, shape.methods))
    image_effects = rng.normal(0, 2.5, shape.images)
    blocks = itertools.product(range(shape.images), range(shape.noises), range(shape.repetitions))
    for image, noise, repetition in blocks:
        own = rng.normal(0, 0.4, shape.methods)
        seconds = np.exp(rng.normal(0, 0.1, shape.methods) + np.arange(shape.methods) / 3)
        failed = rng.random(shape.methods) < shape.failing
        for method in range(shape.methods):
            yield _record(
                shape,
                place=(image, noise, repetition, method),
                psnr=float(32 - 2.5 * noise + method_effects[method] + image_effects[image] + own[method]),
                seconds=float(seconds[method]),
                failed=bool(failed[method]),
            )


def write(url: str, shape: Shape, seed: int = 0) -> None:
    """Make a store."""
    store = Store(url)
    records = synthetic_records(shape, seed)
    while batch := list(itertools.islice(records, BATCH)):
        store.add(batch)
    store.close()


def _record(
    shape: Shape, *, place: tuple[int, int, int, int], psnr: float, seconds: float, failed: bool
) -> Record:
    image, noise, repetition, method = place
    iterative = method % 4 == 3
    common = {
        "key": _digest("key", *place)[:32],
        "denoiser": f"method-{method}",
        "parameters": {"strength": 0.1, "iterations": 3000} if iterative else {"strength": 0.1},
        "plugin": "synthetic",
        "plugin_version": "1.0",
        "plugin_source": "0123456789abcdef",
        "image_set": "synthetic",
        "image": f"folder/image-{image:05d}.png",
        "image_sha256": _digest("image", image),
        "height": 256,
        "width": 256,
        "channels": 3,
        "noise": f"gaussian-{10 * (noise + 1)}",
        "noise_parameters": {"sigma": 10 * (noise + 1) / 255},
        "sigma": 10 * (noise + 1) / 255,
        "repetition": repetition,
        "stopping_rule": "fixed" if iterative else None,
        "noisy_sha256": _digest("noisy", image, noise, repetition),
        "noisy_psnr": 28.13 - 20 * float(np.log10(noise + 1)),
        "environment": "5c1f0b7a9e3d",
        "started_at": "2026-01-01T00:00:00+00:00",
    }
    if failed:
        return Record(**common, status="crashed", error="the process was ended by signal 9")
    return Record(
        **common,
        psnr=psnr,
        mse=10 ** (-psnr / 10),
        noise_correlation=min(1.0, 10 ** ((common["noisy_psnr"] - psnr) / 20)),
        ssim=1 / (1 + float(np.exp(-psnr / 10))),
        wall_seconds=seconds,
        cpu_seconds=seconds,
        setup_seconds=0.01,
        peak_memory_bytes=2**27,
        iterations=3000 if iterative else None,
        oracle_psnr=psnr + 0.2 if iterative else None,
        output_sha256=_digest("output", *place),
        curve=_curve(psnr, seconds) if iterative and shape.curves else None,
    )


def _curve(psnr: float, seconds: float) -> Curve:
    iterations = np.unique(np.geomspace(1, 3000, CURVE_POINTS).astype(int))
    share = iterations / iterations[-1]
    return Curve(
        iteration=tuple(int(i) for i in iterations),
        wall_seconds=tuple(float(s) for s in seconds * share),
        psnr=tuple(float(p) for p in psnr - 12 * (1 - share**0.2)),
        residual=tuple(float(r) for r in 0.1 + 0.3 * (1 - share**0.2)),
    )


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def main() -> None:
    """Make a store as the command line says."""
    parser = argparse.ArgumentParser(description="Make a store of made-up records.")
    parser.add_argument("file", type=Path)
    for name in ("methods", "images", "noises", "repetitions"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Shape(), name))
    parser.add_argument("--failing", type=float, default=Shape().failing)
    parser.add_argument("--curves", action="store_true")
    options = vars(parser.parse_args())
    file = options.pop("file")
    shape = Shape(**options)
    write(f"sqlite:///{file}", shape)
    print(f"{file}: {len(shape)} records, {file.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
