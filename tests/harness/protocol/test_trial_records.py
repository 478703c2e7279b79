"""The records of a trial: what its rules are is in them."""

from __future__ import annotations

import pytest

from priorbench.contract.choice import Choice
from priorbench.contract.trial import Trial
from priorbench.loading.load import load_registry
from priorbench.protocol.trial_records import trial_records


def named(name: str) -> Choice:
    return Choice(name=name, label=name)


@pytest.mark.parametrize("fired", [False, True])
def test_a_rule_without_a_criterion_neither_met_it_nor_missed_it(fired):
    rules = ("fixed", "best-loss", "oracle")
    trial = Trial(
        image_set=named("s"),
        image="i",
        image_sha256="0",
        height=4,
        width=4,
        channels=1,
        noise=named("gaussian-25"),
        denoiser=named("dip"),
        stopping=tuple(map(named, rules)),
        repetition=0,
        metrics=(),
        device="cpu",
        threads=1,
        keys=rules,
    )
    found = trial_records(trial, load_registry(), [{"psnr": 30.0, "fired": fired}] * 3)
    assert [record.fired for record in found] == [None] * 3
    assert [record.oracle for record in found] == [False, False, True]
    assert {record.psnr for record in found} == {30.0}
