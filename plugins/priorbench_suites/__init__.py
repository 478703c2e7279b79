"""The suites that priorbench is shipped with."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import SuiteSpec, hookimpl


@hookimpl
def priorbench_suites() -> Iterator[SuiteSpec]:
    """Yield suites: a first look, publication, stopping rules, inverse problems, 1-D signals."""
    yield SuiteSpec(
        name="quick",
        resource="priorbench_suites:quick.yaml",
        summary="every method on 3 small photographs, iterative ones on a fraction of their budget; minutes",
    )
    yield SuiteSpec(
        name="standard",
        resource="priorbench_suites:standard.yaml",
        summary="every method with its published budget on colour and grey photographs; hours on a CPU",
    )
    yield SuiteSpec(
        name="standard-small",
        resource="priorbench_suites:standard-small.yaml",
        summary="methods with their published budgets on 8 small pictures; half an hour on a CPU",
    )
    yield SuiteSpec(
        name="early-stopping",
        resource="priorbench_suites:early-stopping.yaml",
        summary="every stopping rule on 24 Kodak crops of 128 x 128, two noises; hours on a CPU",
    )
    yield SuiteSpec(
        name="inpainting",
        resource="priorbench_suites:inpainting.yaml",
        summary="half of the pixels missing in 3 small photographs, reduced budgets; minutes",
    )
    yield SuiteSpec(
        name="super-resolution",
        resource="priorbench_suites:super-resolution.yaml",
        summary="4x super-resolution of 3 small photographs, reduced budgets; minutes",
    )
    yield SuiteSpec(
        name="compressive-sensing",
        resource="priorbench_suites:compressive-sensing.yaml",
        summary="Gaussian measurements of 3 grey photographs of 64x64, reduced budgets; minutes",
    )
    yield SuiteSpec(
        name="signals",
        resource="priorbench_suites:signals.yaml",
        summary="1-D signals: step, piecewise constant, low frequencies, noise; minutes",
    )
