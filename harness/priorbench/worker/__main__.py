"""The worker process: reads trials as JSON lines and writes records as JSON lines.

Started by `priorbench.executors.local` with threads and allocator set in its environment before any import.
Answers go to the pipe that was standard output; whatever a method prints goes to standard error, which
the parent keeps the last lines of.
"""

from __future__ import annotations

import json
import os
import threading
from queue import SimpleQueue
from typing import IO, Any

from priorbench.machine.stops import count_stops
from priorbench.worker.limits import end_with_parent, limit_memory, make_folder, pin


def main() -> None:
    """Serve trials until the parent closes the pipe."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    pin()
    count_stops()
    make_folder()
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    waiting: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_listen, args=(requests, waiting), daemon=True).start()
    try:
        _serve(waiting, replies)
    except BrokenPipeError:
        end_with_parent()


def _listen(requests: IO[str], waiting: SimpleQueue[str]) -> None:
    """Pass requests on; when the parent is gone, end at once, in the middle of a trial if need be."""
    for line in requests:
        waiting.put(line)
    end_with_parent()


def _serve(waiting: SimpleQueue[str], replies: IO[str]) -> None:
    import torch

    from priorbench.contract.records import to_json
    from priorbench.contract.trial import trial_from_json
    from priorbench.loading.load import load_registry
    from priorbench.machine import memory
    from priorbench.protocol.session import Session

    def reply(message: dict[str, Any]) -> None:
        replies.write(json.dumps(message, allow_nan=False) + "\n")
        replies.flush()

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    # no method gets reduced precision behind its back
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    session = Session(load_registry(), baseline_bytes=memory.resident_bytes(), owns_process=True)
    limit_memory()
    reply({"ready": True})
    while True:
        trials = [trial_from_json(trial) for trial in json.loads(waiting.get())]
        if len(trials) == 1:
            records = [session.run(trials[0], lambda facts: reply({"facts": facts}))]
        else:
            records = session.run_together(trials)
        reply({"records": [[to_json(record) for record in own] for own in records]})


if __name__ == "__main__":
    main()
