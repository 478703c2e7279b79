"""The conformance kit: every check can fail, for exactly the things that are wrong in its way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from wrong_plugin import DENOISERS, IMAGE_SETS, METRICS, NOISES, OPERATORS, STOPPING_RULES, SUITES

from priorbench.contract.specs import DenoiserSpec, NoiseSpec
from priorbench.loading.load import load_registry
from priorbench.testing import CheckOptions, CheckResult
from priorbench.testing.catalogue import CHECKS
from priorbench.testing.checks.spec import (
    TEMPLATE,
    abilities,
    arithmetic,
    citation,
    level,
    own_citation,
    summary,
)
from priorbench.testing.examination import Examination, find
from priorbench.testing.process import CheckHost
from priorbench.testing.results import Skip

SUPPORT = Path(__file__).parents[2] / "support"
#: thing -> the check that it must fail
WRONG = {
    **{f"wrong-{name}": name for name in DENOISERS},
    "wrong-lazy-registration": "lazy-registration",
    "wrong-undeclared-noise": "noises",
    "wrong-undeclared-randomness": "seeds",
    "wrong-abilities": "abilities",
    "wrong-no-method": "runs",
    "wrong-dependencies": "dependencies",
    "wrong-not-there": "imports",
    "wrong-silent-exit": "process",
    **{f"wrong-set-{name}": name for name in IMAGE_SETS},
    **{f"wrong-noise-{name}": name for name in NOISES},
    **{f"wrong-operator-{name}": name for name in OPERATORS},
    **{f"wrong-rule-{name}": name for name in STOPPING_RULES},
    **{f"wrong-metric-{name}": name for name in METRICS},
    **{f"wrong-suite-{name}": name for name in SUITES},
    "wrong-experiment-sizes": "sizes",
    "wrong-experiment-work": "work",
}
#: checks that are the same for every kind
COMMON = {
    "licence",
    "citation",
    "summary",
    "lazy-registration",
    "imports",
    "dependencies",
    "parameters",
    "loads",
}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CheckHost]:
    """Give a host that has the plugin of wrong things installed, beside the core's own alone."""
    site = tmp_path_factory.mktemp("site")
    info = site / "priorbench_wrong-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: priorbench-wrong\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[priorbench]\nwrong = wrong_plugin\nheavy = wrong_heavy_plugin\n")
    with pytest.MonkeyPatch.context() as patch, CheckHost() as host:
        patch.syspath_prepend(str(site))
        patch.setenv("PYTHONPATH", f"{site}{os.pathsep}{SUPPORT}")
        patch.setenv("PRIORBENCH_PLUGINS", "standard,wrong,heavy")
        yield host


def examined(host: CheckHost, name: str, **options: float) -> list[CheckResult]:
    """Return every result for one thing."""
    [named] = find(load_registry(), name)
    return list(Examination(host, named, CheckOptions(**options)).results())


def test_every_check_has_something_wrong_to_find() -> None:
    for kind, checks in CHECKS.items():
        own = {check.name for check in checks}
        assert own - COMMON <= set(WRONG.values()), kind
    assert {check.name for check in CHECKS["denoiser"]} <= set(WRONG.values())


@pytest.mark.parametrize(("name", "meant"), WRONG.items())
def test_a_wrong_thing_fails_exactly_the_check_that_is_meant_for_it(
    host: CheckHost, name: str, meant: str
) -> None:
    results = examined(host, name, time_limit=1.0 if meant == "time" else 60.0)
    failed = {result.check: result for result in results if result.status in ("failed", "warned")}
    assert set(failed) == {meant}, "\n".join(map(str, failed.values()))
    finding = failed[meant].finding
    assert finding is not None
    for line in (finding.expected, finding.seen, finding.mend):
        assert line.strip()
        assert "\n" not in line


@pytest.mark.parametrize("name", ["wrong-nothing", "wrong-declared-reuse"])
def test_a_good_method_fails_nothing(host: CheckHost, name: str) -> None:
    results = examined(host, name)
    assert len(results) == len(CHECKS["denoiser"])
    assert not [str(result) for result in results if result.status == "failed"]


def test_what_a_scaffold_has_put_there_is_a_warning_and_no_failure() -> None:
    subject = SimpleNamespace(
        spec=SimpleNamespace(summary=f"local filter{TEMPLATE}", citation=f"unpublished{TEMPLATE}")
    )
    for look in (summary, citation, own_citation):
        found = look(subject)
        assert found is not None and found.warning and "as the template has it" in found.seen
    own = SimpleNamespace(spec=SimpleNamespace(summary="my filter", citation="unpublished"))
    assert summary(own) is None and citation(own) is None
    assert own_citation(own) is None


def test_where_there_is_nothing_to_look_at_a_check_is_skipped() -> None:
    method = DenoiserSpec(name="x", factory="x:X")
    noise = NoiseSpec(name="x", factory="x:X", citation=" ")
    for look, spec, reason in (
        (arithmetic, method, "its spec names no parameter for it"),
        (abilities, method, "its spec says neither 'iterative' nor 'together'"),
        (level, noise, "its spec names no parameter for it"),
        (own_citation, noise, "its spec names no publication"),
    ):
        assert look(SimpleNamespace(spec=spec, parameters={})) == Skip(reason)


@pytest.mark.parametrize("kind", [kind for kind in CHECKS if kind != "suite"])
def test_whatever_can_name_a_publication_is_asked_whose_it_is(kind: str) -> None:
    assert "citation" in {check.name for check in CHECKS[kind]}


def test_a_check_that_warned_has_passed_and_what_needs_it_is_made(host: CheckHost) -> None:
    results = {result.check: result for result in examined(host, "wrong-suite-complete")}
    assert (results["resolves"].status, results["complete"].status) == ("passed", "warned")
    assert results["complete"].finding is not None and "is warned by" in str(results["complete"])
