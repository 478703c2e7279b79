"""Which methods and stopping rules a run will refuse, told before it starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from priorbench.contract.choice import Choice
from priorbench.contract.noise import NoiseDescriptor, NoiseModel
from priorbench.contract.specs import DenoiserSpec, NoiseSpec, StoppingRuleSpec
from priorbench.errors import PriorbenchError
from priorbench.loading.registry import Registry, import_factory
from priorbench.machine.arithmetic import arithmetic_refusal
from priorbench.parameters.values import build
from priorbench.protocol.refusal import rule_refusal
from priorbench.suite.model import Suite


def refused_methods(suite: Suite, registry: Registry, devices: Mapping[str, str]) -> Iterator[str]:
    """Yield one line for each method that asks for what this machine cannot do, and why.

    Parameters
    ----------
    suite, registry : Suite or Registry
        what is to be run.
    devices : Mapping[str, str]
        where each method runs, by its label; those that run elsewhere are missing.
    """
    for choice in suite.denoisers:
        spec = registry.find(DenoiserSpec.kind, choice.name).spec
        assert isinstance(spec, DenoiserSpec)
        if choice.label in devices:
            reason = arithmetic_refusal(spec.arithmetic, choice.parameters, devices[choice.label])
            if reason:
                yield f"denoiser '{choice.label}' will be refused: it {reason}"


def expected_refusals(suite: Suite, registry: Registry, iterative: Sequence[Choice]) -> Iterator[str]:
    """Yield one line for each stopping rule that will be refused under a noise, and why.

    What a noise tells is asked with a flat grey picture; what hangs on the picture is not foreseen.

    Parameters
    ----------
    suite, registry : Suite or Registry
        what is to be run.
    iterative : sequence of Choice
        the suite's methods that stopping rules apply to.
    """
    told: set[str] = set()
    for noise in suite.noises:
        descriptor = _described(registry, noise)
        if descriptor is None:
            continue
        for operator in suite.operators:
            for rule in suite.stopping:
                spec = registry.find(StoppingRuleSpec.kind, rule.name).spec
                assert isinstance(spec, StoppingRuleSpec)
                refused: dict[str, list[str]] = {}
                for method in iterative:
                    own = registry.find(DenoiserSpec.kind, method.name).spec
                    assert isinstance(own, DenoiserSpec)
                    reason = rule_refusal(spec, own, descriptor, operator)
                    if reason:
                        refused.setdefault(reason, []).append(method.label)
                for reason, methods in refused.items():
                    of = "" if len(methods) == len(iterative) else f" of {', '.join(methods)}"
                    line = f"stopping rule '{rule.label}'{of} will be refused for {noise.label}: {reason}"
                    if line not in told:
                        told.add(line)
                        yield line


def _described(registry: Registry, noise: Choice) -> NoiseDescriptor | None:
    """Return what a noise tells of itself on a grey picture; None where that cannot be said before."""
    spec = registry.find(NoiseSpec.kind, noise.name).spec
    assert isinstance(spec, NoiseSpec)
    if spec.given:
        return None
    try:
        model: NoiseModel = build(import_factory(spec), noise.parameters)
        return model.describe(np.full((3, 16, 16), 0.5))
    except (PriorbenchError, ValueError):  # the run says so
        return None
