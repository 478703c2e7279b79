"""`priorbench reproduce`: runs, keeps, judges, draws and writes what experiments ask for."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest_support import Ended, command_environment

Command = Callable[..., Ended]


def document(folder: Path, name: str = "paper-squares") -> dict[str, object]:
    return json.loads((folder / "reproduction" / f"{name}.json").read_text())


def test_a_computation_is_judged_drawn_and_written(command: Command, tmp_path: Path) -> None:
    ended = command("reproduce", "paper-squares")
    assert ended.returncode == 0, ended.stderr
    assert "mean square: 10" in ended.stdout
    assert "too small a run to say: the interval" in ended.stdout  # 9, 10, 11: the mean is 10 +- 2.5
    names = {path.name for path in (tmp_path / "reproduction").iterdir()}
    assert {"paper-squares.json", "paper-squares.png", "paper-squares.svg", "index.html"} <= names
    written = document(tmp_path)
    assert written["size"] == "full"
    [claim] = written["claims"]  # type: ignore[misc]
    assert claim["quantities"][0]["found"] == [9.0, 10.0, 11.0]
    assert written["data"] == {"first": {"array": [0, 1, 2], "undefined": None, "value": 9.0}}
    page = (tmp_path / "reproduction" / "index.html").read_text()
    assert "Squares are 9 to 11" in page and 'src="paper-squares.svg"' in page


def test_the_summary_has_every_claim_under_its_verdict(command: Command, tmp_path: Path) -> None:
    command("reproduce", "paper-squares", "fits", "--quick")
    text = (tmp_path / "reproduction" / "summary.md").read_text()
    holds, small = text.index("## Holds (1)"), text.index("## Too small a run to say (1)")
    assert holds < text.index("Blurring helps (Fig. 1)") < small < text.index("Squares are 9 to 11 (eq. 1;")
    assert "| 10 (9 to 11) | mean square: 10 [7.516, 12.48], 3 values | paper-squares |" in text
    assert "`priorbench reproduce paper-squares --quick` |" in text


def test_what_was_computed_is_not_computed_again(command: Command, tmp_path: Path) -> None:
    log = tmp_path / "log"
    again = f"paper-squares:log={log}"
    assert command("reproduce", again, "--quick").returncode == 0
    calls = log.read_text().splitlines()
    assert sorted(line.split()[0] for line in calls) == ["0", "1", "2"]
    assert {line.split()[2] for line in calls} == {"1"}  # one thread each
    assert command("reproduce", again, "--quick").returncode == 0
    assert log.read_text().splitlines() == calls
    notebook = tmp_path / "reproduction" / "computations.jsonl"
    notebook.write_text(notebook.read_text().splitlines()[0] + '\n{"key": "torn')
    assert command("reproduce", again, "--quick").returncode == 0
    assert len(log.read_text().splitlines()) == len(calls) + 2


def test_the_same_data_give_the_same_files(command: Command, tmp_path: Path) -> None:
    files = []
    for _ in range(2):
        assert command("reproduce", "paper-squares", "--quick").returncode == 0
        files.append(
            [(tmp_path / "reproduction" / f"paper-squares.{s}").read_bytes() for s in ("png", "svg")]
        )
    assert files[0] == files[1]


def test_trials_are_run_as_any_others_and_found_by_their_labels(command: Command, tmp_path: Path) -> None:
    ran = command("reproduce", "fits")
    assert ran.returncode == 0, ran.stderr
    written = document(tmp_path, "paper-fits")
    assert [claim["verdict"] for claim in written["claims"]] == ["holds"]  # type: ignore[attr-defined]
    assert any("does-not-exist" in condition for condition in written["conditions"])  # type: ignore[attr-defined]
    exported = command("export", "--store", "sqlite:///reproduction/records.db").stdout.splitlines()
    records = [json.loads(line) for line in exported if '"psnr"' in line]
    assert {record["key"] for record in records if "key" in record} == set(written["records"])  # type: ignore[arg-type]
    first = records[0]["curve"]
    assert written["data"]["iterations"] == first["iteration"]  # type: ignore[index]
    assert written["data"]["errors"] == pytest.approx([10 ** (-p / 10) for p in first["psnr"]])  # type: ignore[index]
    again = command("reproduce", "fits")
    assert "[1/" in ran.stderr and "[1/" not in again.stderr


def test_names_are_found_by_their_ends_and_their_beginnings(command: Command) -> None:
    shown = command("reproduce", "paper", "--dry-run").stdout
    assert [line.partition(":")[0] for line in shown.splitlines()[:3]] == [
        "paper-squares",
        "paper-fits",
        "paper-failing",
    ]
    ambiguous = command("reproduce", "squares")
    assert ambiguous.returncode == 2
    assert "may be paper-squares, other-squares: write more of its name" in ambiguous.stderr
    unknown = command("reproduce", "paper-sqares")
    assert unknown.returncode == 2 and "did you mean 'paper-squares'?" in unknown.stderr


def test_a_budget_is_spent_on_what_grows_cheapest(command: Command) -> None:
    def sizes(*options: str) -> list[str]:
        shown = command("reproduce", "paper-squares", "paper-fits", *options, "--dry-run", "--format", "json")
        return [one["size"] for one in json.loads(shown.stdout)]

    assert sizes() == ["full", "full"]
    assert sizes("--quick") == ["quick", "full"]
    assert sizes("--budget", "104s") == ["quick", "full"]
    assert sizes("--budget", "106s") == ["full", "full"]
    both = command("reproduce", "--quick", "--budget", "1h")
    assert both.returncode == 2 and "not both" in both.stderr


def test_a_failure_is_told_and_the_rest_goes_on(command: Command, tmp_path: Path) -> None:
    ended = command("reproduce", "failing", "paper-squares", "--quick")
    assert ended.returncode == 1
    assert "example_experiments:fail(seed=2): ArithmeticError: no root" in ended.stderr
    assert "not re-made: paper-failing" in ended.stderr
    assert document(tmp_path)["size"] == "quick"
    kept = (tmp_path / "reproduction" / "computations.jsonl").read_text()
    assert '"seed": 1' in kept and '"seed": 2, "seconds"' in kept.replace("fail", "")  # of squares


def test_pictures_go_to_the_one_experiment_that_takes_them(command: Command, tmp_path: Path) -> None:
    assert command("reproduce", "paper-squares", "--quick", "--images", "mine").returncode == 0
    written = document(tmp_path)
    assert written["conditions"] == ["pictures: mine"]
    assert written["command"] == "priorbench reproduce paper-squares --quick --images 'mine'"
    none = command("reproduce", "fits", "--images", "mine")
    assert none.returncode == 2 and "none of these experiments takes pictures" in none.stderr
    several = command("reproduce", "paper-squares", "other-squares", "--images", "mine")
    assert several.returncode == 2 and "name one, or" in several.stderr


def test_the_checklist_says_what_was_found_and_what_was_not_run(command: Command) -> None:
    def rows() -> list[dict[str, str]]:
        return json.loads(command("reproduce", "paper", "--checklist", "--format", "json").stdout)

    assert [row["verdict"] for row in rows()] == ["not run", "not run"]
    command("reproduce", "paper-squares", "--quick")
    first, second = rows()
    assert (first["published"], first["ours"]) == ("10", "10")
    assert first["verdict"] == "too small a run to say"
    assert second["verdict"] == "not run" and second["row"]["command"] == "example.cube"  # type: ignore[index]


def test_a_document_that_is_broken_is_told_and_the_rest_is_shown(command: Command, tmp_path: Path) -> None:
    (tmp_path / "reproduction").mkdir()
    (tmp_path / "reproduction" / "other-squares.json").write_text("{")
    (tmp_path / "reproduction" / "notes.json").write_text("[]")
    ended = command("reproduce", "paper-squares", "--quick")
    assert ended.returncode == 0
    assert "other-squares.json: not a result of 'priorbench reproduce'" in ended.stderr
    assert "notes.json" not in ended.stderr
    assert (tmp_path / "reproduction" / "index.html").exists()


def test_processes_end_with_the_one_that_started_them(example_site: Path, tmp_path: Path) -> None:
    """A run that is killed, so that it cannot end its processes, leaves none."""
    log = tmp_path / "log"
    arguments = ["reproduce", f"paper-squares:log={log},pause=60", "--quick"]
    run = subprocess.Popen(
        [sys.executable, "-m", "priorbench", *arguments],
        cwd=tmp_path,
        env=command_environment(example_site),
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not (log.exists() and log.read_text()) and time.monotonic() < deadline:
        time.sleep(0.1)
    workers = {int(line.split()[1]) for line in log.read_text().splitlines()}
    run.kill()
    run.wait()
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert workers and not any(map(alive, workers))


def alive(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_folder_that_cannot_be_made_is_told(command: Command, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    ended = command("reproduce", "paper-squares", "-o", "taken")
    assert ended.returncode == 2 and "taken: cannot be used as a folder" in ended.stderr


def test_without_matplotlib_everything_but_the_figure_is_there(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from priorbench.reproduction import drawing, running

    for module in (drawing, running):
        monkeypatch.setattr(module, "can_draw", lambda: False)
    ended = command("reproduce", "paper-squares", "--quick")
    assert ended.returncode == 0 and "pip install 'priorbench[figures]'" in ended.stderr
    assert document(tmp_path)["pictures"] == []
    assert "<img" not in (tmp_path / "reproduction" / "index.html").read_text()
