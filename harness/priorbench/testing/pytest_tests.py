"""The checks of a plugin as tests of pytest."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from priorbench.loading.load import load_registry
from priorbench.testing.examination import Examination, Named, find
from priorbench.testing.process import CheckHost
from priorbench.testing.pytest_plugin import DEVICE_OPTION
from priorbench.testing.results import CheckOptions


def conformance(name: str, **options: Any) -> Callable[..., None]:
    """Return a test function with one case for each check.

    The whole of a test module::

        from priorbench.testing import conformance
        test_my_method = conformance("my-method")

    Parameters
    ----------
    name : str
        what is examined, as for ``priorbench check``: a thing that is installed, or a plugin.
    **options : Any
        fields of `CheckOptions` that differ from the defaults; ``pytest --priorbench-device`` wins.

    Raises
    ------
    PriorbenchError
        If nothing installed is called so.
    """
    given = CheckOptions(**options)
    host = _host()
    named = find(load_registry(), name)
    examine = functools.cache(lambda one, options: Examination(host, one, options))
    cases = [
        pytest.param(one, check, id=f"{one.name}-{check}")
        for one in named
        for check in examine(one, given).checks
    ]

    @pytest.mark.parametrize(("named", "check"), cases)
    def test(named: Named, check: str, request: pytest.FixtureRequest) -> None:
        """Fail with what was expected, what was seen, and how to mend it."""
        device = request.config.getoption(DEVICE_OPTION, None) or given.device
        result = examine(named, replace(given, device=device)).result(check)
        if result.status == "skipped":
            pytest.skip(result.reason)
        if result.status == "failed":
            pytest.fail(str(result), pytrace=False)

    return test


@functools.cache
def _host() -> CheckHost:
    """Return the one that all test modules of this process use: starting one takes seconds."""
    return CheckHost()
