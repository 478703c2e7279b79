"""Records with curves whose hitting times are known."""

from __future__ import annotations

from collections.abc import Iterable

from sample_records import trial

from priorbench.contract.records import Curve, Record, to_json
from priorbench.ranking.panels import panels
from priorbench.ranking.targets import Asked, TargetBoard, target_boards
from priorbench.store.scores import scores_of


def curve(*points: tuple[int, float, float | None], residual: float | None = 0.1) -> Curve:
    """Return a curve of (iteration, seconds, PSNR)."""
    iteration, seconds, psnr = zip(*points, strict=True)
    return Curve(
        iteration=iteration, wall_seconds=seconds, psnr=psnr, residual=(residual,) * len(points), loss=()
    )


def fitted(
    label: str, image: str, *points: tuple[int, float, float | None], rule: str = "best-loss", **changes
):
    """Return a record of an iterative method with this curve, under one rule."""
    last = points[-1]
    base = {
        "stopping_rule": rule,
        "iterations": last[0],
        "wall_seconds": last[1],
        "curve": curve(*points),
        "image_sha256": image,
        "started_at": "2026-01-01T00:00:00+00:00",
    }
    key = f"{label}-{image}-{rule}-{sorted((name, str(value)) for name, value in changes.items())}"
    return trial(label, image, last[2], **({"key": key} | base | changes))


def called(label: str, image: str, psnr: float | None, seconds: float | None, **changes) -> Record:
    """Return a record of a one-shot method."""
    return trial(label, image, psnr, **({"wall_seconds": seconds, "image_sha256": image} | changes))


def boards(records: Iterable[Record], **asked) -> list[TargetBoard]:
    """Return the boards of records; `asked` has fields of `Asked`."""
    found = list(records)
    return target_boards(panels(scores_of(found)), map(to_json, found), Asked(**asked))
