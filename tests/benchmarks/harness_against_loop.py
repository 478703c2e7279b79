"""Compares the time of a fit in the harness with that of a bare loop over the same method.

    python tests/benchmarks/harness_against_loop.py --threads 2

Both run in one process with a worker's settings, in turn; the harness looks at the points of the curve and
scores them, as in a run. A difference is time that the harness takes from the method that it times.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from priorbench.machine.settings import worker_environment


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A method on an image of a size.

    Attributes
    ----------
    method : str
        as on the command line.
    side : int
        of the image, in pixels.
    iterations : int
        of one fit.
    """

    method: str
    side: int
    iterations: int


CASES = (
    Case(method="deep-decoder-under", side=64, iterations=1000),
    Case(method="deep-decoder-under", side=256, iterations=200),
    Case(method="deep-decoder-over", side=64, iterations=80),
    Case(method="deep-decoder-over", side=256, iterations=16),
    Case(method="dip", side=64, iterations=100),
    Case(method="dip", side=256, iterations=24),
)


def main() -> None:
    """Compare every case in a process that has a worker's settings."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        compare(options.threads, options.rounds)
        return
    words = ["--threads", str(options.threads), "--rounds", str(options.rounds), "--inside"]
    environment = {**os.environ, **worker_environment(options.threads)}
    subprocess.run([sys.executable, __file__, *words], env=environment, check=True)


def compare(threads: int, rounds: int) -> None:
    """Print the medians of each case, and their ratio."""
    import torch

    torch.set_num_threads(threads)
    print(f"{'case':28} {'bare loop':>10} {'harness':>10}  harness / bare loop, {rounds} rounds")
    for case in CASES:
        pairs = list(timed(case, rounds))
        bare, harness = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(one / other for other, one in pairs)
        name = f"{case.method} {case.side}"
        print(f"{name:28} {1e3 * bare:7.0f} ms {1e3 * harness:7.0f} ms  {ratio:.3f}", flush=True)


def timed(case: Case, rounds: int) -> Iterator[tuple[float, float]]:
    """Yield the seconds of a fit in a bare loop, and of one in the harness; the first pair does not count."""
    from priorbench.loading.load import load_registry
    from priorbench.protocol.measure import measure
    from priorbench.protocol.problems import noisy_problem
    from priorbench.protocol.scoring import CurveScorer
    from priorbench.standard.stopping_rules import Fixed
    from priorbench.suite.resolution import choose, instantiate

    registry = load_registry()
    images = choose(registry, "image set", f"photos:crop={case.side},limit=1")
    image = next(iter(instantiate(registry, "image set", images)))
    noise = choose(registry, "noise model", "gaussian-25")
    noisy = noisy_problem(registry, image, image_set=images.name, noise=noise, repetition=0, device="cpu")
    method = choose(registry, "denoiser", f"{case.method}:iterations={case.iterations}")
    for number in range(rounds + 1):
        bare = loop(instantiate(registry, "denoiser", method), noisy.problem.present(), case.iterations)
        rules = [(Fixed(iterations=case.iterations), False)]
        fitted = instantiate(registry, "denoiser", method)
        scorer = CurveScorer(problem=noisy.problem, clean=noisy.clean)
        (outcome,) = measure(fitted, noisy.problem, rules, case.iterations, curve=scorer)
        assert outcome.wall_seconds is not None, outcome.error
        if number:
            yield bare, outcome.wall_seconds


def loop(method: object, observation: object, iterations: int) -> float:
    """Return the seconds of a fit without the harness."""
    start = time.perf_counter()
    for _, _item in zip(range(iterations), method.iterate(observation), strict=False):  # type: ignore[attr-defined]
        pass
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
