"""Curves as the paper draws them: at logarithmically spaced iterations; and when one falls below a level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from priorbench.toolkit.checks import at_least


def log_spaced(last: int, count: int = 700) -> tuple[int, ...]:
    """Return at most `count` iterations from 1 to `last`, equally far apart on a logarithmic axis.

    The published curves have at most 700, and leave out what is before the first step.
    """
    at_least(1, last=last, count=count)
    rounded = np.rint(np.geomspace(1, last, count)).astype(int)
    return tuple(int(step) for step in np.unique(np.append(rounded, last))[-max(count, 1) :])


def first_below(level: float, steps: Sequence[int], values: Sequence[float]) -> int | None:
    """Return the first of the steps at which the value is at most `level`, or None if there is none."""
    return next((step for step, value in zip(steps, values, strict=True) if value <= level), None)
