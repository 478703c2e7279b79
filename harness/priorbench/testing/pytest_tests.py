"""The checks of a plugin as tests of pytest."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from priorbench.plugins import load_registry
from priorbench.testing.catalogue import CHECKS
from priorbench.testing.examination import Examination, Named, find
from priorbench.testing.pytest_plugin import DEVICE_OPTION
from priorbench.testing.results import CheckOptions


def conformance(name: str, **options: Any) -> Callable[..., None]:
    """Return a test function with one case for each check.

    The whole of a test module::

        from priorbench.testing import conformance
        test_my_method = conformance("my-method")

    Parameters
    ----------
    name : what is examined, as for ``priorbench check``: a thing that is installed, or a plugin.
    **options : fields of `CheckOptions` that differ from the defaults; ``pytest --priorbench-device`` wins.

    Raises
    ------
    PriorbenchError
        If nothing installed is called so.
    """
    given = CheckOptions(**options)
    cases = [
        pytest.param(named, check.name, id=f"{named.name}-{check.name}")
        for named in find(load_registry(), name)
        for check in CHECKS[named.kind]
    ]

    @functools.cache  # one process for all cases
    def examination(named: Named, device: str, config: pytest.Config) -> Examination:
        made = Examination(named, replace(given, device=device))
        config.add_cleanup(made.close)
        return made

    @pytest.mark.parametrize(("named", "check"), cases)
    def test(named: Named, check: str, request: pytest.FixtureRequest) -> None:
        """Fail with what was expected, what was seen, and how to mend it."""
        device = request.config.getoption(DEVICE_OPTION) or given.device
        result = examination(named, device, request.config).result(check)
        if result.status == "skipped":
            pytest.skip(result.reason)
        if result.status == "failed":
            pytest.fail(str(result), pytrace=False)

    return test
