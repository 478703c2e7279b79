"""Suites in packages: the file is there, every name in it is known, and nothing of it is left out here."""

from __future__ import annotations

from functools import cached_property

from priorbench.contract.specs import SuiteSpec
from priorbench.errors import RequestError
from priorbench.suite.files import find_suite, load_suite
from priorbench.suite.model import Suite
from priorbench.testing.checks.importing import LAZY
from priorbench.testing.checks.spec import SUMMARY
from priorbench.testing.results import Check, Finding
from priorbench.testing.subject import Subject
from priorbench.words import one_line, plural


class SuiteSubject(Subject):
    """A suite."""

    spec: SuiteSpec  # type: ignore[assignment]  # a suite has no factory

    @cached_property
    def suite(self) -> Suite:
        """The suite with every parameter resolved."""
        return load_suite(self.spec.name, self.setting.registry)


def reads(subject: SuiteSubject) -> Finding | None:
    """The file must be part of the package."""
    try:
        find_suite(subject.spec.name, subject.setting.registry)
    except RequestError as error:
        return Finding(
            expected=f"{subject.spec.resource} is a file of the package",
            seen=one_line(error),
            mend="put it beside the module, and into the wheel; resource='package:file.yaml' in the spec",
        )
    return None


def resolves(subject: SuiteSubject) -> Finding | None:
    """Every entry must be known, with parameters that it takes."""
    try:
        subject.suite  # noqa: B018
    except RequestError as error:
        lines = str(error).splitlines()
        more = f" (and {plural(len(lines) - 1, 'more mistake')})" if len(lines) > 1 else ""
        return Finding(
            expected="every name in it is registered, and takes the parameters that are given",
            seen=f"{one_line(lines[0])}{more}",
            mend=f"'priorbench run {subject.spec.name} --dry-run' lists all of them",
        )
    return None


def complete(subject: SuiteSubject) -> Finding | None:
    """A table with fewer methods than its suite promises is another table."""
    left_out = subject.suite.warnings
    if not left_out:
        return None
    return Finding(
        expected="nothing of the suite is left out on this machine",
        seen=one_line(left_out[0]) + (f" (and {len(left_out) - 1} more)" if len(left_out) > 1 else ""),
        mend="install what is missing, or say in the suite's summary what it needs",
        warning=True,
    )


CHECKS = (
    SUMMARY,
    LAZY,
    Check(name="reads", what="its file is in the package", run=reads),
    Check(name="resolves", what="every name and parameter in it is known", run=resolves, needs=("reads",)),
    Check(name="complete", what="nothing of it is left out here", run=complete, needs=("resolves",)),
)
