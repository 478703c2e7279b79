"""Makes the checks of one thing in a process of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from priorbench.children.hosted import DeadError, Hosted, fresh_folder

__all__ = ["CheckHost", "DeadError"]

#: seconds that importing torch and a registry may take
_START = 300.0
#: what a finding says
_LINES = ("expected", "seen", "mend")


class CheckHost:
    """A process that has imported torch, and forks one process after the other for what is examined.

    Attributes
    ----------
    serving : Mapping[str, Any] or None
        the subject that is examined now; None = none.
    """

    def __init__(self) -> None:
        # a method that leaves compiled files beside its source would be told to write there
        self._hosted = Hosted("priorbench.testing.host", {"PYTHONDONTWRITEBYTECODE": "1"}, with_folder=True)
        self.serving: Mapping[str, Any] | None = None

    def __enter__(self) -> CheckHost:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def examine(self, subject: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Fork a process for a subject, in place of any other; return the checks that it knows.

        Raises
        ------
        DeadError
            If the process died or did not answer in time.
        """
        self.release()
        self._hosted.start()
        work, own = (fresh_folder(self._hosted.folder, name) for name in ("work", "temporary"))
        answer = self._hosted.begin({**subject, "folder": work, "temporary": own}, _START)
        checks = answer.get("checks")
        if not isinstance(checks, list) or not all(map(_is_check, checks)):
            raise DeadError(_NO_ANSWER)
        self.serving = subject
        return checks

    def ask(self, check: str, seconds: float) -> dict[str, Any]:
        """Make a check and return its answer: ``status``, ``seconds`` and ``finding`` or ``reason``.

        Raises
        ------
        DeadError
            If the process died, did not answer in time, or gave something else for an answer.
        """
        try:
            answer = dict(self._hosted.ask(check, seconds))
            if not _is_answer(answer):
                raise DeadError(_NO_ANSWER)
        except DeadError:
            self.serving = None
            raise
        return answer

    def release(self) -> None:
        """End the process of the subject, with all that it started."""
        self.serving = None
        self._hosted.release()

    def close(self) -> None:
        """End everything, and remove all files."""
        self.serving = None
        self._hosted.close()


_NO_ANSWER = "what it answered is no result of a check: the plugin writes into the line of the harness"


def _is_check(check: Any) -> bool:
    return (
        isinstance(check, dict)
        and set(check) == {"name", "what", "needs"}
        and isinstance(check["name"], str)
        and isinstance(check["what"], str)
        and isinstance(check["needs"], list)
    )


def _is_answer(answer: Mapping[str, Any]) -> bool:
    seconds = answer.get("seconds")
    if not isinstance(seconds, (int, float)) or not 0 <= seconds < math.inf:
        return False
    match answer:
        case {"status": "passed", "seconds": _, **rest}:
            return not rest
        case {"status": "skipped", "reason": str(), "seconds": _, **rest}:
            return not rest
        case {"status": "failed" | "warned", "finding": dict() as found, "seconds": _, **rest}:
            texts = set(found) == set(_LINES) and all(isinstance(text, str) for text in found.values())
            return texts and not rest
    return False
