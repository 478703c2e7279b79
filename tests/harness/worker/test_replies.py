"""What a player answers is data: a method could have written it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from priorbench.protocol.exchange import Spent, Stretch
from priorbench.protocol.failure import TrialFailedError, classify
from priorbench.worker.replies import ReplyError, finished_of, message_of, seconds_of, stretch_of, type_of

GOOD: dict[str, Any] = {
    "number": 3,
    "ended": False,
    "spent": {"wall": 1.5, "device": 1.5, "cpu": 1.25},
    "losses": [0.5, None],
    "apart": [True, False],
    "repeats": False,
}


def test_a_stretch_is_what_was_told() -> None:
    assert stretch_of(GOOD, 1, 3, 2) == Stretch(
        number=3,
        ended=False,
        spent=Spent(wall=1.5, device=1.5, cpu=1.25),
        losses=(0.5, None),
        apart=(True, False),
    )
    nothing: dict[str, Any] = {"losses": [], "apart": []}
    assert stretch_of(GOOD | nothing | {"number": 0, "ended": True}, 0, 1, 2).losses == ()


def test_losses_that_are_not_finite_arrive() -> None:
    first, second = stretch_of(GOOD | {"losses": ["nan", "-inf"]}, 1, 3, 2).losses
    assert first != first
    assert second == float("-inf")


@pytest.mark.parametrize(
    "change",
    [
        {"number": 2},  # less than was asked for
        {"number": 4},
        {"number": 10**400},
        {"number": True},
        {"number": 3.0},
        {"ended": True},  # and all that was asked for made
        {"ended": "no"},
        {"spent": {"wall": -1.0, "device": 0.0, "cpu": 0.0}},
        {"spent": {"wall": float("nan"), "device": 0.0, "cpu": 0.0}},
        {"spent": {"wall": 10**400, "device": 0.0, "cpu": 0.0}},
        {"spent": {"wall": "1", "device": 0.0, "cpu": 0.0}},
        {"spent": {"wall": True, "device": 0.0, "cpu": 0.0}},
        {"spent": [1, 2, 3]},
        {"losses": [0.5]},
        {"losses": [0.5, "1"]},
        {"losses": [0.5, [1]]},
        {"losses": {"0": 1, "1": 2}},
        {"apart": [1, 0]},
        {"apart": None},
        {"repeats": None},
        {"repeats": 1},
    ],
)
def test_a_stretch_that_is_none_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ReplyError, match="the answer of the worker is no result"):
        stretch_of(GOOD | change, 1, 3, 2)


@pytest.mark.parametrize(
    "line",
    [b"", b"[1]", b"{", b"[" * 10**5, b'{"a": NaN}', b"\xff", b'"x"', b"{}", b'{"done": 3}', b"1" * 5000],
)
def test_a_message_is_a_result_or_a_failure(line: bytes) -> None:
    with pytest.raises(ReplyError):
        message_of(line)


def test_a_method_cannot_say_that_it_was_refused_or_not_run() -> None:
    for status in ("refused", "not-run", "ok", "timeout", None, ["error"]):
        line = json.dumps({"failed": {"status": status, "reason": "so it is"}}).encode()
        with pytest.raises(TrialFailedError) as caught:
            message_of(line)
        assert classify(caught.value) == ("error", "so it is")


def test_a_reason_is_one_short_line_that_acts_on_no_terminal() -> None:
    line = json.dumps({"failed": {"status": "error", "reason": "\x1b[2Jtwo\nlines" + "x" * 9999}}).encode()
    with pytest.raises(TrialFailedError) as caught:
        message_of(line)
    assert "\x1b" not in caught.value.reason
    assert "\n" not in caught.value.reason
    assert len(caught.value.reason) <= 600


def test_other_parts_of_answers() -> None:
    assert seconds_of({"seconds": 2}) == 2.0
    assert type_of({"type": "bfloat16"}) is torch.bfloat16
    assert finished_of({"memory": 5, "left": "", "marks": []}).memory == 5
    for wrong in ({"memory": -1}, {"memory": 2**60}, {"left": None}, {"marks": ["x"] * 99}, {"memory": 1.5}):
        with pytest.raises(ReplyError):
            finished_of({"memory": 5, "left": "", "marks": [], **wrong})
    for kind in ("int8", "float128", None, ["float32"]):
        with pytest.raises(ReplyError):
            type_of({"type": kind})
