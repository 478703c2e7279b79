"""The process that starts a fresh process for each checked thing, with torch already imported.

Started by `priorbench.testing.process`, with threads set as in a worker. One JSON line in, one out: first
what is to be examined, then names of checks, then ``null``; and again. A forked process answers by itself;
where it dies, its host tells how.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import tempfile
import time
from typing import IO, Any

import torch

from priorbench.loading.load import load_registry
from priorbench.protocol.failure import told_in_one_line
from priorbench.suite.notation import parse_text
from priorbench.testing.auditing import Auditor
from priorbench.testing.catalogue import CHECKS, SUBJECTS
from priorbench.testing.results import Check, CheckOptions, Finding, Skip
from priorbench.testing.subject import Equipment, Subject

#: exit status of a forked process that was told to end: none that a method would take by itself
ENDED = 77


class Conversation:
    """Both ends of the conversation; unbuffered, because host and forked process take turns in it."""

    def __init__(self, requests: IO[bytes], replies: IO[bytes]) -> None:
        self._requests, self._replies = requests, replies

    def hear(self) -> Any:
        """Return the next message; None where there is none."""
        text = self._requests.readline()
        return json.loads(text) if text else None

    def say(self, message: dict[str, Any]) -> None:
        """Answer."""
        self._replies.write(json.dumps(message).encode() + b"\n")


def main() -> None:
    """Serve until the parent closes the pipe."""
    line = Conversation(os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb", buffering=0))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    while (request := line.hear()) is not None:
        child = os.fork()
        if not child:
            _examine(request, line)
            os._exit(ENDED)
        _, status = os.waitpid(child, 0)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)  # what it left running
        code = os.waitstatus_to_exitcode(status)
        if code != ENDED:
            line.say({"died": code})


def _examine(request: dict[str, Any], line: Conversation) -> None:
    """Answer for one thing until there are no more questions."""
    os.setsid()  # whoever ends this process ends all that it started
    os.chdir(request["folder"])
    os.environ["TMPDIR"] = tempfile.tempdir = request["temporary"]
    # torch set it to a folder of the process that imported it
    os.environ.pop("TORCHINDUCTOR_CACHE_DIR", None)
    registry = load_registry()
    spec: Any = registry.find(request["kind"], request["name"]).spec
    text = request["parameters"]
    setting = Equipment(
        registry=registry,
        plugin=request["plugin"],
        options=CheckOptions(**request["options"]),
        auditor=Auditor(request["temporary"]),
    )
    given = parse_text(f"{spec.name}:{text}").parameters if text else {}
    subject = SUBJECTS[request["kind"]](spec, given, setting)
    checks = {check.name: check for check in CHECKS[request["kind"]]}
    told = [{"name": check.name, "what": check.what, "needs": check.needs} for check in checks.values()]
    line.say({"process": os.getpid(), "checks": told})
    while (name := line.hear()) is not None:
        line.say(_answer(checks[name], subject))


def _answer(check: Check, subject: Subject) -> dict[str, Any]:
    start = time.perf_counter()
    try:
        found = check.run(subject)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        found = Finding(expected=check.what, seen=told_in_one_line(error), mend="see where it was raised")
    seconds = time.perf_counter() - start
    if found is None:
        return {"status": "passed", "seconds": seconds}
    if isinstance(found, Skip):
        return {"status": "skipped", "reason": found.reason, "seconds": seconds}
    told = {name: getattr(found, name) for name in ("expected", "seen", "mend")}
    return {"status": "failed", "finding": told, "seconds": seconds}


if __name__ == "__main__":
    main()
