"""Metrics: a number for any two pictures, the same every time, and better where there is less noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench.contract.specs import MetricSpec
from priorbench.protocol.metrics import clip01
from priorbench.testing.advice import told
from priorbench.testing.checks.importing import DEPENDENCIES, IMPORTS, LAZY
from priorbench.testing.checks.spec import SUMMARY
from priorbench.testing.observations import texture
from priorbench.testing.results import Check, Finding, finding
from priorbench.testing.subject import Subject

Pixels = NDArray[np.float32]
Shape = tuple[int, int, int]

#: pictures that are tried: colour and grey, large enough for any window; small ones, for which None will do
LARGE: tuple[Shape, ...] = ((3, 192, 192), (1, 193, 211))
SMALL: tuple[Shape, ...] = ((3, 37, 29), (1, 1, 64))


class MetricSubject(Subject):
    """A metric."""

    spec: MetricSpec

    def score(self, noise: float, shape: Shape = LARGE[0]) -> Any:
        """Return what it says of a picture with noise of a standard deviation."""
        return self.factory(*pair(noise, shape))


def pair(noise: float, shape: Shape) -> tuple[Pixels, Pixels]:
    """Return a noisy picture, clipped as the harness clips it, and the clean one."""
    clean = texture(shape)
    drawn = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    return clip01(clean + np.float32(noise) * drawn), clean


def loads(subject: MetricSubject) -> Finding | None:
    """It is a function, not a class that makes one."""
    wrong = isinstance(subject.factory, type) or not callable(subject.factory)
    return finding(
        f"{subject.spec.factory} is {type(subject.factory).__name__}" if wrong else "",
        expected=f"{subject.spec.factory} is a function of (estimate, clean)",
        mend="name the function itself in the spec; it takes no parameters",
    )


def scores(subject: MetricSubject) -> Finding | None:
    """One number for each record, of whatever size the pictures are."""
    for shape in (*LARGE, *SMALL):
        try:
            value = subject.score(0.1, shape)
            seen = "" if value is None and shape in SMALL else _no_number(value)
        except Exception as error:
            seen = told(error)
        if seen:
            return Finding(
                expected="it gives a finite number for two float32 arrays (1 or 3, height, width) in [0, 1]",
                seen=f"for pictures of {' x '.join(map(str, shape))}: {seen}",
                mend="end with float(...); return None where a picture is too small to have a value",
            )
    return None


def _no_number(value: Any) -> str:
    if value is None:
        return "it returned None"
    try:
        number = float(value)
    except (TypeError, ValueError):
        return f"it returned {type(value).__name__}"
    return "" if np.isfinite(number) else f"it returned {number}"


def equal(subject: MetricSubject) -> Finding | None:
    """A method may restore a picture exactly."""
    seen = ""
    try:
        subject.score(0.0)
    except Exception as error:
        seen = told(error)
    return finding(
        seen,
        expected="two equal pictures raise nothing",
        mend="return math.inf or None where there is no number; neither enters a mean",
    )


def repeatable(subject: MetricSubject) -> Finding | None:
    """A record is never measured again."""
    one, two = subject.score(0.1), subject.score(0.1)
    return finding(
        "" if one == two else f"{one}, then {two}",
        expected="the same pictures give the same number",
        mend="seed a generator of its own in the function",
    )


def input_unchanged(subject: MetricSubject) -> Finding | None:
    """Other metrics come after it."""
    given, kept = pair(0.1, LARGE[0]), pair(0.1, LARGE[0])
    subject.factory(*given)
    changed = [name for name, a, b in zip(("estimate", "clean"), given, kept, strict=True) if (a != b).any()]
    return finding(
        f"it writes to {' and '.join(changed)}" if changed else "",
        expected="both pictures are as they were",
        mend="copy before you change something",
    )


def direction(subject: MetricSubject) -> Finding | None:
    """Readers take it at its word."""
    higher = subject.spec.higher_is_better
    little, much = float(subject.score(0.02)), float(subject.score(0.2))
    return finding(
        "" if (little > much) == higher and little != much else f"{little:.4g} and {much:.4g}",
        expected=f"noise of 0.02 scores better than noise of 0.2 (higher_is_better={higher})",
        mend="correct 'higher_is_better' in the spec, or the order of the arguments: (estimate, clean)",
    )


CHECKS = (
    SUMMARY,
    LAZY,
    IMPORTS,
    DEPENDENCIES,
    Check(name="loads", what="it is a function", run=loads, needs=("imports",)),
    Check(name="scores", what="it gives a number for pictures of any size", run=scores, needs=("loads",)),
    Check(name="equal", what="equal pictures raise nothing", run=equal, needs=("scores",)),
    Check(name="repeatable", what="it says the same every time", run=repeatable, needs=("scores",)),
    Check(name="input-unchanged", what="the pictures are left alone", run=input_unchanged, needs=("scores",)),
    Check(name="direction", what="less noise scores better", run=direction, needs=("scores",)),
)
