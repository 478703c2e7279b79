"""Answers of workers are data: identity comes from the trial, results are checked."""

from __future__ import annotations

import json

import pytest

from priorbench.contract.choice import Choice
from priorbench.contract.records import NOT_RUN
from priorbench.contract.trial import Trial
from priorbench.executors.answers import AnswerError, facts_of, message_of, records_of
from priorbench.loading.load import load_registry

GOOD = {
    "status": "ok",
    "psnr": 30.0,
    "mse": 0.001,
    "output_sha256": "a",
    "noisy_sha256": "b",
    "wall_seconds": 1.5,
    "started_at": "2026-01-01T00:00:00+00:00",
}


@pytest.fixture(scope="module")
def registry():
    return load_registry()


@pytest.fixture
def trial():
    """Of two rules."""
    rules = tuple(Choice(name="fixed", label=label) for label in ("one", "two"))
    return Trial(
        image_set=Choice(name="photos", label="photos"),
        image="astronaut",
        image_sha256="c",
        height=4,
        width=5,
        channels=3,
        noise=Choice(name="gaussian-25", label="n"),
        denoiser=Choice(name="identity", label="i"),
        stopping=rules,
        repetition=0,
        metrics=(),
        device="cpu",
        threads=1,
        keys=("k1", "k2"),
    )


def test_an_answer_has_no_say_in_whose_result_it_is(trial, registry):
    forged = GOOD | {
        "key": "k9",
        "denoiser": "bm3d",
        "image": "coffee",
        "parameters": {"x": 1},
        "oracle": True,
        "trained_on": ["x"],
        "threads": 64,
        "environment": "e",
        "nothing": "known",
    }
    [records] = records_of({"records": [[GOOD, forged]]}, [trial], registry)
    assert [one.key for one in records] == ["k1", "k2"]
    assert {(one.denoiser, one.image, one.threads, one.oracle) for one in records} == {
        ("identity", "astronaut", 1, False)
    }
    assert {(one.psnr, one.wall_seconds, one.environment) for one in records} == {(30.0, 1.5, "")}


def test_a_trial_that_the_machine_could_not_run_is_told(trial, registry):
    lost = {"status": NOT_RUN, "error": "gone"}
    [records] = records_of({"records": [[lost, lost]]}, [trial], registry)
    assert [one.status for one in records] == [NOT_RUN, NOT_RUN]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "splendid"}, "no status"),
        ({"psnr": "30"}, "'psnr' is of the wrong type"),
        ({"psnr": 1e308}, "'psnr' cannot be"),
        ({"wall_seconds": -1}, "'wall_seconds' cannot be"),
        ({"wall_seconds": None}, "a good result has"),
        ({"mse": None}, "a good result has"),
        ({"metrics": {"x": "y"}}, "a metric is no number"),
        ({"metrics": 7}, "'metrics' is of the wrong type"),
        ({"curve": {"a": [1]}}, "unexpected keyword"),
        ({"curve": 3}, "'int' object"),
        ({"crops": {"a": "no base64"}}, "a picture is no PNG file"),
        ({"crops": {"a": 7}}, "a picture is no PNG file"),
        ({"crops": {"a": "A" * 2**24}}, "too large"),
    ],
)
def test_a_result_that_is_none_is_refused(trial, registry, change, reason):
    with pytest.raises(AnswerError, match=reason):
        records_of({"records": [[GOOD, GOOD | change]]}, [trial], registry)


@pytest.mark.parametrize("answer", [[], [[]], [[GOOD]], [[GOOD] * 3], [GOOD, GOOD], "x", [[1, 2]], {"a": 1}])
def test_an_answer_has_one_result_for_each_rule(trial, registry, answer):
    with pytest.raises(AnswerError):
        records_of({"records": answer}, [trial], registry)


@pytest.mark.parametrize("line", [b"", b"[1]", b"{", b"[" * 10**5, b'{"a": NaN}', b"\xff", b'"x"'])
def test_a_message_is_a_json_object(line):
    with pytest.raises(AnswerError):
        message_of(line)


def test_facts_are_fields_of_results():
    assert facts_of(json.loads('{"facts": {"sigma": 0.1, "key": "k"}}')) == {"sigma": 0.1}
    assert facts_of({"facts": {"psnr": "x", "crops": 7, "noisy_psnr": None}}) == {"noisy_psnr": None}
    for wrong in ([1], {"sigma": "x"}, {"sigma": True}, {"noisy_sha256": 7}):
        with pytest.raises(AnswerError):
            facts_of({"facts": wrong})
