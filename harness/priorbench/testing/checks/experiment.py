"""Experiments: only their form is checked; running one is `reproduce`'s work."""

from __future__ import annotations

import inspect

from priorbench.testing.results import Check, Finding, finding
from priorbench.testing.subject import Subject


def form(subject: Subject) -> Finding | None:
    """The one method that an experiment has."""
    method = getattr(subject.make(), "reproduce", None)
    seen = "it has no method 'reproduce'"
    if callable(method):
        try:
            inspect.signature(method).bind(None, quick=True)
            seen = ""
        except TypeError as error:
            seen = f"reproduce{inspect.signature(method)}: {error}"
    return finding(
        seen,
        expected="reproduce(folder, *, quick=False), which yields claims",
        mend="see priorbench.contract.experiments.Experiment",
    )


CHECKS = (Check(name="form", what="it can be asked to reproduce", run=form, needs=("loads",)),)
