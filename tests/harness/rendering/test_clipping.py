"""Where noisy images are not clipped, boards and targets say so: doing nothing gains, too."""

from __future__ import annotations

import pytest
from sample_records import only, trial
from trajectories import boards, called

from priorbench.rendering import latex, tables, targets
from priorbench.rendering.board.notes import board_notes, footnotes
from priorbench.rendering.columns import columns, title
from priorbench.rendering.curves import charts
from priorbench.rendering.markers import markers

NOTE = "noisy pictures are not clipped, outputs are clipped before they are scored: doing nothing"


def ranking(*labels: str, **noise):
    return only(
        [
            trial(label, str(n), 20.7 + place, noise_parameters=noise)
            for place, label in enumerate(labels)
            for n in range(4)
        ]
    )


def test_a_board_of_unclipped_noise_says_what_doing_nothing_gains():
    board = ranking("identity", "net", clip=False)
    assert title(board) == "s, n: 4 images, noisy 20.00 dB (not clipped)"
    assert f"{NOTE} (identity) gains, too: +0.70 dB" in footnotes(board, columns(board))
    assert f"{NOTE} gains, too" in footnotes(ranking("net", clip=False), ())
    assert NOTE in tables.markdown([board])
    assert "(not clipped)" in latex.latex([board])
    short = [note.short for note in board_notes(board, ["gain dB"])]
    assert "gain: over noisy pictures, not clipped; outputs are" in short


@pytest.mark.parametrize("noise", [{"clip": True}, {}, {"fraction": 0.3}])
def test_clipped_noise_and_noise_that_cannot_be_clipped_have_no_such_note(noise):
    board = ranking("identity", "net", **noise)
    assert "not clipped" not in title(board)
    assert not any(NOTE in line for line in footnotes(board, columns(board)))


def test_targets_above_unclipped_noise_say_so():
    records = [called("net", str(n), 25.0, 1.0, noise_parameters={"clip": False}) for n in range(3)]
    found = boards(records)
    text = targets.targets_markdown(found)
    assert "noisy+3: 3 dB above the noisy image, which is not clipped" in text
    assert "dB on average, not clipped" in text
    assert f"{NOTE} gains, too" in text
    looks = markers((one.label, one.name) for one in found[0].methods)
    assert any(chart.level and "not clipped" in chart.level[0] for chart in charts(found[0], looks))
