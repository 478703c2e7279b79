"""The board of rules: which records share a row and a board, and whose they may be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from asked_things import a_set, choice, request, told
from ruled_records import bound, only_row, rows_of, ruled
from sample_records import trial

from priorbench.ranking.filters import Filter
from priorbench.ranking.rules import rules_boards
from priorbench.store.database import Store


def answered(label, gaps, day=1, *, parameters=None, key="", **changes):
    """Return a question about a rule of the method 'dd', with its answers."""
    rule = choice("es", label, **(parameters or {}))
    records = [
        trial(
            "dd",
            str(n),
            bound(n) - gap,
            key=f"{label}{key}{n}{day}",
            stopping_rule="es",
            stopping_parameters=dict(rule.parameters),
            oracle_psnr=bound(n),
        )
        for n, gap in enumerate(gaps)
    ]
    return day, request("dd", stopping=rule, **changes), records


def test_a_label_says_what_is_reported_once():
    found = told(
        answered("es+ema-0.99", [0.1] * 2, parameters={"average": "ema-0.99"}),
        answered("smooth", [0.2] * 2, parameters={"average": "ema-0.99"}),
        answered("es+stop-now", [0.3] * 2, parameters={"stop_now": True}),
        answered("quick", [0.4] * 2, parameters={"stop_now": True}),
        answered("es", [0.5] * 2),
    )
    assert [rule for _, rule in rows_of(found.scores())] == [
        "es+ema-0.99",
        "smooth+ema-0.99",
        "es+stop-now",
        "quick+stop-now",
        "es",
    ]
    for name in ("smooth", "smooth+ema-0.99"):
        assert rows_of(found.scores(), against=name)["dd", "es"].against == "smooth+ema-0.99"


def test_what_was_asked_for_last_counts():
    found = told(answered("es", [5.0] * 3, code="old"), answered("es", [0.5] * 3, 2, code="new"))
    [board] = rules_boards(found.scores())
    assert [row.gap_median for row in board.rows] == [0.5]
    assert "3 records of earlier versions" in board.notes[0]
    [before] = rules_boards(found.scores(), only=Filter(as_of="2026-01-01T12:00:00"))
    assert [row.gap_median for row in before.rows] == [5.0]


@pytest.mark.parametrize(
    "changes",
    [
        {"image_set": a_set("s", name="other")},
        {"image_set": a_set("s", parameters={"size": 64})},
        {"noise": choice("n2")},
        {"noise": choice("n", clip=True)},
        {"operator": choice("blur")},
        {"salt": "abc"},
        {"protocol": 2},
    ],
)
def test_unlike_settings_are_never_pooled(changes):
    found = told(answered("es", [0.5] * 3), answered("es", [2.5] * 3, key="other", **changes))
    boards = rules_boards(found.scores())
    assert sorted(row.gap_median for board in boards for row in board.rows) == [0.5, 2.5]
    assert len({(board.protocol, board.setting) for board in boards}) == 2


@pytest.mark.parametrize(
    "changes", [{"device": "cuda"}, {"threads": 2}, {"denoiser": choice("dd", "dd", k=2)}]
)
def test_unlike_methods_of_one_label_are_not_compared_with_each_other(changes):
    day, one, records = answered("b", [2.5] * 3, key="other", **changes)
    there = {name: value for name, value in changes.items() if name != "denoiser"}
    found = told(answered("a", [0.5] * 3), (day, one, [replace(record, **there) for record in records]))
    [board] = rules_boards(found.scores())
    assert [row.difference for row in board.rows] == [None, None]
    if "denoiser" in changes:
        assert any("unlike parameters" in note for note in board.notes)


def test_records_of_other_noise_are_left_out():
    found = rows_of(
        [
            *ruled("a", [0.5] * 3),
            *ruled("b", [0.6] * 3),
            *ruled("c", [0.1] * 3, noisy_sha256="of another machine"),
        ]
    )
    assert set(found) == {("dd", "a"), ("dd", "b")}


def test_methods_without_rules_make_no_board_and_no_condition():
    plain = [trial("bm3d", str(n), 31.0, environment="another") for n in range(3)]
    assert rules_boards(plain) == []
    row = only_row([*plain, *ruled("es", [0.5] * 3)])
    assert (row.method, row.conditions) == ("dd", ())


def test_rules_of_a_trained_method_are_compared():
    found = rows_of([*ruled("a", [0.5] * 3, trained_on=("x",)), *ruled("b", [0.7] * 3, trained_on=("x",))])
    assert [row.trained_on for row in found.values()] == [("x",)] * 2
    assert found["dd", "b"].difference.mean == pytest.approx(-0.2)


def test_only_oracles_are_compared_with_nothing():
    row = only_row(ruled("oracle", [0.0] * 3))
    assert row.against is None and row.difference is None and row.gap_median == 0


def test_a_store_gives_what_its_records_give(tmp_path):
    records = [
        *ruled("es", [0.5] * 3, fired=True, fit_failed=False, stopped_at=9, iterations=4),
        *ruled("oracle", [0.0] * 3),
        *(
            trial("dd", str(n), None, stopping_rule="sure", status="refused", error="a\x00b\ud800c")
            for n in range(3)
        ),
    ]
    store = Store(f"sqlite:///{tmp_path}/a.db")
    store.add(records)
    found = rules_boards(store.scores())
    store.close()
    assert found == rules_boards(records) and len(found[0].rows) == 3
    [reason] = next(row for row in found[0].rows if row.refusals).refusals
    assert reason.isprintable()


@pytest.mark.parametrize("parameters", [{"average": ["x"]}, {"average": 3}, {"average": "a\x1b[2J\nb"}])
def test_odd_parameters_of_a_strangers_record_make_a_label(parameters):
    records = ruled("es", [0.5] * 3, stopping_parameters=parameters)
    assert only_row(records).stopping_rule.startswith("es+")
