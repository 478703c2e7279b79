"""The player's process: reads commands as JSON lines, runs methods, and answers each command.

Started by `priorbench.worker.player_process` with threads and allocator set in its environment before any
import. Whatever a method prints goes to standard error, of which the judge keeps the last lines. It knows
nothing that would have to be kept from a method.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Mapping
from math import isfinite
from typing import IO, Any

from priorbench.machine.confinement import end_with_parent, give_up_privileges
from priorbench.machine.fence import fence_in
from priorbench.machine.stops import count_stops
from priorbench.player.limits import limit_memory, pin


def main() -> None:
    """Serve commands until the judge is gone."""
    end_with_parent(int(sys.argv[1]))
    descriptor = int(sys.argv[2])
    replies, commands = os.dup(1), os.fdopen(os.dup(0), "rb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    give_up_privileges()
    fence_in()
    pin()
    count_stops()
    _serve(commands, replies, descriptor)


def _serve(commands: IO[bytes], replies: int, descriptor: int) -> None:
    import torch

    from priorbench.loading.load import load_registry
    from priorbench.machine import memory
    from priorbench.player.shared_memory import SharedMemory

    def reply(message: Mapping[str, Any]) -> None:
        line = json.dumps(message).encode() + b"\n"
        while line:
            line = line[os.write(replies, line) :]

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    # no method gets reduced precision behind its back
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    registry = load_registry()
    actions = _actions(registry, SharedMemory(descriptor), memory.resident_bytes())
    limit_memory()
    gc.collect()
    gc.freeze()
    reply({"ready": True})
    while line := commands.readline():
        command = json.loads(line)
        reply(_answer(actions[command.pop("do")], command))


def _actions(registry: Any, shared: Any, baseline: int) -> dict[str, Callable[..., Mapping[str, Any]]]:
    """Return what each command does."""
    from priorbench.player.messages import with_pixels, work_from_message
    from priorbench.player.own import OwnPlayer

    shapes: list[str] = []
    ended = False

    def carry(image: Any) -> Any:
        shared.write([image.to("cpu")])
        shapes.append(str(image.dtype).removeprefix("torch."))
        return image

    player = OwnPlayer(registry, baseline, alone=True, carry=carry)

    def receive(seeds: list[int]) -> Mapping[str, Any]:
        player.receive(with_pixels(player.problems, seeds, shared))
        return {}

    def show(index: int, kind: Any) -> Mapping[str, Any]:
        shown = player.fit.show(index, kind)
        return {"type": shapes.pop(), "made": shown.made, "carried": _spent(shown.carried)}

    def advance(until: int) -> Mapping[str, Any]:
        nonlocal ended
        stretch = player.fit.advance(until)
        ended = stretch.ended
        # JSON has no number for what is not finite
        losses = [loss if loss is None or isfinite(loss) else str(loss) for loss in stretch.losses]
        return {
            "number": stretch.number,
            "ended": stretch.ended,
            "spent": _spent(stretch.spent),
            "losses": losses,
            "apart": stretch.apart,
            "repeats": stretch.repeats,
        }

    def finish() -> Mapping[str, Any]:
        told = player.finish()
        return {"memory": told.memory, "left": told.left, "marks": told.marks}

    return {
        "answer": dict,
        "make": lambda **told: {"seconds": player.make(work_from_message(told, registry))},
        "begin": lambda: {"seconds": player.begin()},
        "receive": receive,
        "advance": advance,
        "show": show,
        "show-next": lambda kind: {} if ended else show(0, kind),
        "finish": finish,
    }


def _spent(spent: Any) -> dict[str, float]:
    return {"wall": spent.wall, "device": spent.device, "cpu": spent.cpu}


def _answer(act: Callable[..., Mapping[str, Any]], told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Do what a command says; a failure of the method is an answer, too."""
    from priorbench.protocol.failure import classify, print_traceback

    try:
        return {"done": act(**told)}
    except BaseException as error:
        print_traceback(error)
        status, reason = classify(error)
        return {"failed": {"status": status, "reason": reason}}


if __name__ == "__main__":
    main()
