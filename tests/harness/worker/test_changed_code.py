"""Code that is not what the run was planned with is not run under its keys."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from priorbench.loading import changes
from priorbench.loading.changes import CORE
from priorbench.loading.digests import code_digest, core_digest, digest_of
from priorbench.loading.load import load_registry
from priorbench.loading.sources import core_files
from priorbench.run.options import PlanOptions
from priorbench.run.plan import Plan
from priorbench.suite.files import load_suite
from priorbench.suite.model import SuiteOptions
from priorbench.worker.seats import OwnSeat
from priorbench.worker.session import Session

PLUGIN = """
from priorbench import DenoiserSpec, hookimpl

@hookimpl
def priorbench_denoisers():
    yield DenoiserSpec(name="edited", factory="edited_method:Method", iterative=False)
"""
METHOD = """
class Method:
    def denoise(self, observation):
        import edited_helper
        return observation.image * edited_helper.FACTOR
"""


@pytest.fixture
def planned(fake_site):
    """Two trials of a method that imports a helper when it runs, a session, and the folder of the code."""
    code_digest.cache_clear()
    files = {"edited_plugin.py": PLUGIN, "edited_method.py": METHOD, "edited_helper.py": "FACTOR = 0.5\n"}
    fake_site.add("edited", files)
    registry = load_registry()
    options = SuiteOptions(
        images=("phantom:size=16",), noises=("gaussian-25",), denoisers=("edited",), repetitions=2
    )
    plan = Plan(load_suite("-", registry, replace(options, stopping=("fixed",))), registry, PlanOptions())
    return (
        list(plan.trials(lambda label, skipped: None)),
        Session(registry, OwnSeat(registry)),
        fake_site.folder,
    )


def test_the_code_that_was_planned_is_run(planned) -> None:
    trials, session, _ = planned
    assert [session.run([trial])[0][0].status for trial in trials] == ["ok", "ok"]


@pytest.mark.parametrize("name", ["edited_method.py", "edited_helper.py"])
def test_code_edited_after_planning_is_not_run(planned, name: str) -> None:
    """It was stored under the digest of the code before, for ever."""
    trials, session, folder = planned
    (folder / name).write_text((folder / name).read_text() + "# edited\n")
    [[record]] = session.run(trials[:1])
    assert record.status != "ok"
    assert "the code of edited_method changed since the run began: planned with " in record.error
    assert record.psnr is None


def test_code_edited_between_two_trials_is_noticed(planned) -> None:
    trials, session, folder = planned
    assert session.run(trials[:1])[0][0].status == "ok"
    (folder / "edited_helper.py").write_text("FACTOR = 0.25\n")
    assert "changed since the run began" in session.run(trials[1:])[0][0].error


def test_code_that_was_compared_a_moment_ago_is_compared_at_the_end_alone(planned, monkeypatch) -> None:
    trials, session, folder = planned
    compared = []
    usual = changes.CodeWatch.difference

    def counted(self, code):
        compared.append(code)
        return usual(self, code)

    monkeypatch.setattr(changes.CodeWatch, "difference", counted)
    monkeypatch.setattr(changes, "LATELY", 1e9)
    assert [own[0].status for trial in trials[:2] for own in session.run([trial])] == ["ok", "ok"]
    assert len(compared) == 3  # before and after the first, and after the second
    (folder / "edited_helper.py").write_text("FACTOR = 0.25\n")
    assert "changed since the run began" in session.run(trials[1:])[0][0].error
    assert not changes.CodeWatch().checked_lately(trials[0].code)


def test_a_file_that_is_only_touched_has_not_changed(planned) -> None:
    trials, session, folder = planned
    assert session.run(trials[:1])[0][0].status == "ok"
    os.utime(folder / "edited_helper.py", (1, 1))
    assert session.run(trials[1:])[0][0].status == "ok"


def test_an_edit_of_the_core_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = core_files()["priorbench/protocol/clock.py"]
    copy = tmp_path / "clock.py"
    copy.write_bytes(clock.read_bytes() + b"# edited\n")
    files = {**core_files(), "priorbench/protocol/clock.py": copy}
    monkeypatch.setattr(changes, "core_files", lambda: files)
    told = changes.CodeWatch().difference([(CORE, core_digest())])
    assert told == (
        f"the code of priorbench changed since the run began: planned with {core_digest()}, "
        f"now {digest_of(files)}; start the run again"
    )


def test_a_new_file_of_a_package_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A method may try to import it, or look for it."""
    package = tmp_path / "edited_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    code_digest.cache_clear()
    planned = (("edited_package:Method", code_digest("edited_package:Method").digest),)
    watch = changes.CodeWatch()
    assert watch.difference(planned) is None
    (package / "fast.py").write_text("")
    assert "the code of edited_package changed" in str(watch.difference(planned))
