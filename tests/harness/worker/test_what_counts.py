"""What a worker imports while it runs a trial is in a digest, or has no influence on a result."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from priorbench.contract.records import from_json
from priorbench.contract.specs import DenoiserSpec
from priorbench.contract.trial import Trial, trial_to_json
from priorbench.loading.load import load_registry
from priorbench.loading.sources import CORE, WITHOUT_INFLUENCE, core_files, plugin_sources
from priorbench.machine.settings import KEEP_VARIABLE, import_path, worker_environment
from priorbench.run.options import PlanOptions
from priorbench.run.plan import Plan
from priorbench.suite.files import load_suite
from priorbench.suite.model import SuiteOptions

#: reading a picture can change pixels, and their digest is in the key: a worker refuses others
PICTURES = "pictures"

CASES: Mapping[str, SuiteOptions] = {
    "one-shot": SuiteOptions(denoisers=("identity",)),
    "iterative": SuiteOptions(denoisers=("deep-decoder:channels=8,iterations=3,engine=plain",)),
    "operator": SuiteOptions(denoisers=("pseudo-inverse",), operators=("mask:keep=0.5",)),
    "metric": SuiteOptions(denoisers=("identity",), metrics=("ssim",)),
}


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, frozenset[str]]:
    """Run each case in a worker of its own; return the names of all files of the core that were imported."""
    registry = load_registry()
    found = {}
    for name, options in CASES.items():
        shared = replace(options, images=("phantom:size=32",), noises=("gaussian-25",), stopping=("fixed",))
        plan = Plan(load_suite("-", registry, shared), registry, PlanOptions())
        trials = list(plan.trials(lambda label, skipped: None))
        found[name] = _files(_run(trials, tmp_path_factory.mktemp(name) / "imports.txt"))
    return found


#: writes the name of every module that a process imports to a file
HOOK = """
import os, sys
log = open(os.environ["IMPORT_LOG"], "a", buffering=1)
sys.addaudithook(lambda event, told: event == "import" and log.write(f"{told[0]}\\n"))
"""


def _run(trials: Sequence[Trial], log: Path) -> str:
    """Run trials under a real judge; return the names of all modules that it and its players imported."""
    site = log.with_name("site")
    site.mkdir()
    (site / "sitecustomize.py").write_text(HOOK)
    with (
        subprocess.Popen(
            [sys.executable, "-P", "-m", "priorbench.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                **worker_environment(1),
                "PYTHONPATH": os.pathsep.join([str(site), import_path()]),
                "IMPORT_LOG": str(log),
                KEEP_VARIABLE: "IMPORT_LOG",
            },
            start_new_session=True,
        ) as worker,
    ):
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write("".join(json.dumps([trial_to_json(trial)]) + "\n" for trial in trials))
        worker.stdin.flush()
        answers = (json.loads(line) for line in worker.stdout)
        done = list(itertools.islice((one for one in answers if "records" in one), len(trials)))
        worker.stdin.close()  # it ends with its parent
    records = [from_json(record) for answer in done for own in answer["records"] for record in own]
    assert [record.status for record in records] == ["ok"] * len(trials)
    return log.read_text()


def _files(told: str) -> frozenset[str]:
    modules = set(told.splitlines())
    paths = (CORE.joinpath(*name.split(".")[1:]) for name in modules if name.split(".")[0] == "priorbench")
    files = (path / "__init__.py" if path.is_dir() else path.with_suffix(".py") for path in paths)
    return frozenset(f"priorbench/{file.relative_to(CORE).as_posix()}" for file in files)


def uncovered(files: Collection[str], covered: Collection[str]) -> set[str]:
    """Return the files of the core that can change a result and are in no digest."""
    without = (*WITHOUT_INFLUENCE, PICTURES)
    return {file for file in files if file not in covered and Path(file.split("/")[1]).stem not in without}


def covered_by(case: str) -> set[str]:
    """Return what the digests of a case's records hold of the core."""
    registry = load_registry()
    name = CASES[case].denoisers[0].partition(":")[0]
    spec = registry.find("denoiser", name).spec
    assert isinstance(spec, DenoiserSpec)
    return {*core_files(), *plugin_sources(spec.factory.partition(":")[0]).files}


@pytest.mark.parametrize("case", CASES)
def test_whatever_a_worker_imports_is_in_a_digest(imported: Mapping[str, frozenset[str]], case: str) -> None:
    assert "priorbench/worker/session.py" in imported[case]
    assert uncovered(imported[case], covered_by(case)) == set()


@pytest.mark.parametrize(
    ("case", "taken_out"),
    [
        ("one-shot", "protocol/clock"),
        ("one-shot", "worker/timekeeping"),
        ("one-shot", "player/limits"),
        ("iterative", "contract/stopping"),
        ("iterative", "toolkit/fitting"),
        ("metric", "protocol/metrics"),
        ("operator", "protocol/least_squares"),
    ],
)
def test_a_module_that_no_digest_held_would_be_noticed(
    imported: Mapping[str, frozenset[str]], case: str, taken_out: str
) -> None:
    file = f"priorbench/{taken_out}.py"
    assert uncovered(imported[case], covered_by(case) - {file}) == {file}
