"""How often ranks and intervals are wrong, on draws whose truth is known.

``python tests/benchmarks/statistics_coverage.py --draws 1000`` prints the tables of
docs/explanation/statistics.md as Markdown; ``--draws 100`` takes a few minutes. They are of the code that
boards are made with. What it is set beside is written here: the rule that boards had before, and other
intervals.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import special

from priorbench.ranking.claims import Claims
from priorbench.ranking.inference.paired import Quality
from priorbench.ranking.inference.ranks import Ranks, ranks
from priorbench.ranking.inference.statistics import mean_intervals

Array = NDArray[np.float64]
Generator = np.random.Generator

IMAGES = (3, 5, 8, 12, 24, 68)
METHODS = 10
LEVEL = 0.95
RESAMPLES = 2000
CLAIMS = Claims(level=LEVEL, rope=0.0)  # a region of practical equivalence could only lower the rates


def normal(rng: Generator, *shape: int) -> Array:
    """Draw standard normal values."""
    return rng.standard_normal(shape)


def lognormal(rng: Generator, *shape: int) -> Array:
    """Draw values whose logarithms are standard normal, less their mean."""
    return rng.lognormal(size=shape) - np.exp(0.5)


def skewed(rng: Generator, *shape: int) -> Array:
    """Draw less skewed lognormal values, of sigma 0.5, less their mean."""
    return rng.lognormal(sigma=0.5, size=shape) - np.exp(0.125)


def rare_failures(rng: Generator, *shape: int) -> Array:
    """Draw normal values of deviation 0.3, of which one in 20 is lower by 5, less their mean."""
    return 0.3 * rng.standard_normal(shape) - 5 * (rng.random(shape) < 0.05) + 0.25


def of_two_lognormal(rng: Generator, *shape: int) -> Array:
    """Draw differences of two lognormal values: symmetric, with heavy tails."""
    return lognormal(rng, *shape) - lognormal(rng, *shape)


def unlike_skewed(rng: Generator, methods: int, images: int) -> Array:
    """Draw lognormal values whose size goes from 0.1 for the first method to 3 for the last."""
    return lognormal(rng, methods, images) * np.linspace(0.1, 3, methods)[:, None]


Draw = Callable[..., Array]
EQUAL: dict[str, Draw] = {
    "normal": normal,
    "lognormal": lognormal,
    "rare failures": rare_failures,
    "lognormal, sizes 0.1 to 3": unlike_skewed,
}
SAMPLES: dict[str, Draw] = {
    "normal": normal,
    "difference of lognormal": of_two_lognormal,
    "skewed": skewed,
    "lognormal": lognormal,
    "rare failures": rare_failures,
}


def ranked(psnr: Array) -> Ranks:
    """Rank methods by their PSNR on each image: (methods, images)."""
    panel = SimpleNamespace(by_image=lambda values: values, slots=psnr.shape[1])
    quality = Quality(panel=cast(Any, panel), psnr=psnr, exact=np.zeros(psnr.shape, dtype=bool))
    rows = range(len(psnr))
    return ranks(quality, rows, [f"{row:03}" for row in rows], CLAIMS)


def told_apart(found: Ranks) -> bool:
    """Say whether any two methods are."""
    return any(pair.better for pair in found.pairs.values())


def leader_rule(psnr: Array, interval: Callable[[Array], Array]) -> list[int]:
    """Return ranks by the rule before: a new one where the interval to the leader of the group excludes 0."""
    order = np.argsort(-psnr.mean(axis=1))
    leader, found = order[0], [1]
    for place, row in enumerate(order[1:], start=2):
        low, high = interval(psnr[[row]] - psnr[[leader]])[0]
        apart = not low <= 0 <= high
        leader = row if apart else leader
        found.append(place if apart else found[-1])
    return found


def student(values: Array) -> Array:
    """Return the intervals that boards have: (rows, 2)."""
    return np.array([(one.low, one.high) for one in mean_intervals(values, LEVEL) if one is not None])


def resampled(values: Array) -> tuple[Array, Array]:
    """Return each row's deviation of the mean, and the standard deviation, over resamples of the images."""
    images = values.shape[1]
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, images, (RESAMPLES, images)) + images * np.arange(RESAMPLES)[:, None]
    weights = np.bincount(drawn.ravel(), minlength=RESAMPLES * images).reshape(RESAMPLES, images) / images
    deviations = values - values.mean(axis=1, keepdims=True)
    means = deviations @ weights.T
    variances = np.maximum(deviations**2 @ weights.T - means**2, 0) * images / (images - 1)
    return means, np.sqrt(variances)


def expanded_bca(values: Array) -> Array:
    """Return the intervals that boards had before: BCa with expanded tails (Hesterberg 2015, section 5.3)."""
    images = values.shape[1]
    means, _ = resampled(values)
    tail = special.ndtr(-np.sqrt(images / (images - 1)) * special.stdtrit(images - 1, (1 + LEVEL) / 2))
    deviations = values - values.mean(axis=1, keepdims=True)
    below = (means < -1e-12).mean(axis=1) + 0.5 * (np.abs(means) <= 1e-12).mean(axis=1)
    bias = special.ndtri(below)[:, None]
    skew = ((deviations**3).sum(axis=1) / (6 * (deviations**2).sum(axis=1) ** 1.5))[:, None]
    shifted = bias + special.ndtri(tail) * np.array([1, -1])
    levels = special.ndtr(bias + shifted / (1 - skew * shifted))
    ends = [np.quantile(row, np.nan_to_num(level, nan=0.5)) for row, level in zip(means, levels, strict=True)]
    return values.mean(axis=1)[:, None] + np.array(ends)


def bootstrap_t(values: Array) -> Array:
    """Return intervals of the studentised bootstrap (Efron and Tibshirani 1993, section 12.5)."""
    means, spreads = resampled(values)
    own = values.std(axis=1, ddof=1)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = np.where(spreads > 1e-9 * own, means / spreads, np.nan)
    low, high = np.nanquantile(scaled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1)
    centre, error = values.mean(axis=1), own[:, 0]
    return np.column_stack([centre - high * error, centre - low * error])


def error_rates(draws: int, rng: Generator) -> Iterator[list[str]]:
    """Yield in how many per cent of draws some one of equal methods is shown to be worse; now, and before."""
    for images in IMAGES:
        cells = [str(images)]
        for draw in EQUAL.values():
            now = before = 0
            for _ in range(draws):
                psnr = draw(rng, METHODS, images)
                now += told_apart(ranked(psnr))
                before += max(leader_rule(psnr, expanded_bca)) > 1
            cells.append(f"{100 * now / draws:.1f} ({100 * before / draws:.0f})")
        yield cells


def power(draws: int, rng: Generator) -> Iterator[list[str]]:
    """Yield how often the worst is shown to be worse than the best, of ten methods in even steps."""
    for images in IMAGES:
        cells = [str(images)]
        for distance in (0.5, 1.0, 2.0):
            steps = -distance * np.arange(METHODS)[:, None] / (METHODS - 1)
            now = before = alone = 0
            for _ in range(draws):
                psnr = normal(rng, METHODS, images) / np.sqrt(2) + steps
                now += ranked(psnr).against(METHODS - 1, 0)[1] < 0
                order = np.argsort(-psnr.mean(axis=1)).tolist()
                places = leader_rule(psnr, expanded_bca)
                before += places[order.index(METHODS - 1)] > places[order.index(0)]
                alone += bool(student(psnr[[-1]] - psnr[[0]])[0, 1] < 0)
            cells.append(" / ".join(f"{100 * count / draws:.0f}" for count in (now, before, alone)))
        yield cells


def coverage(draws: int, rng: Generator) -> Iterator[list[str]]:
    """Yield how many of 100 intervals hold the true mean: Student's t, expanded BCa, bootstrap-t."""
    for images in IMAGES:
        cells = [str(images)]
        for draw in SAMPLES.values():
            values = draw(rng, draws, images)
            found = []
            for interval in (student, expanded_bca, bootstrap_t):
                low, high = interval(values).T
                found.append(f"{100 * np.mean((low <= 0) & (high >= 0)):.0f}")
            cells.append(" / ".join(found))
        yield cells


def contradictions(draws: int, rng: Generator) -> Iterator[list[str]]:
    """Yield in how many per cent of pairs p and interval of one comparison contradict each other."""
    for images in IMAGES[2:]:
        cells = [str(images)]
        for draw in (normal, lognormal):
            count = 0
            for _ in range(draws):
                difference = draw(rng, 1, images) + 2 / np.sqrt(images)
                found = ranked(np.vstack([difference, np.zeros(images)])).pairs[0, 1].difference
                assert found is not None and found.interval is not None
                excludes = not found.interval.low <= 0 <= found.interval.high
                count += excludes != (found.p <= 1 - LEVEL)
            cells.append(f"{100 * count / draws:.1f}")
        yield cells


def hopeless(draws: int, rng: Generator) -> Iterator[list[str]]:
    """Yield in how many per cent of draws a fifth method, worse by 10, changes who of four are told apart."""
    for images in IMAGES:
        changed = 0
        for _ in range(draws):
            four = normal(rng, 4, images) + rng.normal(0, 0.7, (4, 1))
            five = np.vstack([four, normal(rng, 1, images) - 10])
            alone, together = ranked(four), ranked(five)
            changed += any(
                alone.against(*pair)[1] != together.against(*pair)[1] for pair in combinations(range(4), 2)
            )
        yield [str(images), f"{100 * changed / draws:.1f}"]


def table(title: str, heads: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    """Print a Markdown table, line by line."""
    print(f"\n{title}\n\n| {' | '.join(heads)} |\n|{' ---: |' * len(heads)}")
    for line in lines:
        print(f"| {' | '.join(line)} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--only", choices=("errors", "power", "coverage", "contradictions", "hopeless"))
    chosen = parser.parse_args()
    draws = chosen.draws
    tables: dict[str, tuple[str, Sequence[str], Callable[[int, Generator], Iterator[list[str]]]]] = {
        "errors": (
            "Ten equal methods: draws in which some one is shown to be worse, % (in parentheses: before)",
            ["images", *EQUAL],
            error_rates,
        ),
        "power": (
            "Ten methods in even steps: worst shown to be worse than best, % (now / before / pair alone)",
            ["images", *(f"distance {distance:g}" for distance in (0.5, 1, 2))],
            power,
        ),
        "coverage": (
            "Intervals at 95 % that hold the true mean, % (Student's t / expanded BCa / bootstrap-t)",
            ["images", *SAMPLES],
            coverage,
        ),
        "contradictions": (
            "Pairs whose p and interval contradict each other, %",
            ["images", "normal", "lognormal"],
            contradictions,
        ),
        "hopeless": (
            "A hopeless fifth method changes who of four are told apart, %",
            ["images", "changed"],
            hopeless,
        ),
    }
    for name, (title, heads, lines) in tables.items():
        if chosen.only in (None, name):
            table(title, heads, lines(draws, np.random.default_rng(2026)))


if __name__ == "__main__":
    main()
