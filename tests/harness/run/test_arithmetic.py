"""Runs of methods that ask for bfloat16, on processors that have it and that do not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from priorbench.loading.load import load_registry
from priorbench.machine import arithmetic
from priorbench.run.options import PlanOptions
from priorbench.run.plan import Plan
from priorbench.suite.files import load_suite
from priorbench.suite.model import SuiteOptions
from priorbench.worker.seats import OwnSeat
from priorbench.worker.session import Session

LABEL = "deep-decoder:channels=4,iterations=2,precision=bfloat16"
PLAIN = "deep-decoder:channels=4,iterations=2,engine=plain"
NEVER = "conv-decoder:channels=4,iterations=2,precision=bfloat16"


@pytest.fixture
def planned(monkeypatch):
    """Return what plans, on a processor with these flags."""
    registry = load_registry()
    options = SuiteOptions(
        images=("photos:crop=16,limit=1",),
        noises=("gaussian-25",),
        stopping=("fixed",),
    )

    def plan(*flags: str, methods: tuple[str, ...] = (LABEL, PLAIN)) -> tuple[Plan, Session]:
        monkeypatch.setattr(arithmetic, "processor_flags", lambda: frozenset(flags))
        asked = replace(options, denoisers=methods)
        made = Plan(load_suite("-", registry, asked), registry, PlanOptions())
        return made, Session(registry, OwnSeat(registry))

    return plan


def test_a_processor_without_it_is_told_before_the_run_and_in_the_record(planned):
    plan, session = planned("avx2")
    [line] = plan.expected_refusals()
    assert line.startswith(f"method '{LABEL}' will be refused for gaussian-25: asks for products in bfloat16")
    assert plan.expected_refusals(elsewhere=True) == ()
    records = [record for trial in plan.trials(print) for record in session.run([trial])[0]]
    by_precision = {record.parameters["precision"]: record for record in records}
    assert by_precision["float32"].status == "ok"
    refused = by_precision["bfloat16"]
    assert refused.status == "refused"
    assert "this processor has no AVX512-BF16 instructions" in str(refused.error)
    assert refused.setup_seconds is None  # not even made


def test_a_processor_with_it_is_not_refused_and_has_a_label_and_a_key_of_its_own(planned):
    plan, _ = planned("avx512_bf16")
    assert plan.expected_refusals() == ()
    trials = {trial.denoiser.label: trial for trial in plan.trials(print)}
    assert set(trials) == {LABEL, PLAIN}
    assert [trials[label].product for label in (LABEL, PLAIN)] == ["avx512_bf16", ""]
    without = {trial.denoiser.label: trial for trial in planned()[0].trials(print)}
    assert without[LABEL].keys != trials[LABEL].keys
    assert without[PLAIN].keys == trials[PLAIN].keys


def test_a_method_that_is_hardly_faster_with_it_is_refused_on_any_processor(planned):
    keys = []
    for flags in ((), ("avx512_bf16",)):
        plan, session = planned(*flags, methods=(NEVER,))
        [line] = plan.expected_refusals()
        assert line.startswith(f"method '{NEVER}' will be refused for gaussian-25: asks for products in")
        assert "on CPUs they are hardly faster for this method; take precision=float32" in line
        [trial] = plan.trials(print)
        [record] = session.run([trial])[0]
        assert (record.status, trial.product) == ("refused", "none")
        assert "hardly faster for this method" in str(record.error)
        keys.append(trial.keys)
    assert keys[0] == keys[1]


def test_a_worker_with_another_product_does_not_run_what_was_planned_here(planned):
    plan, session = planned("avx512_bf16")
    [trial] = [trial for trial in plan.trials(print) if trial.denoiser.label == LABEL]
    [record] = session.run([replace(trial, product="another")])[0]
    assert record.status == "not-run"
    assert "plan it on a machine like this one" in str(record.error)
