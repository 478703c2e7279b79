"""Results that lack only further metrics: where their outputs are kept, no method has to run for these."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from priorbench.contract.choice import Choice
from priorbench.contract.records import Record, to_json
from priorbench.contract.trial import Trial
from priorbench.run.plan import Plan
from priorbench.run.storing.environments import Environments
from priorbench.run.storing.lookups import looked_up
from priorbench.run.storing.wanted import with_rules
from priorbench.store.database import Store
from priorbench.store.kept_outputs import KeptOutputs

#: trials that are looked at, at most, to say what metrics cost
_LOOKED_AT = 5000


@dataclass(frozen=True, kw_only=True, slots=True)
class Rescoring:
    """Finds the records whose kept outputs can be scored again.

    Attributes
    ----------
    store : Store
        has the records.
    folder : str
        with the outputs; empty = none are kept.
    environments : Environments
        is told of each environment that a record brings.
    """

    store: Store
    folder: str
    environments: Environments

    def parts(self, trial: Trial) -> Iterator[Trial]:
        """Yield the part of a trial whose outputs are kept, with their records; then what must run."""
        found = self._found(trial) if self.folder and trial.metrics else [None] * len(trial.keys)
        kept = [record is not None for record in found]
        if any(kept):
            known = tuple(json.dumps(to_json(record)) if record else "" for record in found)
            yield with_rules(replace(trial, known=known), kept)
        if not all(kept):
            yield with_rules(trial, [not one for one in kept])

    def _found(self, trial: Trial) -> list[Record | None]:
        outputs = KeptOutputs(Path(self.folder))
        kept = [outputs.find(result) for result in trial.results]
        records = self.store.having([one.record for one in kept if one])
        found: list[Record | None] = []
        rules: Sequence[Choice | None] = trial.stopping or (None,)
        for one, rule in zip(kept, rules, strict=True):
            record = records.get(one.record) if one else None
            fits = one and record and record.output_sha256 == one.output and _is_of(record, trial, rule)
            found.append(record if fits else None)
            if fits and record:
                self.environments.bring(record.environment)
        return found


def _is_of(record: Record, trial: Trial, rule: Choice | None) -> bool:
    """Say whether a record is that of a trial under a rule, its metrics aside: a folder can be wrong."""
    chosen = (trial.denoiser, trial.noise, trial.operator)
    return (
        record.status == "ok"
        and [record.denoiser, record.noise, record.operator] == [one.name for one in chosen]
        and [record.parameters, record.noise_parameters, record.operator_parameters]
        == [_as_json(one) for one in chosen]
        and (record.image_sha256, record.repetition) == (trial.image_sha256, trial.repetition)
        and record.stopping_rule == (rule.name if rule else None)
        and record.stopping_parameters == (_as_json(rule) if rule else {})
        and (record.device, record.threads) == (trial.device, trial.threads)
    )


def _as_json(choice: Choice) -> dict[str, object]:
    plain: dict[str, object] = json.loads(json.dumps(choice.parameters, default=list))
    return plain


@dataclass(frozen=True, kw_only=True, slots=True)
class Again:
    """What further metrics cost where outputs were not kept.

    Attributes
    ----------
    results : int, default 0
        records that lack only the metrics, and must be made again.
    seconds : float, default 0.0
        what their fits took.
    whole : bool, default True
        all of the plan was looked at.
    """

    results: int = 0
    seconds: float = 0.0
    whole: bool = True


def made_again(plan: Plan, store: Store) -> Again:
    """Return what a plan makes again although the store has it, for want of a metric and of kept outputs.

    Of a long plan, the first trials are looked at.
    """
    if not plan.suite.metrics:
        return Again()
    results, seconds = 0, 0.0
    outputs = KeptOutputs(Path(plan.options.outputs)) if plan.options.outputs else None
    for looked_at, (trial, there) in enumerate(looked_up(plan.trials(lambda *_: None), store.statuses)):
        if looked_at == _LOOKED_AT:
            return Again(results=results, seconds=seconds, whole=False)
        lacking = [
            result
            for key, result in zip(trial.keys, trial.results, strict=True)
            if key not in there and not (outputs and outputs.find(result))
        ]
        records = [one for one in store.having(lacking).values() if one.status == "ok"] if lacking else []
        results += len(records)
        fits = [one.wall_seconds or 0.0 for one in records]
        seconds += max(fits, default=0.0)
    return Again(results=results, seconds=seconds)
