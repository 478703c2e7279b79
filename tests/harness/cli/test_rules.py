"""``priorbench rules`` reads what a run wrote."""

from __future__ import annotations

import json
import sqlite3

import pytest
from ruled_records import ruled
from sample_records import trial
from small_runs import HERE, write_suite

from priorbench.store.database import Store


@pytest.fixture
def store(tmp_path):
    """Fill the store of the folder in which commands run."""
    found = Store(f"sqlite:///{tmp_path}/priorbench.db")
    records = [*ruled("fixed", [1.5, 2.0, 0.5]), *ruled("es", [0.1, 0.2, 0.3], fired=True)]
    found.add([*records, *ruled("oracle", [0.0] * 3), *ruled("es", [0.4] * 3, noise="n2")])
    found.close()
    return tmp_path / "priorbench.db"


def test_the_board_reads_what_a_run_wrote(command, process, tmp_path):
    assert command("run", str(write_suite(tmp_path)), *HERE).returncode == 0
    done = process("rules")
    assert done.returncode == 0, done.stderr
    assert "approach" in done.stdout and "gap dB" in done.stdout and "stopping rules" in done.stdout
    boards = json.loads(command("rules", "--format", "json").stdout)
    rows = {row["stopping_rule"]: row for row in boards[0]["rows"]}
    assert rows["oracle"]["oracle"] and rows["oracle"]["gap_median"] == pytest.approx(0, abs=0.01)
    assert all(row["never_fired"] is None for row in rows.values())  # none of these has a criterion


def test_the_command_writes_every_format(command, store):
    assert "vs best dB" in command("rules", COLUMNS="140").stdout
    assert r"\toprule" in command("rules", "--format", "latex").stdout
    assert command("rules", "--format", "csv").stdout.startswith("protocol,image_set,noise")
    assert command("rules", "--format", "markdown", "-o", "rules.md").returncode == 0
    assert (store.parent / "rules.md").read_text().startswith("### s, n: stopping rules")
    assert command("rules", "-o", "rules.txt").stdout == ""
    assert "gap dB" in (store.parent / "rules.txt").read_text()


def test_options_choose_boards_and_comparisons(command, store):
    [board] = json.loads(command("rules", "--noise", "n2", "--format", "json").stdout)
    assert board["noise"] == "n2" and [row["gap_median"] for row in board["rows"]] == [0.4]
    found = json.loads(command("rules", "--against", "fixed", "--gap", "1.6", "--format", "json").stdout)
    rows = {row["stopping_rule"]: row for row in found[0]["rows"]}
    assert rows["es"]["against"] == "fixed" and rows["fixed"]["over_gap"] == pytest.approx(1 / 3)
    assert "90 % interval" in command("rules", "--level", "0.9", COLUMNS="140").stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--against", "fixd"), "did you mean 'fixed'?"),
        (("--gap", "-1"), "gap -1: it is a difference in dB, 0 or more, such as 1"),
        (("--gap", "nan"), "such as 1"),
        (("--level", "95"), "such as 0.95"),
        (("--noise", "n3"), "did you mean"),
        (("--store", "none.db"), "none.db"),
        (("-o", "no/folder/board"), "no/folder"),
    ],
)
def test_a_wrong_request_is_one_line(command, store, options, said):
    done = command("rules", *options)
    assert done.returncode == 2 and said in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_store_without_rules_is_told(command, tmp_path):
    found = Store(f"sqlite:///{tmp_path}/priorbench.db")
    assert "is empty" in command("rules").stderr
    found.add([trial("bm3d", "0", 30.0)])
    found.close()
    done = command("rules")
    assert done.returncode == 2 and "was stopped by a rule" in done.stderr


def test_a_damaged_row_is_named_and_the_rest_is_shown(command, store):
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE records SET data = 'x' WHERE number = 1")
        connection.execute("UPDATE scores SET fired = 'often' WHERE number = 4")
    connection.close()
    done = command("rules")
    assert done.returncode == 1 and "1 damaged row" in done.stderr and "gap dB" in done.stdout
