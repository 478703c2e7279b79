"""What a plan needs of other machines: versions, code, devices, and its image sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from priorbench.contract.executor import Needs
from priorbench.contract.specs import (
    DenoiserSpec,
    MetricSpec,
    NoiseSpec,
    OperatorSpec,
    Spec,
    StoppingRuleSpec,
)
from priorbench.loading.changes import CORE
from priorbench.loading.digests import code_digest, core_digest
from priorbench.run.keys import Provenance
from priorbench.run.plan import Plan

#: images of each set that another machine has to have, too, before the run begins
_SAMPLES = 2


def needs_of(plan: Plan) -> Needs:
    """Return what a plan needs; the first images of each set are read for it.

    Raises
    ------
    PriorbenchError
        If a set has no usable image.
    """
    registry, named = plan.registry, _named(plan)
    specs = [registry.find(kind, name).spec for kind, name in named]
    factories = dict.fromkeys(spec.factory for spec in specs if isinstance(spec, Spec))
    code = ((factory, code_digest(factory).digest) for factory in factories)
    return Needs(
        device=plan.options.device,
        threads=plan.options.threads,
        devices=plan.devices,
        versions=versions_of(plan),
        code=((CORE, core_digest()), *code),
        samples=tuple(plan.samples(_SAMPLES)),
    )


def versions_of(plan: Plan) -> Mapping[str, str | None]:
    """Return all versions that the keys of a plan hold, by distribution: see `Provenance.versions`."""
    return Provenance(plan.registry).versions(_named(plan))


def _named(plan: Plan) -> Sequence[tuple[str, str]]:
    """Return what takes part in a plan: (kind, name)."""
    suite = plan.suite
    return [
        *((DenoiserSpec.kind, choice.name) for choice in suite.denoisers),
        *((NoiseSpec.kind, choice.name) for choice in suite.noises),
        *((OperatorSpec.kind, choice.name) for choice in suite.operators),
        *((StoppingRuleSpec.kind, choice.name) for choice in suite.stopping),
        *((MetricSpec.kind, name) for name in suite.metrics),
    ]
