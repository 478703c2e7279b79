"""``priorbench denoise``: denoises one picture of the user."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from priorbench.cli.common.output import PluginFiles, say

if TYPE_CHECKING:
    from priorbench.loading.registry import Registry
    from priorbench.protocol.exchange import Outcome, Problem


def denoise(
    picture: Annotated[Path, typer.Argument(metavar="INPUT", help="The noisy picture.")],
    output: Annotated[Path, typer.Argument(metavar="OUTPUT", help="Where the result goes.")],
    denoiser: Annotated[str, typer.Option(metavar="NAME", help="See 'priorbench list denoisers'.")],
    sigma: Annotated[
        str | None,
        typer.Option(metavar="S", help="Standard deviation of the noise: 25 or 25/255; default blind."),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="key=value", help="A parameter of the method.")
    ] = None,
    stopping: Annotated[str, typer.Option(metavar="RULE", help="For iterative methods.")] = "fixed",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, ...")] = "auto",
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Seed of the method's own randomness; default made of the picture."),
    ] = None,
    plugin: PluginFiles = None,
) -> None:
    """Denoise a picture with any method that is installed."""
    from priorbench.cli.common.output import open_registry
    from priorbench.machine.devices import resolve_device
    from priorbench.machine.settings import keep_heap
    from priorbench.pictures import check_output, read_picture, write_picture
    from priorbench.rendering.tables import seconds

    keep_heap()
    registry = open_registry(plugin)
    check_output(output)
    pixels = read_picture(picture).pixels
    problem = _problem(registry, pixels, sigma, resolve_device(device), seed)
    outcome = _run(registry, problem, denoiser, settings or [], stopping)
    if outcome.output is None:
        say(f"priorbench: {denoiser} failed: {outcome.error}", err=True)
        raise typer.Exit(1)
    write_picture(output, outcome.output)
    say(f"{output}: {denoiser}, {seconds(outcome.wall_seconds)} s", err=True)


def _problem(registry: Registry, pixels: Any, sigma: str | None, device: str, seed: int | None) -> Problem:
    """Return the picture as a problem: Gaussian noise of a known level, or nothing known at all."""
    import torch

    from priorbench.contract.images import array_sha256
    from priorbench.contract.noise import NoiseDescriptor
    from priorbench.contract.observation import Observation
    from priorbench.errors import PriorbenchError
    from priorbench.parameters.levels import parse_level
    from priorbench.protocol.exchange import Problem
    from priorbench.protocol.seeding import method_seed

    noise = None
    if sigma is not None:
        try:
            level = parse_level(sigma)
        except ValueError as error:
            raise PriorbenchError(f"--sigma {sigma}: {error}") from None
        channels = range(pixels.shape[0])
        covariance = tuple(tuple(level**2 if i == j else 0.0 for j in channels) for i in channels)
        noise = NoiseDescriptor(
            family="gaussian", parameters={"sigma": level}, sigma=level, channel_covariance=covariance
        )
    observation = Observation(
        image=torch.empty(0),
        noise=noise,
        device=torch.device(device),
        seed=method_seed(array_sha256(pixels)) if seed is None else seed,
    )
    return Problem(noisy=pixels, observation=observation)


def _run(registry: Registry, problem: Problem, name: str, settings: list[str], stopping: str) -> Outcome:
    from priorbench.contract.specs import DenoiserSpec
    from priorbench.errors import PriorbenchError
    from priorbench.protocol.measure import measure
    from priorbench.protocol.refusal import refusal
    from priorbench.suite.resolution import choose, instantiate

    choice = choose(registry, "denoiser", name, settings)
    spec = registry.find("denoiser", choice.name).spec
    assert isinstance(spec, DenoiserSpec)
    noise, device = problem.observation.noise, problem.observation.device
    reason = refusal(spec, problem.noisy.shape, str(device), noise)
    if reason:
        raise PriorbenchError(f"denoiser '{choice.name}' {reason}")
    method = instantiate(registry, "denoiser", choice)
    iterative = hasattr(method, "iterate")
    rules = [(_rule(registry, stopping), False)] if iterative else []
    budget = choice.parameters.get("iterations")

    def show(point: Any) -> None:
        if sys.stderr.isatty():
            say(f"\riteration {point.iteration} of {budget}, {point.wall_seconds:.0f} s ", err=True, nl=False)

    outcome = _caught(lambda: measure(method, problem, rules, budget, curve=show)[0])
    if iterative and sys.stderr.isatty():
        say("", err=True)
    return outcome


def _rule(registry: Registry, name: str) -> Any:
    """Return a stopping rule that does not need the clean picture."""
    from priorbench.contract.specs import StoppingRuleSpec
    from priorbench.errors import PriorbenchError
    from priorbench.suite.resolution import choose, instantiate

    rule = choose(registry, "stopping rule", name)
    spec = registry.find("stopping rule", rule.name).spec
    if isinstance(spec, StoppingRuleSpec) and spec.oracle:
        raise PriorbenchError(
            f"stopping rule '{rule.name}' needs the clean picture: use fixed or another rule"
        )
    return instantiate(registry, "stopping rule", rule)


def _caught(run: Callable[[], Outcome]) -> Outcome:
    """Return what a method gave, or its failure in one line."""
    from priorbench.errors import PriorbenchError
    from priorbench.protocol.exchange import Outcome
    from priorbench.protocol.failure import classify

    try:
        return run()
    except Exception as error:
        return Outcome(error=PriorbenchError(classify(error)[1]))
