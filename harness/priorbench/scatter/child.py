"""The process in which pieces of work are timed, with threads and allocator as a worker has them.

Forked by a host (`priorbench.children.host`). It answers with what it times, and then times them for as many
seconds as it is asked for, again and again.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from priorbench.children.host import serve
from priorbench.children.line import Line
from priorbench.machine.disturbance import conditions, disturbance
from priorbench.machine.quiet import wait_until_quiet
from priorbench.machine.stops import count_stops

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from priorbench.protocol.clock import Clock
    from priorbench.scatter.pieces import Piece

#: seconds between two looks at what disturbs timings: less is too little to tell
_ROUND = 0.5
#: timings of each piece between two looks, at least
_FEWEST = 2


def main() -> None:
    """Serve until the user closes the pipe."""
    serve(lambda: None, _attend)


def _attend(request: dict[str, Any], line: Line) -> None:
    """Time pieces on the device of the request until nobody asks for more."""
    import torch

    from priorbench.protocol.clock import Clock, device_for
    from priorbench.scatter.pieces import pieces

    count_stops()
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    device = torch.device(request["device"])
    clock = Clock(device_for(device))
    with torch.no_grad():
        made = pieces(device)
        line.say({"pieces": [{"name": piece.name, "what": piece.what} for piece in made]})
        while (asked := line.hear()) is not None:
            line.say(_block(made, clock, device, asked["seconds"]))


def _block(
    made: Sequence[Piece], clock: Clock, device: torch.device, seconds: float
) -> dict[str, dict[str, list[Any]]]:
    """Return the seconds of each timing of each piece, and which of them something disturbed."""
    found: dict[str, dict[str, list[Any]]] = {piece.name: {"seconds": [], "marked": []} for piece in made}
    end = time.perf_counter() + seconds
    while True:
        timed = _round(made, clock, device, min(_ROUND, seconds))
        for name, (took, marked) in timed.items():
            found[name]["seconds"] += took
            found[name]["marked"] += [marked] * len(took)
        if time.perf_counter() >= end:
            return found


def _round(
    made: Sequence[Piece], clock: Clock, device: torch.device, seconds: float
) -> dict[str, tuple[list[float], bool]]:
    """Time the pieces in turns, between two looks at the machine; say whether something disturbed them."""
    took: dict[str, list[float]] = {piece.name: [] for piece in made}
    before, quiet, count = conditions(str(device)), True, 0
    while count < _FEWEST or time.perf_counter() - before.at < seconds:
        count += 1
        for piece in made:
            quiet &= wait_until_quiet()
            clock.start()
            piece.work()
            took[piece.name].append(clock.stop().wall)
    marked = not quiet or disturbance(before, conditions(str(device))) is not None
    return {name: (own, marked) for name, own in took.items()}
