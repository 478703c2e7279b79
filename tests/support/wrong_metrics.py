"""Metrics that break the contract in one way each."""

from __future__ import annotations

import itertools

import numpy as np

_CALLS = itertools.count()


def good(estimate, clean):
    return float(np.mean(np.abs(estimate - clean)))


class Loads:
    """Makes a metric."""


def Scores(estimate, clean):  # noqa: N802
    """Give a number for each channel."""
    return np.abs(estimate - clean).mean((1, 2)) if len(clean) == 3 else good(estimate, clean)


def Equal(estimate, clean):  # noqa: N802
    """Refuse what is exact."""
    assert (estimate != clean).any()
    return good(estimate, clean)


def Repeatable(estimate, clean):  # noqa: N802
    """Count the calls."""
    return good(estimate, clean) + 1e-9 * next(_CALLS)


def InputUnchanged(estimate, clean):  # noqa: N802
    """Take the difference in place."""
    estimate -= clean
    return float(np.abs(estimate).mean())


def Direction(estimate, clean):  # noqa: N802
    """Give a score to an error."""
    return good(estimate, clean)
