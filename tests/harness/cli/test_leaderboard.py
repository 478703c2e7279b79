"""``priorbench leaderboard`` reads what a run wrote."""

from __future__ import annotations

import json

import pytest
from sample_records import columns_of
from small_runs import HERE, ONE_IMAGE, write_suite

from priorbench.store.database import Store


def test_the_leaderboard_reads_what_a_run_wrote(command, process, tmp_path):
    assert command("run", str(write_suite(tmp_path)), *HERE).returncode == 0
    table = process("leaderboard")
    assert table.returncode == 0, table.stderr
    assert "approach" in table.stdout
    assert "an oracle sees the clean image" in table.stdout
    boards = json.loads(command("leaderboard", "--format", "json").stdout)
    ranks = [(row["rank"], row["rank_worst"]) for row in boards[0]["rows"]]
    assert ranks == [(1, 3)] * 3 + [(None, None)]  # too few images to tell any apart
    written = command("leaderboard", "--format", "markdown", "-o", "board.md")
    assert written.returncode == 0
    assert (tmp_path / "board.md").read_text().startswith("### ramps")
    assert command("leaderboard", "--store", "none.db").returncode == 2


def test_a_metric_that_is_asked_for_has_a_column(command):
    """PSNR as a further metric is the mean of what it is as the protocol's own."""
    done = command("run", *ONE_IMAGE[1:], "--denoiser", "mean", "--metric", "psnr", *HERE)
    assert done.returncode == 0, done.stderr
    [board] = json.loads(command("leaderboard", "--format", "json").stdout)
    [row] = board["rows"]
    assert row["metrics"] == {"psnr": row["psnr"]}
    assert f"{row['psnr']:.4g}" in command("leaderboard").stdout.split()


def test_the_command_writes_every_format_and_compares_with_the_named_method(command, tmp_path):
    store = Store(f"sqlite:///{tmp_path}/priorbench.db")
    store.add(columns_of({"alpha": [31.0, 30.0, 32.0], "beta": [29.0, 29.5, 30.0]}))
    store.close()
    narrow, wide = (
        command("leaderboard", "--reference", "beta", COLUMNS=width).stdout for width in ("60", "140")
    )
    assert "vs beta dB" in narrow and "+1.5 [" in narrow and "wins" not in narrow.splitlines()[1]
    assert "adjusted for all comparisons with beta" in wide and "wins" in wide.splitlines()[1]
    assert r"\toprule" in command("leaderboard", "--format", "latex").stdout
    assert command("leaderboard", "--format", "csv").stdout.startswith("protocol,image_set,noise")
    wrong = command("leaderboard", "--reference", "betta")
    assert wrong.returncode == 2 and "did you mean 'beta'?" in wrong.stderr


@pytest.mark.parametrize("format", ["table", "markdown", "html"])
def test_a_file_that_cannot_be_written_is_one_line(command, tmp_path, format):
    store = Store(f"sqlite:///{tmp_path}/priorbench.db")
    store.add(columns_of({"alpha": [31.0, 30.0]}))
    store.close()
    done = command("leaderboard", "--format", format, "-o", "no/folder/board")
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["priorbench: cannot write no/folder/board: No such file or directory"]
