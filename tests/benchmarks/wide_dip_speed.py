"""How much faster is the reduced, batched fit of the wide deep inverse prior than the fit of W itself?

Both run side by side in one process on one thread, alternating, in float64, at m = 10, n = k = d = 500,
without early abandon or convergence: 50 runs of 25,000 steps. The fit of W is extrapolated from the steps
that it is given.

    python tests/benchmarks/wide_dip_speed.py [--steps 25000] [--full-steps 300]
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from priorbench_two_layer.wide_dip import full, reduced
from priorbench_two_layer.wide_dip.activation import SIGMOID
from priorbench_two_layer.wide_dip.problem import draw, draw_reduced

RUNS, STEPS, SIZES = 50, 25_000, {"m": 10, "n": 500, "k": 500}


def seconds(action: Callable[[], object]) -> float:
    """Time one call, in CPU seconds: with one thread, those of a machine that does nothing else."""
    start = time.process_time()
    action()
    return time.process_time() - start


def main() -> None:
    """Measure both and print the ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=STEPS, help="of the batched fit; scaled up to 25,000")
    parser.add_argument("--full-steps", type=int, default=300, help="of the fit of W, one run")
    given = parser.parse_args()
    batch = draw_reduced(RUNS, rng=np.random.default_rng(0), **SIZES)
    settings = reduced.Descent(steps=given.steps // 3, tolerance=0.0, check_every=0)
    descending = full.descend(draw(d=500, rng=np.random.default_rng(0), **SIZES), SIGMOID)
    next(descending)
    reduced.fit(batch, SIGMOID, reduced.Descent(steps=1))  # compiles
    fast = slow = 0.0
    for _ in range(3):
        slow += seconds(lambda: [next(descending) for _ in range(given.full_steps // 3)])
        fast += seconds(lambda: reduced.fit(batch, SIGMOID, settings))
    fast *= STEPS / (3 * settings.steps)
    slow *= STEPS * RUNS / (3 * (given.full_steps // 3))
    print(f"{RUNS} runs x {STEPS} steps, m = 10, n = k = d = 500, float64, one thread, CPU seconds")
    print(f"reduced and batched: {fast:.2f} s, from {3 * settings.steps} steps of all runs")
    print(f"W in R^(k x d): {slow:.0f} s, extrapolated from {3 * (given.full_steps // 3)} steps of one run")
    print(f"ratio: {slow / fast:.0f}")


if __name__ == "__main__":
    main()
