"""The judge's process: reads trials as JSON lines and writes records as JSON lines.

Started by `priorbench.executors.process` with threads and allocator set in its environment before any import.
Methods run in processes that it starts (`priorbench.player`); they cannot look into this one.
"""

from __future__ import annotations

import gc
import json
import os
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

from priorbench.machine.confinement import adopt_strays, hide_memory
from priorbench.machine.processes import children_of, kill_tree
from priorbench.machine.settings import MEMORY_VARIABLE, PICTURES_VARIABLE, TIMEOUT_VARIABLE
from priorbench.machine.stops import count_stops
from priorbench.worker.folders import remove_folders
from priorbench.worker.launching import Launched, launch


def main() -> None:
    """Serve trials until the parent closes the pipe."""
    hide_memory()
    adopt_strays()
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    count_stops()
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    # the first player gets ready while this process does
    spare = launch(int(os.environ.get("OMP_NUM_THREADS", "1")), _limit())
    waiting: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_listen, args=(requests, waiting), daemon=True).start()
    try:
        _serve(waiting, replies, spare)
    except BrokenPipeError:
        _end()


def _listen(requests: IO[str], waiting: SimpleQueue[str]) -> None:
    """Pass requests on; when the parent is gone, end at once, in the middle of a trial if need be."""
    for line in requests:
        waiting.put(line)
    _end()


def _end() -> None:
    """The parent is gone: end, with all players and their temporary files."""
    for child in children_of():
        kill_tree(child)
    remove_folders(os.getpid())
    os._exit(0)


def _limit() -> int | None:
    memory = os.environ.get(MEMORY_VARIABLE)
    return int(memory) if memory else None


def _serve(waiting: SimpleQueue[str], replies: IO[str], spare: Launched) -> None:
    import torch

    from priorbench.contract.records import to_json
    from priorbench.contract.trial import trial_from_json
    from priorbench.loading.load import load_registry
    from priorbench.worker.pictures import SentPictures
    from priorbench.worker.seats import ProcessSeat
    from priorbench.worker.session import Session

    def reply(message: dict[str, Any]) -> None:
        replies.write(json.dumps(message, allow_nan=False) + "\n")
        replies.flush()

    torch.set_num_threads(1)  # what rules compute between two stretches is to leave no thread awake
    timeout = os.environ.get(TIMEOUT_VARIABLE)
    seat = ProcessSeat(
        float(timeout) if timeout else None,
        _limit(),
        alive=lambda: reply({"alive": True}),
        spare=spare,
    )
    folder = os.environ.get(PICTURES_VARIABLE)
    session = Session(load_registry(), seat, SentPictures(Path(folder)) if folder else None)
    gc.collect()
    gc.freeze()  # what was imported is here for good: looking through it takes 0.1 s, again and again
    reply({"ready": True})
    while True:
        trials = [trial_from_json(trial) for trial in json.loads(waiting.get())]
        records = session.run(trials)
        reply({"records": [[to_json(record) for record in own] for own in records]})


if __name__ == "__main__":
    main()
