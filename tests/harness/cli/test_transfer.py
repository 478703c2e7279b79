"""``priorbench export``, ``import`` and ``merge``: a run that goes on elsewhere, and hostile files."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import sys
import threading
from dataclasses import fields
from pathlib import Path

import picture_files as pictures
import pytest
from asked_things import choice, document_1, request, results, run_of, write_store_1
from small_runs import HERE, ONE_IMAGE, write_suite

from priorbench.cli.transfer.flat import as_table
from priorbench.contract.records import Curve, Record
from priorbench.store.database import Store

BOARD = ("leaderboard", "--format", "json")


def test_a_run_that_goes_on_from_an_imported_file_runs_only_what_is_missing(command, tmp_path):
    suite = str(write_suite(tmp_path))
    assert command("run", suite, "--limit", "1", *HERE).returncode == 0
    part = json.loads(command(*BOARD).stdout)
    assert command("export", "-o", "part.jsonl").returncode == 0
    assert command("import", "part.jsonl", "--store", "elsewhere.db").returncode == 0
    assert json.loads(command(*BOARD, "--store", "elsewhere.db").stdout) == part
    done = command("run", suite, *HERE, "--store", "elsewhere.db")
    assert done.returncode == 0
    assert "3 trials run, 3 found in the store" in done.stderr
    assert command("run", suite, *HERE).returncode == 0
    again = command("import", "part.jsonl", "--store", "elsewhere.db")
    assert (again.returncode, again.stderr.split(";")[0]) == (0, "0 records added, 4 there already")


def test_what_comes_through_a_pipe_is_read_whole(command, tmp_path):
    """Its beginning, which tells what it is, cannot be read twice: all of it was lost without a word."""
    assert command("run", str(write_suite(tmp_path)), *HERE).returncode == 0
    lines = command("export").stdout
    os.mkfifo(tmp_path / "pipe.jsonl")
    writer = threading.Thread(target=(tmp_path / "pipe.jsonl").write_text, args=(lines,))
    writer.start()
    done = command("import", "pipe.jsonl", "--store", "other.db")
    writer.join()
    assert done.returncode == 0, done.stderr
    assert command(*BOARD, "--store", "other.db").stdout == command(*BOARD).stdout


def test_standard_input_is_imported_under_the_name_of_a_dash(command, tmp_path, monkeypatch):
    def typed(text):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    assert command("run", str(write_suite(tmp_path)), *HERE).returncode == 0
    typed(command("export").stdout)
    done = command("import", "-", "--store", "other.db")
    assert done.returncode == 0, done.stderr
    assert command(*BOARD, "--store", "other.db").stdout == command(*BOARD).stdout
    typed("junk\n")
    junk = command("import", "-", "--store", "junk.db")
    assert junk.returncode == 2
    assert "standard input is a file without records" in junk.stderr


def test_parquet_comes_back(command, tmp_path):
    pytest.importorskip("pyarrow")
    assert command("run", str(write_suite(tmp_path)), *HERE).returncode == 0
    assert command("export", "--format", "parquet", "-o", "all.parquet").returncode == 0
    done = command("import", "all.parquet", "--store", "other.db")
    assert done.returncode == 0, done.stderr
    assert command(*BOARD, "--store", "other.db").stdout == command(*BOARD).stdout


@pytest.mark.parametrize("form", ["jsonl", "parquet", "merge"])
def test_tags_of_runs_come_along(command, form):
    for label, tags in (("one", ("first", "of the paper")), ("two", ())):
        more = [word for tag in tags for word in ("--tag", tag)]
        run = command("run", *ONE_IMAGE[1:], "--denoiser", f"mean:label={label}", *more, *HERE)
        assert run.returncode == 0, run.stderr
    if form == "merge":
        done = command("merge", "priorbench.db", "--store", "other.db")
    else:
        if form == "parquet":
            pytest.importorskip("pyarrow")
        assert command("export", "-o", f"all.{form}").returncode == 0
        done = command("import", f"all.{form}", "--store", "other.db")
    assert done.returncode == 0, done.stderr
    for tag in ("first", "of the*"):
        shown = command(*BOARD, "--tag", tag, "--store", "other.db").stdout
        assert shown == command(*BOARD, "--tag", tag).stdout
        [board] = json.loads(shown)
        assert [row["name"] for row in board["rows"]] == ["one"]
    assert "unknown tag" in command(*BOARD, "--tag", "second", "--store", "other.db").stderr
    assert "first, of the paper" in command("runs", "--store", "other.db").stdout
    assert command("export", "--store", "other.db").stdout == command("export").stdout


def test_tags_are_united_whatever_comes_first_and_change_no_key(command, tmp_path):
    done = command("run", *ONE_IMAGE[1:], "--denoiser", "mean", "--tag", "b", "--tag", "a", *HERE)
    assert done.returncode == 0
    line = json.loads(command("export").stdout)
    assert list(line["run_tags"].values()) == [["b", "a"]]
    (run,) = line["run_tags"]
    before = {name: value for name, value in line.items() if name != "run_tags"}  # as it was without tags
    others = [before, line, before | {"run_tags": {run: ["c", "b"]}}]
    found = []
    for number, order in enumerate([(0, 1, 2), (2, 1, 0), (1, 0, 2)]):
        for place in order:
            (tmp_path / "some.jsonl").write_text(json.dumps(others[place]) + "\n")
            assert command("import", "some.jsonl", "--store", f"{number}.db").returncode == 0
        found.append(json.loads(command("export", "--store", f"{number}.db").stdout))
    assert found[0] == found[1] == found[2]
    assert found[0]["run_tags"] == {run: ["a", "b", "c"]}
    assert found[0]["key"] == line["key"] and found[0]["requests"] == line["requests"]
    again = command("run", *ONE_IMAGE[1:], "--denoiser", "mean", "--store", "0.db", *HERE)
    assert "nothing to do" in again.stderr


def test_a_table_has_the_tags_of_all_runs_that_asked(command):
    for tag in ("b", "a"):
        assert command("run", *ONE_IMAGE[1:], "--denoiser", "mean", "--tag", tag, *HERE).returncode == 0
    [row] = csv.DictReader(io.StringIO(command("export", "--format", "csv").stdout))
    assert row["tags"] == "a; b"


def test_an_export_names_every_request_that_a_record_answers(command):
    for label in ("one", "two"):
        done = command("run", *ONE_IMAGE[1:], "--denoiser", f"mean:label={label}", *HERE)
        assert done.returncode == 0, done.stderr
    [record] = map(json.loads, command("export").stdout.splitlines())
    assert "label" not in record
    assert record["denoiser"] == "mean"
    named = {request["denoiser"]["label"]: len(request["runs"]) for request in record["requests"]}
    assert named == {"one": 1, "two": 1}


def test_what_is_wrong_in_a_file_is_named_and_the_rest_is_taken(command, tmp_path):
    assert command("run", *ONE_IMAGE[1:], "--denoiser", "mean", *HERE).returncode == 0
    good = command("export").stdout.strip()
    record = json.loads(good)
    bad = [
        "",
        "[1]",
        good[:-9],
        good.replace('"psnr": ', '"psnr": NaN, "old": ', 1),
        json.dumps(record | {"key": "1", "denoiser": "\x1b[31m"}),
        json.dumps(record | {"key": "2", "curve": {"iteration": [1] * 10}}),
        '{"key": "' + "x" * 2**24 + '"}',
    ]
    (tmp_path / "bad.jsonl").write_text("\n".join([*bad, good]))
    done = command("import", "bad.jsonl", "--store", "new.db")
    assert done.returncode == 1
    assert "1 record added, 0 there already, 6 left out" in done.stderr
    for number in range(2, 8):
        assert f"bad.jsonl:{number}: " in done.stderr
    assert "\x1b" not in done.stderr
    assert command(*BOARD, "--store", "new.db").stdout == command(*BOARD).stdout


def test_a_number_that_its_own_record_contradicts_is_left_out(command, tmp_path):
    """Somebody has written another PSNR into the file; the error that it is of says what it was."""
    assert command("run", *ONE_IMAGE[1:], "--denoiser", "mean", *HERE).returncode == 0
    record = json.loads(command("export").stdout)
    (tmp_path / "edited.jsonl").write_text(json.dumps(record | {"psnr": 35.0}))
    done = command("import", "edited.jsonl", "--store", "new.db")
    assert done.returncode == 1
    assert f"edited.jsonl:1: its psnr of 35 dB is {record['psnr']:.7g} dB by its mse" in done.stderr
    assert "0 records added, 0 there already, 1 left out" in done.stderr


def test_another_result_is_told_with_both_values_and_does_not_count(command, tmp_path):
    assert command("run", *ONE_IMAGE[1:], "--denoiser", "mean", *HERE).returncode == 0
    board = command(*BOARD).stdout
    record = json.loads(command("export").stdout)
    (tmp_path / "forged.jsonl").write_text(json.dumps(record | {"psnr": 77.5, "mse": 10**-7.75}))
    done = command("import", "forged.jsonl")
    assert done.returncode == 1
    assert f"{record['psnr']!r} dB and 77.5 dB; the first counts" in done.stderr
    assert "1 with another result, kept beside" in done.stderr
    again = command(*BOARD)
    [before], [after] = json.loads(board), json.loads(again.stdout)
    told = "1 record of this board had another result elsewhere"
    assert [note for note in after["notes"] if note not in before["notes"]] == [after["notes"][0]]
    assert after["notes"][0].startswith(told)
    assert after | {"notes": before["notes"]} == before
    for form in ("txt", "md", "html"):
        assert command("leaderboard", "-o", f"board.{form}").returncode == 0
        assert told in " ".join((tmp_path / f"board.{form}").read_text().split())
    assert "1 record of this store had another result elsewhere" in again.stderr


def test_stores_are_merged_with_their_pictures(command, tmp_path):
    assert command("run", *ONE_IMAGE[1:], "--denoiser", "mean", *HERE).returncode == 0
    shutil.move(tmp_path / "priorbench.db", tmp_path / "one.db")
    assert command("run", *ONE_IMAGE[1:], "--denoiser", "approach", *HERE).returncode == 0
    shutil.move(tmp_path / "priorbench.db", tmp_path / "two.db")
    before = [(tmp_path / name).read_bytes() for name in ("one.db", "two.db")]
    assert command("merge", "one.db", "two.db").returncode == 0
    assert command("merge", "two.db", "one.db", "--store", "other.db").returncode == 0
    assert [(tmp_path / name).read_bytes() for name in ("one.db", "two.db")] == before
    [board] = json.loads(command(*BOARD).stdout)
    assert {row["denoiser"] for row in board["rows"]} == {"mean", "approach"}
    assert command(*BOARD).stdout == command(*BOARD, "--store", "other.db").stdout
    stores = [
        Store(f"sqlite:///{tmp_path / name}", create=False) for name in ("one.db", "two.db", "other.db")
    ]
    crops = [store.crop_digests() for store in stores]
    assert crops[2] == crops[0] | crops[1]
    assert crops[2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("import", "none.jsonl"), "cannot read none.jsonl: No such file or directory"),
        (("import", "."), "cannot read .: Is a directory"),
        (("import", "priorbench.db"), "'priorbench merge priorbench.db' reads it"),
        (
            ("import", "some.csv"),
            "some.csv is a table, which has not all that belongs to a record: ",
        ),
        (("import", "table"), "table is a table, "),
        (
            ("import", "board.json"),
            "one JSON list, as a board is: 'import' takes JSON lines",
        ),
        (
            ("import", "packed.jsonl.gz"),
            "packed.jsonl.gz is packed, unpack it first: 'import'",
        ),
        (("import", "boards.jsn"), "No such file or directory; did you mean 'board.json'?"),
        (("merge", "none.db"), "no store at sqlite:///none.db"),
        (("merge", "priorbnch.db"), "no store at sqlite:///priorbnch.db; did you mean 'priorbench.db'?"),
        (("merge", "priorbench.db"), "is the one to merge into"),
    ],
)
def test_what_cannot_be_read_is_one_line(command, tmp_path, arguments, said):
    Store(f"sqlite:///{tmp_path}/priorbench.db").close()
    (tmp_path / "some.csv").write_text("a,b\n1,2\n")
    (tmp_path / "table").write_text("denoiser_label,suite\n1,2\n")
    (tmp_path / "board.json").write_text("[\n{}]\n")
    (tmp_path / "packed.jsonl.gz").write_bytes(b"\x1f\x8b\x08")
    done = command(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("kodim01.png", bytes(pictures.encoded(pictures.photograph(seed=1), "PNG")) * 20),
        ("b.md", b"### kodak, gaussian-25\n\n| rank | method |\n|---:|---|\n| 1 | mean |\n" * 10),
        ("s.yaml", b"images:\n- ramps: {count: 3}\nnoises: [gaussian-25]\n" * 10),
        ("one.json", b'{\n "key": "k",\n "psnr": 30.0\n}\n'),
        ("b.tex", b"\\begin{tabular}{ll}\n{a} & b\n" * 20),
    ],
)
def test_a_file_without_a_record_is_one_sentence_and_makes_no_store(command, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    done = command("import", name)
    [line] = done.stderr.splitlines()
    assert f"{name} is a file without records: 'import' takes JSON lines, as 'priorbench export" in line
    assert done.returncode == 2
    assert not (tmp_path / "priorbench.db").exists()


@pytest.mark.parametrize("before", ["", "\ufeff", "# told\n", "[1]\n", "  \n\n "])
def test_a_record_is_found_behind_what_is_none(command, tmp_path, before):
    assert command("run", *ONE_IMAGE[1:], "--denoiser", "mean", *HERE).returncode == 0
    (tmp_path / "some.jsonl").write_text(before + command("export").stdout)
    done = command("import", "some.jsonl", "--store", "new.db")
    assert "1 record added" in done.stderr


def test_a_store_of_before_is_brought_to_the_present_form_with_a_word(command, tmp_path):
    write_store_1(
        tmp_path / "priorbench.db", [document_1(one, "old-label") for one in results("m", [30.0, 31.0])]
    )
    board = json.loads(command(*BOARD).stdout)
    (tmp_path / "empty.jsonl").touch()
    told = "was of an earlier version: 2 records brought to the present form"
    first, second = (command("import", "empty.jsonl") for _ in range(2))
    assert (first.returncode, told in first.stderr, told in second.stderr) == (0, True, False)
    assert json.loads(command(*BOARD).stdout) == board
    assert [row["denoiser"] for row in board[0]["rows"]] == ["old-label"]


def _table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_table_has_plain_values_and_says_what_boards_show(command):
    for count in (1, 2):
        done = command("run", *ONE_IMAGE[1:], "--denoiser", f"approach:iterations={count},label=m", *HERE)
        assert done.returncode == 0, done.stderr
    rows = _table(command("export", "--format", "csv").stdout)
    told = {row["parameters.iterations"]: (row["denoiser_label"], row["current"]) for row in rows}
    assert told == {"1": ("m", "False"), "2": ("m", "True")}
    values = {json.loads(line)["key"]: json.loads(line) for line in command("export").stdout.splitlines()}
    for row in rows:
        assert float(row["psnr"]) == values[row["key"]]["psnr"]
        assert row["environment.fingerprint"] == values[row["key"]]["environment"]["fingerprint"]
        assert not any(cell.startswith(("{", "[")) for cell in row.values())
    [current] = _table(command("export", "--format", "csv", "--current").stdout)
    assert current["parameters.iterations"] == "2"
    [line] = command("export", "--current").stdout.splitlines()
    assert json.loads(line)["key"] == current["key"]


def test_a_table_tells_the_other_labels_of_a_record_that_it_has_once(priorbench, tmp_path):
    place, labels = str(tmp_path / "labels.db"), ("one", "two", "three")
    store = Store(place)
    store.add_run(run_of(1))
    [record] = results("m", [30.0])
    asked = [request(label, denoiser=choice("m", label, k=1)) for label in labels]
    store.add([record], answers=[(each, record.key, run_of(1).id) for each in asked])
    [alone] = results("alone", [31.0])
    store.add([alone], answers=[(request("alone"), alone.key, run_of(1).id)])
    store.close()
    status, out, _ = priorbench("export", "--store", place, "--format", "csv")
    rows = {row["key"]: row for row in _table(out)}
    assert (status, len(rows)) == (0, 2)
    named = rows[record.key]
    assert sorted([named["denoiser_label"], *named["also"].split("; ")]) == sorted(labels)
    assert rows[alone.key]["also"] == ""


def test_filters_choose_the_records_in_every_form(command, tmp_path):
    assert command("run", str(write_suite(tmp_path)), *HERE).returncode == 0
    some = ("--denoiser", "app*", "--stopping", "fixed")
    lines = [json.loads(line) for line in command("export", *some).stdout.splitlines()]
    assert [(one["denoiser"], one["stopping_rule"]) for one in lines] == [("approach", "fixed")] * 2
    assert {row["key"] for row in _table(command("export", "--format", "csv", *some).stdout)} == {
        one["key"] for one in lines
    }
    wrong = command("export", "--denoiser", "aproach")
    assert wrong.returncode == 2 and "did you mean 'approach'" in wrong.stderr
    assert command("export", "-o", "some.csv", *some).returncode == 0
    assert (tmp_path / "some.csv").read_text() == command("export", "--format", "csv", *some).stdout


def test_a_column_in_which_numbers_and_texts_meet_has_texts():
    rows = as_table([{"a": 1, "b": 1}, {"a": "x", "b": 0.5}, {"c": True}])
    assert rows == [
        {"a": "1", "b": 1.0, "c": None},
        {"a": "x", "b": 0.5, "c": None},
        {"a": None, "b": None, "c": True},
    ]


def test_every_field_of_a_record_is_explained():
    text = (Path(__file__).parents[3] / "docs/reference/record-fields.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"`([a-z_0-9]+)`", text))
    names = {field.name for field in fields(Record)} | {field.name for field in fields(Curve)}
    assert names - explained == {"crops"}  # never exported
    labels = {f"{part}_label" for part in ("denoiser", "stopping", "image_set", "noise", "operator")}
    assert labels | {"current"} <= explained


def test_into_which_store_records_came_is_told(priorbench, tmp_path, monkeypatch):
    """Without --store they go into the usual one, where a run may be at work."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PRIORBENCH_STORE", raising=False)
    other = Store("other.db")
    other.add(results("alpha", [30.0]))
    other.close()
    _, _, usual = priorbench("merge", "other.db")
    assert usual.strip() == (
        "1 record added, 0 there already; into the store sqlite:///priorbench.db (--store names another one)"
    )
    _, _, named = priorbench("merge", "other.db", "--store", "third.db")
    assert named.strip() == "1 record added, 0 there already; into the store sqlite:///third.db"
    for name in ("merge", "import"):
        page = " ".join(priorbench(name, "--help")[1].split())
        assert "to the store of --store (default: priorbench.db)" in page and "Where they go." in page
