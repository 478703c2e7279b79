"""The process that starts a fresh process for each checked thing, with torch already imported.

Started by `priorbench.testing.process`, with threads set as in a worker. A forked process is told what is to
be examined, answers with the checks that there are, and then makes each that it is asked for.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from typing import TYPE_CHECKING, Any

from priorbench.children.host import serve
from priorbench.children.line import Line
from priorbench.machine import memory

if TYPE_CHECKING:
    from priorbench.testing.results import Check, CheckOptions
    from priorbench.testing.subject import Subject


def main() -> None:
    """Serve until the parent closes the pipe."""
    serve(_prepare, _examine)


def _prepare() -> None:
    """Import what every check needs."""
    import torch

    import priorbench.testing.catalogue  # noqa: F401

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))


def _examine(request: dict[str, Any], line: Line) -> None:
    """Answer for one thing until there are no more questions."""
    os.chdir(request["folder"])
    os.environ["TMPDIR"] = tempfile.tempdir = request["temporary"]
    # torch set it to a folder of the process that imported it
    os.environ.pop("TORCHINDUCTOR_CACHE_DIR", None)
    checks, subject = _subject(request)
    told = [{"name": check.name, "what": check.what, "needs": check.needs} for check in checks.values()]
    line.say({"checks": told})
    while (name := line.hear()) is not None:
        line.say(_answer(checks[name], subject))


def _subject(request: dict[str, Any]) -> tuple[dict[str, Check], Subject]:
    from priorbench.loading.load import load_registry
    from priorbench.suite.notation import parse_text
    from priorbench.testing.auditing import Auditor
    from priorbench.testing.catalogue import CHECKS, SUBJECTS
    from priorbench.testing.results import CheckOptions
    from priorbench.testing.subject import Equipment

    options = CheckOptions(**request["options"])
    _limit_memory(options)
    registry = load_registry()
    spec: Any = registry.find(request["kind"], request["name"]).spec
    text = request["parameters"]
    setting = Equipment(
        registry=registry,
        plugin=request["plugin"],
        options=options,
        auditor=Auditor(request["temporary"]),
    )
    given = parse_text(f"{spec.name}:{text}").parameters if text else {}
    checks = {check.name: check for check in CHECKS[request["kind"]]}
    return checks, SUBJECTS[request["kind"]](spec, given, setting)


def _limit_memory(options: CheckOptions) -> None:
    """Let what asks for more memory than there is get a MemoryError, before the system kills something."""
    allowed = options.memory
    if allowed is None and options.device == "cpu":  # drivers of devices reserve addresses without end
        allowed = memory.available_bytes()
    if allowed is not None:
        limit = memory.address_space_bytes() + allowed
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _answer(check: Check, subject: Subject) -> dict[str, Any]:
    from priorbench.protocol.failure import told_in_one_line
    from priorbench.testing.advice import advice
    from priorbench.testing.results import Finding, Skip

    start = time.perf_counter()
    try:
        found = check.run(subject)
    except BaseException as error:
        mend = advice(error) or "see where it was raised"
        found = Finding(expected=check.what, seen=told_in_one_line(error), mend=mend)
    seconds = time.perf_counter() - start
    if found is None:
        return {"status": "passed", "seconds": seconds}
    if isinstance(found, Skip):
        return {"status": "skipped", "reason": found.reason, "seconds": seconds}
    told = {name: getattr(found, name) for name in ("expected", "seen", "mend")}
    return {"status": "warned" if found.warning else "failed", "finding": told, "seconds": seconds}
