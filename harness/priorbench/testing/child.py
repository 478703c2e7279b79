"""The process in which a plugin is examined: one JSON line in for each check, one out.

Started by `priorbench.testing.process`. Its working folder and its folder for temporary files are its own,
its threads are set as in a worker.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from priorbench.testing.results import Check
    from priorbench.testing.subject import Subject

#: what registering a plugin must not import
HEAVY = ("torch", "numpy")


def main() -> None:
    """Answer until the parent closes the pipe."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    subject, checks = _prepare(json.loads(requests.readline()))
    _reply(replies, {"ready": True})
    for line in requests:
        _reply(replies, _answer(checks[json.loads(line)], subject))


def _prepare(request: dict[str, Any]) -> tuple[Subject, dict[str, Check]]:
    """Register the plugin alone, to see what that imports; then everything."""
    from priorbench.plugins import load_registry

    load_registry(allow=[request["plugin"]], strict=False)
    heavy = tuple(module for module in HEAVY if module in sys.modules)

    import torch

    from priorbench.choices import parse_text
    from priorbench.testing.auditing import Auditor
    from priorbench.testing.catalogue import CHECKS, SUBJECTS
    from priorbench.testing.results import CheckOptions
    from priorbench.testing.subject import Setting

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    registry = load_registry()
    kind = request["kind"]
    setting = Setting(
        registry=registry,
        options=CheckOptions(**request["options"]),
        heavy=heavy,
        auditor=Auditor(os.environ["TMPDIR"]),
    )
    spec: Any = registry.find(kind, request["name"]).spec
    given = parse_text(f"{spec.name}:{text}").parameters if (text := request["parameters"]) else {}
    return SUBJECTS[kind](spec, given, setting), {check.name: check for check in CHECKS[kind]}


def _answer(check: Check, subject: Subject) -> dict[str, Any]:
    from priorbench.testing.results import Skip
    from priorbench.worker.failure import one_line

    start = time.perf_counter()
    try:
        found = check.run(subject)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        finding = {"expected": check.what, "seen": one_line(error), "mend": "see where it was raised"}
        answer: dict[str, Any] = {"status": "failed", "finding": finding}
    else:
        if found is None:
            answer = {"status": "passed"}
        elif isinstance(found, Skip):
            answer = {"status": "skipped", "reason": found.reason}
        else:
            finding = {name: getattr(found, name) for name in ("expected", "seen", "mend")}
            answer = {"status": "failed", "finding": finding}
    return answer | {"seconds": time.perf_counter() - start}


def _reply(replies: IO[str], message: dict[str, Any]) -> None:
    replies.write(json.dumps(message) + "\n")
    replies.flush()


if __name__ == "__main__":
    main()
