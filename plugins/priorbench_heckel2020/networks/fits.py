"""What the figures that fit pictures share: targets as image sets, and when a curve is at a level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from priorbench.experiments import Line, Outcome, Results

#: no noise: the picture itself is fitted
CLEAN: Mapping[str, Any] = {"gaussian": {"label": "none", "sigma": 0}}
Curve = tuple[Sequence[int], Sequence[float]]


def phantom(side: int) -> dict[str, Any]:
    """Return the palette phantom as an entry of a suite, labelled ``image``."""
    return {"phantom": {"label": "image", "size": side}}


def uniform_noise(**settings: Any) -> dict[str, Any]:
    """Return pictures of uniform noise as an entry of a suite, labelled ``noise``."""
    return {"noise-targets": {"label": "noise", **settings}}


def phantom_norm(side: int) -> float:
    """Return the root of the sum of squares of the phantom: 85.7806 at 256 x 256."""
    import numpy as np

    from priorbench_images.phantom import Phantom

    pixels = Phantom(size=side).load(f"shepp-logan-palette-{side}").pixels
    return round(float(np.linalg.norm(pixels.astype(np.float64))), 4)


def losses(results: Results, trials: str, **labels: str) -> list[Curve]:
    """Return the training curves of the good outcomes under these labels."""
    return [one.losses for one in results.good(trials, **labels)]


def reached(level: float, curve: Curve) -> int | None:
    """Return the first iteration of the curve at which it is at `level` or below, or None."""
    return next((at for at, value in zip(*curve, strict=True) if value <= level), None)


def end(curve: Curve) -> float:
    """Return the last value of a curve; not a number where there is none."""
    return curve[1][-1] if curve[1] else float("nan")


def slowdowns(level: float, image: Sequence[Curve], noise: Sequence[Curve]) -> tuple[list[float], bool]:
    """Return how many times more iterations noise needs to a level than the image, for each noise.

    A noise that never got there counts with the iterations that were made, which is a lower bound: the second
    value says whether there is one. Nothing is returned where the image did not get there.
    """
    if not image or (first := reached(level, image[0])) is None:
        return [], False
    steps = [(reached(level, curve), curve[0][-1]) for curve in noise if curve[0]]
    return [(last if at is None else at) / first for at, last in steps], any(at is None for at, _ in steps)


def drawn(name: str, outcome: Outcome, *, errors: bool = False) -> Line:
    """Return a curve as a line: of the training error, or of the error to the clean picture."""
    x, y = outcome.errors if errors else outcome.losses
    return Line(name=name, x=list(x), y=list(y))
