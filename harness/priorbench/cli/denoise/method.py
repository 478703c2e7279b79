"""The method that denoises pictures, chosen and checked once, and run on one picture after the other."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
import typer

from priorbench.cli.common.output import say
from priorbench.cli.denoise.noise import told_noise
from priorbench.cli.denoise.source import parse_range
from priorbench.contract.averages import average_of
from priorbench.contract.choice import Choice
from priorbench.contract.images import array_sha256
from priorbench.contract.noise import NoiseDescriptor
from priorbench.contract.observation import Observation
from priorbench.contract.specs import DenoiserSpec, StoppingRuleSpec
from priorbench.errors import PriorbenchError
from priorbench.machine.devices import resolve_device
from priorbench.protocol.exchange import Outcome, Problem
from priorbench.protocol.failure import classify
from priorbench.protocol.looks.watcher import Rule
from priorbench.protocol.measure import measure
from priorbench.protocol.refusal import refusal, rule_refusal
from priorbench.protocol.seeding import method_seed
from priorbench.suite.resolution import choose, instantiate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from priorbench.loading.registry import Registry


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What the user asked for, as written."""

    denoiser: str
    settings: tuple[str, ...] = ()
    stopping: str = "fixed"
    device: str = "auto"
    seed: int | None = None
    sigma: str | None = None
    noise: str | None = None
    value_range: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """A method that can be run.

    Attributes
    ----------
    registry : Registry
        where it was found.
    choice : Choice
        its name and parameters.
    spec : DenoiserSpec
        what it says of itself.
    stopping, device : str
        the rule for an iterative method, and the torch device.
    seed : int or None
        of the method; None = made of the picture.
    noise : NoiseModel or None
        what the user says of the noise; None = nothing.
    value_range : tuple[float, float] or None
        the file's values of black and white.
    """

    registry: Registry
    choice: Choice
    spec: DenoiserSpec
    stopping: str
    device: str
    seed: int | None
    noise: Any
    value_range: tuple[float, float] | None

    def ready(self, pixels: NDArray[np.float32], noise: NoiseDescriptor | None) -> Callable[[], Outcome]:
        """Return what runs the method on a picture, and gives its output or its failure.

        Raises
        ------
        PriorbenchError
            The method refuses the picture, or does not go with the stopping rule.
        """
        own = self.choice.parameters
        reason = refusal(self.spec, pixels.shape, self.device, noise, parameters=own)
        if reason:
            raise PriorbenchError(f"denoiser '{self.choice.name}' {reason}")
        problem = posed(pixels, noise, self.device, self.seed)
        method = instantiate(self.registry, "denoiser", self.choice)
        iterative = hasattr(method, "iterate")
        rules = [_rule(self.registry, self.stopping, self.spec, noise)] if iterative else []
        budget = self.choice.parameters.get("iterations")

        def show(point: Any) -> None:
            if sys.stderr.isatty():
                told = f"\riteration {point.iteration} of {budget}, {point.wall_seconds:.0f} s "
                typer.echo(told, err=True, nl=False)

        def run() -> Outcome:
            outcome = _caught(lambda: measure(method, problem, rules, budget, curve=show)[0])
            if iterative and sys.stderr.isatty():
                say("", err=True)
            return outcome

        return run


def prepare(registry: Registry, asked: Settings) -> Method:
    """Return the method that the user asked for; raise `PriorbenchError` where something is wrong."""
    choice = choose(registry, "denoiser", asked.denoiser, asked.settings)
    spec = registry.find("denoiser", choice.name).spec
    assert isinstance(spec, DenoiserSpec)
    return Method(
        registry=registry,
        choice=choice,
        spec=spec,
        stopping=asked.stopping,
        device=resolve_device(asked.device),
        seed=asked.seed,
        noise=told_noise(asked.sigma, asked.noise, registry),
        value_range=parse_range(asked.value_range),
    )


def posed(
    pixels: NDArray[np.float32], noise: NoiseDescriptor | None, device: str, seed: int | None
) -> Problem:
    """Return a picture as a problem; without a seed, that of a run on the same noisy image."""
    observation = Observation(
        image=torch.empty(0),
        noise=noise,
        device=torch.device(device),
        seed=method_seed(array_sha256(pixels)) if seed is None else seed,
    )
    return Problem(noisy=pixels, observation=observation)


def _rule(registry: Registry, name: str, method: DenoiserSpec, noise: NoiseDescriptor | None) -> Rule:
    """Return a stopping rule that does not need the clean picture, and has all that it needs."""
    rule = choose(registry, "stopping rule", name)
    spec = registry.find("stopping rule", rule.name).spec
    assert isinstance(spec, StoppingRuleSpec)
    if spec.oracle or "noise-energy" in spec.needs:
        raise PriorbenchError(
            f"stopping rule '{rule.name}' needs the clean picture: use fixed or another rule"
        )
    if reason := rule_refusal(spec, method, noise):
        raise PriorbenchError(f"stopping rule '{rule.name}': {reason}")
    return Rule(
        instantiate(registry, "stopping rule", rule), average=average_of(rule.parameters), needs=spec.needs
    )


def _caught(run: Callable[[], Outcome]) -> Outcome:
    """Return what a method gave, or its failure in one line."""
    try:
        return run()
    except Exception as error:
        return Outcome(error=PriorbenchError(classify(error)[1]))
