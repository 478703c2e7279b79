"""How often intervals of ratios of times hold what they say, where occasions differ: simulated.

    python tests/benchmarks/times_coverage.py --draws 4000 --between 0.1

Two methods are timed on n images on k occasions, each image on each ("crossed"), or each image on one of
them ("split", as when a run is interrupted and goes on the next day). The logarithm of a ratio is the sum of
effects of the image, of the occasion, and of the single timing. For each design the table has how often, in
per cent, the interval holds the true ratio: Student's over images alone, Student's over occasions alone, the
wider one of the two, and the one that boards show; and the median half width of that, in per cent.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from priorbench.ranking.times.ratios import half_width, variance_of_mean

Array = NDArray[np.float64]

IMAGES = (3, 12, 24, 100)
OCCASIONS = (1, 2, 3, 5, 10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """Standard deviations of the logarithm of a ratio: of images, of occasions, of single timings."""

    images: float = 0.1
    between: float = 0.1
    within: float = 0.03


def draw(rng: np.random.Generator, images: int, occasions: int, spread: Spread, split: bool) -> Array:
    """Return logarithms of ratios, (occasions, images), around 0; NaN where an image was not timed."""
    found = (
        rng.normal(0, spread.images, images)
        + rng.normal(0, spread.between, (occasions, 1))
        + rng.normal(0, spread.within, (occasions, images))
    )
    if split:
        own = np.arange(images) * occasions // images
        found[own != np.arange(occasions)[:, None]] = np.nan
    return found


def half_widths(values: Array) -> tuple[float, float, float, float]:
    """Return the centre, and the half widths over images, over occasions, and of what boards show."""
    occasion, image = np.nonzero(np.isfinite(values))
    found = values[occasion, image]
    share = 1 / (np.bincount(image)[image] * values.shape[1])
    alone = []
    for group in (image, occasion):
        count = int(group.max()) + 1
        variance = variance_of_mean(found, share, group)[0] if count > 1 else 0.0
        alone.append(special.stdtrit(max(count - 1, 1), 0.975) * np.sqrt(variance))
    return float(share @ found), alone[0], alone[1], half_width(found, share, image, occasion)


def coverage(images: int, occasions: int, spread: Spread, draws: int, *, split: bool) -> list[float]:
    """Return the coverage over images, over occasions, of the wider, of what boards show; its half width."""
    rng = np.random.default_rng(images * 1000 + occasions)
    found = np.array([half_widths(draw(rng, images, occasions, spread, split)) for _ in range(draws)])
    centre, over_images, over_occasions, shown = np.abs(found).T
    every = (over_images, over_occasions, np.maximum(over_images, over_occasions), shown)
    return [
        *(100 * float((centre <= width).mean()) for width in every),
        100 * float(np.expm1(np.median(shown))),
    ]


def lines(spread: Spread, draws: int) -> Iterator[str]:
    """Yield the table."""
    yield "| design | images | occasions | over images | over occasions | wider one | shown | half width |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for split, images, occasions in itertools.product((False, True), IMAGES, OCCASIONS):
        if not split or 1 < occasions <= images:
            *held, width = coverage(images, occasions, spread, draws, split=split)
            cells = [f"{value:.1f} %" for value in held]
            if occasions == 1:
                cells[1] = ""
            name = "split" if split else "crossed"
            yield f"| {name} | {images} | {occasions} | {' | '.join(cells)} | {width:.0f} % |"


def main() -> None:
    """Print the table that the command line asks for."""
    parser = argparse.ArgumentParser(description="Coverage of intervals of ratios of times.")
    parser.add_argument("--draws", type=int, default=4000)
    for name in ("images", "between", "within"):
        parser.add_argument(f"--{name}", type=float, default=getattr(Spread(), name))
    options = vars(parser.parse_args())
    draws = options.pop("draws")
    spread = Spread(**options)
    print(f"{spread}, {draws} draws, 95 % intervals\n")
    for line in lines(spread, draws):
        print(line, flush=True)


if __name__ == "__main__":
    main()
