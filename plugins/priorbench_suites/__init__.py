"""The suites that priorbench is shipped with."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import SuiteSpec, hookimpl


@hookimpl
def priorbench_suites() -> Iterator[SuiteSpec]:
    """Yield a suite for a first look and one for publication."""
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
