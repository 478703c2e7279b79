"""How long threads of a team take for work of some length, after the caller has done other things.

    python tests/benchmarks/sharing_work.py --threads 2

Told are medians in microseconds: on the caller's thread alone, and together after pauses of so many
microseconds in which the caller keeps its processor. Half of the first number is the best that two can do.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

from priorbench.toolkit.fused.barrier import Member, part
from priorbench.toolkit.fused.compiled import inner
from priorbench.toolkit.fused.team import ThreadTeam

NUMBERS = (1_000, 100_000, 400_000)
PAUSES = (0, 20, 60, 200, 1000)
LINE = 16  # numbers apart, so that no two threads write to one cache line


@inner
def add_reciprocals(place: Member, number: int, sums: np.ndarray) -> None:
    """Do a part of some work that needs no memory."""
    begin, end = part(place, number)
    total = 0.0
    for n in range(begin, end):
        total += 1.0 / (n + 1.0)
    sums[place.thread * LINE] = total


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    team = ThreadTeam(options.threads)
    print("numbers", "alone", *(f"after {pause}" for pause in PAUSES), sep="\t")
    for number in NUMBERS:
        alone = _median(team, number, 0, options.rounds, alone=True)
        together = (_median(team, number, pause, options.rounds) for pause in PAUSES)
        print(number, f"{alone:.0f}", *(f"{one:.0f}" for one in together), sep="\t")


def _median(team: ThreadTeam, number: int, pause: int, rounds: int, *, alone: bool = False) -> float:
    sums, found = np.zeros(team.threads * LINE), []
    team.share(add_reciprocals, number, sums, alone=alone)  # compiles
    for _ in range(rounds):
        begin = time.perf_counter()
        while time.perf_counter() - begin < pause / 1e6:
            pass
        begin = time.perf_counter()
        team.share(add_reciprocals, number, sums, alone=alone)
        found.append(time.perf_counter() - begin)
    return statistics.median(found) * 1e6


if __name__ == "__main__":
    main()
