"""Records of trials that no machine could run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from priorbench.contract.records import NOT_RUN, Record
from priorbench.contract.trial import Trial
from priorbench.loading.registry import Registry
from priorbench.protocol.trial_records import failed_records


def not_run(
    trials: Sequence[Trial], registry: Registry, reason: str, printed: str | None = None
) -> list[tuple[Record, ...]]:
    """Return records that say why trials were not run; a run tells them and does not store them.

    Parameters
    ----------
    trials : Sequence[Trial]
        the trials.
    registry : Registry
        the plugins.
    reason : str
        in one line.
    printed : str or None, optional
        what a process had printed last.
    """
    return [
        tuple(
            replace(record, printed=printed)
            for record in failed_records(trial, registry, NOT_RUN, reason, {})
        )
        for trial in trials
    ]
