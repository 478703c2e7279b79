"""Has pieces of work timed in a process of their own, block by block, and says how far the times scatter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from priorbench.children.hosted import DeadError, Hosted
from priorbench.errors import PriorbenchError
from priorbench.machine.settings import worker_environment
from priorbench.scatter.estimates import Scatter, scatter

#: stretches that the time is divided into, to see drift
BLOCKS = 6
#: seconds that the process may take to start, and more than it was asked for
_PATIENCE = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """A piece of work and how far its times scatter."""

    name: str
    what: str
    scatter: Scatter


def measure(
    device: str, threads: int, seconds: float, tell: Callable[[int, int], None] = lambda done, of: None
) -> list[Measured]:
    """Measure how far this machine's times scatter.

    Parameters
    ----------
    device : str
        torch device.
    threads : int
        CPU threads, set before anything is imported.
    seconds : float
        about how long.
    tell : callable, optional
        is told after each block how many of how many are done.

    Raises
    ------
    PriorbenchError
        If the process that measures ends, or does not answer.
    """
    hosted = Hosted("priorbench.scatter.child", worker_environment(threads))
    try:
        pieces = hosted.begin({"device": device}, _PATIENCE)["pieces"]
        blocks = []
        for number in range(BLOCKS):
            blocks.append(hosted.ask({"seconds": seconds / BLOCKS}, seconds + _PATIENCE))
            tell(number + 1, BLOCKS)
    except DeadError as error:
        raise PriorbenchError(f"how far times scatter on {device} cannot be measured: {error}") from error
    finally:
        hosted.close()
    found = []
    for piece in pieces:
        own = [block[piece["name"]] for block in blocks]
        marked = float(np.concatenate([block["marked"] for block in own]).mean())
        times = scatter([np.array(block["seconds"], dtype=np.float64) for block in own], marked)
        found.append(Measured(name=piece["name"], what=piece["what"], scatter=times))
    return found
