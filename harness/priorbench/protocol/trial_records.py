"""The records of a trial: what the trial itself tells, joined with what its run gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from priorbench.contract.choice import Choice
from priorbench.contract.records import Record
from priorbench.contract.trial import Trial
from priorbench.loading.registry import Registry
from priorbench.protocol.seeding import salt_hash


def trial_records(
    trial: Trial, registry: Registry, results: Sequence[Mapping[str, Any]]
) -> tuple[Record, ...]:
    """Return one record for each result, with everything that the trial itself tells filled in."""
    registered = registry.find("denoiser", trial.denoiser.name)
    rules: tuple[Choice | None, ...] = trial.stopping or (None,)
    specs = [None if rule is None else registry.find("stopping rule", rule.name).spec for rule in rules]
    told = [
        result if getattr(spec, "criterion", True) else {**result, "fired": None}
        for spec, result in zip(specs, results, strict=True)
    ]
    return tuple(
        Record(
            key=key,
            denoiser=trial.denoiser.name,
            parameters=trial.denoiser.parameters,
            plugin=registered.plugin.distribution,
            plugin_version=registered.plugin.version,
            plugin_source=trial.source,
            plugin_commit=trial.commit,
            image_set=trial.image_set.name,
            image=trial.image,
            image_sha256=trial.image_sha256,
            height=trial.height,
            width=trial.width,
            channels=trial.channels,
            operator=trial.operator.name,
            operator_parameters=trial.operator.parameters,
            noise=trial.noise.name,
            noise_parameters=trial.noise.parameters,
            repetition=trial.repetition,
            salt=salt_hash(trial.salt),
            stopping_rule=None if rule is None else rule.name,
            stopping_parameters={} if rule is None else rule.parameters,
            oracle=getattr(spec, "oracle", False),
            trained_on=getattr(registered.spec, "trained_on", ()),
            device=trial.device,
            threads=trial.threads,
            **result,
        )
        for key, rule, spec, result in zip(trial.keys, rules, specs, told, strict=True)
    )


def failed_records(
    trial: Trial, registry: Registry, status: str, error: str, facts: Mapping[str, Any]
) -> tuple[Record, ...]:
    """Return the records of a trial that ended without a result."""
    result = {**facts, "status": status, "error": error}
    return trial_records(trial, registry, [result] * max(1, len(trial.stopping)))
