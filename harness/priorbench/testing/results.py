"""What a check is, and what it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from priorbench.contract.specs import KINDS, ExecutorSpec

Status = Literal["passed", "warned", "failed", "skipped"]

#: kinds of things (keys of `priorbench.contract.specs.KINDS`) that have checks
CHECKED = tuple(kind for kind, spec in KINDS.items() if spec is not ExecutorSpec)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What is wrong, for the author to mend; one line each.

    Attributes
    ----------
    expected : str
        what the contract asks for.
    seen : str
        what happened instead.
    mend : str
        what to do.
    warning : bool, default False
        it works as it is, but should not stay so: the check is passed with a warning.
    """

    expected: str
    seen: str
    mend: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Skip:
    """Why a check does not apply."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing that the contract asks of a plugin.

    Attributes
    ----------
    name : str
        short, in kebab case.
    what : str
        what holds where it passes, one line.
    run : callable
        looks at a subject (see `priorbench.testing.catalogue`); None = passed.
    needs : tuple of str, default ()
        checks that must have passed before; where one failed, this one is skipped.
    """

    name: str
    what: str
    run: Callable[[Any], Finding | Skip | None]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckResult:
    """What one check found.

    Attributes
    ----------
    kind, name : str
        of the thing that was checked.
    check, what : str
        of the check.
    status : {'passed', 'warned', 'failed', 'skipped'}
        a check that warned has passed.
    seconds : float, default 0.0
        how long it took.
    finding : Finding or None, optional
        what is wrong; only where it failed or warned.
    reason : str, default ''
        why it was skipped.
    """

    kind: str
    name: str
    check: str
    what: str
    status: Status
    seconds: float = 0.0
    finding: Finding | None = None
    reason: str = ""

    def __str__(self) -> str:
        """Return the result as lines for people."""
        if self.finding is None:
            return f"{self.check}: {self.status}" + (f": {self.reason}" if self.reason else "")
        found = self.finding
        verb = "is warned by" if found.warning else "fails"
        return (
            f"{self.kind} '{self.name}' {verb} the check '{self.check}'\n"
            f"  expected: {found.expected}\n"
            f"  seen:     {found.seen}\n"
            f"  to mend:  {found.mend}"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckOptions:
    """How a thing is checked.

    Attributes
    ----------
    device : str, default 'cpu'
        torch device on which a denoiser is checked.
    iterations : int, default 2
        budget given to whatever has a parameter ``iterations``, so that checks stay short.
    time_limit : float, default 60.0
        seconds that one run on a picture of 32 x 32 pixels may take.
    timeout : float or None, optional
        seconds after which one check is ended, with all that it started; None = 12 times `time_limit`, since
        a check makes up to twelve runs.
    memory : int or None, optional
        bytes that may be added while it is checked; None = on the CPU what the machine has left, elsewhere no
        limit.
    """

    device: str = "cpu"
    iterations: int = 2
    time_limit: float = 60.0
    timeout: float | None = None
    memory: int | None = None


def finding(seen: str, *, expected: str, mend: str) -> Finding | None:
    """Return a finding, or None where there is nothing to tell (`seen` is empty)."""
    return Finding(expected=expected, seen=seen, mend=mend) if seen else None
