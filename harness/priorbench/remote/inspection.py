"""A process that says what its machine has, for one that takes orders: methods and devices stay out of that.

Started with ``python -m priorbench.remote.inspection``, it reads the code as it is on the disk now, whatever
the other imported when it was started.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from priorbench.machine.settings import import_path, inherited
from priorbench.remote.wire import Question, question_of

#: seconds that it may take: a file system may be slow, and torch is imported where there is a GPU
_PATIENCE = 300.0
_LINES = 3


class InspectionError(Exception):
    """This machine cannot say what it has; the message is the reason."""


def inspected(question: Question, *, everything: bool) -> dict[str, Any]:
    """Return what a new process of this machine says of it: see `priorbench.remote.agreement.told`.

    Raises
    ------
    InspectionError
        If it does not answer.
    """
    environment = {**inherited(question.plugins), "PYTHONPATH": import_path()}
    request = json.dumps({"question": question.to_text(), "everything": everything})
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "priorbench.remote.inspection"],
            input=request,
            capture_output=True,
            text=True,
            env=environment,
            timeout=_PATIENCE,
            check=False,
            start_new_session=True,
        )
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise InspectionError(f"it did not say in {_PATIENCE:g} s what it has") from None
    except OSError as error:
        raise InspectionError(f"no process could be started: {error}") from None
    except ValueError:
        said = "; ".join(done.stderr.strip().splitlines()[-_LINES:])
        raise InspectionError(f"it cannot say what it has: {said or 'no answer'}") from None
    if not isinstance(answer, dict):
        raise InspectionError("it cannot say what it has: no answer")
    return answer


def main() -> None:
    """Answer the question on standard input."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a plugin prints
    from priorbench.loading.load import load_registry
    from priorbench.remote.agreement import told

    request = json.loads(sys.stdin.read())
    found = told(question_of(request["question"]), load_registry(), everything=request["everything"])
    answers.write(json.dumps(found))
    answers.close()


if __name__ == "__main__":
    main()
