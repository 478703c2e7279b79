"""``priorbench leaderboard`` reads what a run wrote."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from sample_records import columns_of, trial
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


def test_level_and_rope_say_what_is_claimed(command, tmp_path):
    """Six images that agree: p is 0.031, and the difference is 0.3 dB."""
    store = Store(f"sqlite:///{tmp_path}/priorbench.db")
    store.add(columns_of({"alpha": [30.3 + n for n in range(6)], "beta": [30.0 + n for n in range(6)]}))
    store.close()

    def last_rank(*options: str) -> int:
        [board] = json.loads(command("leaderboard", "--format", "json", *options).stdout)
        return board["rows"][-1]["rank"]

    assert (last_rank(), last_rank("--level", "0.99"), last_rank("--rope", "0.5")) == (2, 1, 1)
    assert "99 % interval" in command("leaderboard", "--level", "0.99").stdout
    assert "99 % interval" in command("compare", "alpha", "beta", "--level", "0.99").stdout
    for options, said in ((("--level", "95"), "such as 0.95"), (("--rope", "-1"), "0 or more")):
        for words in (("leaderboard",), ("compare", "alpha", "beta")):
            wrong = command(*words, *options)
            assert wrong.returncode == 2 and said in wrong.stderr and len(wrong.stderr.splitlines()) == 1


@pytest.mark.parametrize("format", ["table", "markdown", "html"])
def test_a_file_that_cannot_be_written_is_one_line(command, tmp_path, format):
    store = Store(f"sqlite:///{tmp_path}/priorbench.db")
    store.add(columns_of({"alpha": [31.0, 30.0]}))
    store.close()
    done = command("leaderboard", "--format", format, "-o", "no/folder/board")
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["priorbench: cannot write no/folder/board: No such file or directory"]


@pytest.fixture
def two_boards(tmp_path):
    """A store in the working folder with two methods on one image set under two noises."""
    store = Store(f"sqlite:///{tmp_path}/priorbench.db")
    store.add(
        trial(label, str(n), base + n % 3, noise=noise, noisy_sha256=f"{noise}{n}", key=f"{label}{noise}{n}")
        for noise in ("weak", "strong")
        for label, base in (("alpha", 30.0), ("beta", 25.0))
        for n in range(8)
    )
    store.close()


def test_the_board_across_boards_comes_last_and_scripts_ask_for_it(command, two_boards):
    """What scripts read is as before: a list of boards, a row for each board and method."""
    for format, heading in (
        ("table", "overall"),
        ("markdown", "### overall"),
        ("latex", r"\caption{overall"),
    ):
        text = command("leaderboard", "--format", format).stdout
        assert text.count("overall: 2 boards, 2 methods") == 1
        assert text.index(heading) > text.index("s, weak")
        alone = command("leaderboard", "--format", format, "--overall").stdout
        assert "overall: 2 boards" in alone and "noisy" not in alone
    boards = json.loads(command("leaderboard", "--format", "json").stdout)
    assert [board["noise"] for board in boards] == ["strong", "weak"]
    assert len(command("leaderboard", "--format", "csv").stdout.splitlines()) == 5
    [found] = json.loads(command("leaderboard", "--format", "json", "--overall").stdout)
    assert [(row["name"], row["mean_rank"], row["won"]) for row in found["rows"]] == [
        ("alpha", 1.0, 2),
        ("beta", 2.0, 0),
    ]
    lines = command("leaderboard", "--format", "csv", "--overall").stdout.splitlines()
    assert lines[0].startswith("protocol,boards,methods,name") and len(lines) == 3


def test_where_no_board_across_boards_can_be_it_is_said(command, two_boards, tmp_path):
    one = command("leaderboard", "--noise", "weak", "--overall", "--format", "json")
    assert one.returncode == 2 and one.stdout == ""
    [line] = one.stderr.splitlines()
    assert "no board across boards from 1 board: it takes two boards" in line
    assert "overall" not in command("leaderboard", "--noise", "weak").stdout
    page = command("leaderboard", "--format", "html", "-o", "page.html", "--overall")
    assert page.returncode == 2 and not (tmp_path / "page.html").exists()


def test_ranks_are_drawn_into_a_file(command, two_boards, tmp_path):
    assert command("leaderboard", "--format", "svg", "-o", "ranks.svg").returncode == 0
    root = ElementTree.parse(tmp_path / "ranks.svg").getroot()
    headings = [text.text for text in root.iter() if text.get("font-weight")]
    assert [heading.split(":")[0] for heading in headings] == ["s, strong", "s, weak", "overall"]
    alone = command("leaderboard", "--format", "svg", "--overall").stdout
    assert alone.startswith("<svg") and "mean rank" in alone and "s, weak:" not in alone


def filled(tmp_path) -> None:
    """Make a store of two methods in the folder of the command."""
    store = Store(f"sqlite:///{tmp_path}/priorbench.db")
    store.add(columns_of({"alpha": [31.0 + n for n in range(9)], "beta": [29.0 + n for n in range(9)]}))
    store.close()


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("b.html", b"<!doctype html>"),
        ("b.tex", b"% needs"),
        ("b.csv", b"protocol,"),
        ("b.json", b"[\n"),
        ("b.md", b"### "),
        ("b.svg", b"<svg"),
        ("b.pdf", b"%PDF"),
        ("B.PDF", b"%PDF"),
        ("b.txt", b"s, n: 9 images"),
        ("board", b"s, n: 9 images"),
    ],
)
def test_the_ending_of_the_file_says_how_it_is_written(command, tmp_path, name, start):
    if name.lower().endswith("pdf"):
        pytest.importorskip("matplotlib")
    filled(tmp_path)
    done = command("leaderboard", "-o", name)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / name).read_bytes().lower().startswith(start.lower())


def test_parquet_has_the_rows_of_the_csv(command, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    filled(tmp_path)
    assert command("leaderboard", "-o", "b.parquet").returncode == 0
    rows = parquet.read_table(tmp_path / "b.parquet").to_pylist()
    head = command("leaderboard", "--format", "csv").stdout.splitlines()[0].split(",")
    assert list(rows[0]) == head and [row["denoiser"] for row in rows] == ["alpha", "beta"]


def test_an_ending_that_says_nothing_is_an_error_and_an_option_counts(command, tmp_path):
    filled(tmp_path)
    wrong = command("leaderboard", "-o", "b.xlsx")
    assert wrong.returncode == 2 and ".csv" in wrong.stderr and "--format" in wrong.stderr
    assert not (tmp_path / "b.xlsx").exists()
    assert command("leaderboard", "-o", "b.xlsx", "--format", "csv").returncode == 0
    assert (tmp_path / "b.xlsx").read_text().startswith("protocol,")


def test_columns_and_filters_of_the_command(command, tmp_path):
    filled(tmp_path)
    done = command("leaderboard", "--columns", "method, psnr", "--denoiser", "al*")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1].split() == ["method", "PSNR", "dB"] and "beta" not in done.stdout
    assert "only --denoiser al*" in done.stdout
    unknown = command("leaderboard", "--columns", "method,psmr")
    assert unknown.returncode == 2 and "did you mean 'psnr'" in unknown.stderr
    for wrong in (("--format", "csv"), ("--overall",)):
        assert command("leaderboard", "--columns", "psnr", *wrong).returncode == 2


def test_a_run_that_is_tagged_is_found_again(command):
    first = command("run", *ONE_IMAGE[1:], "--denoiser", "mean", "--tag", "paper-v1", *HERE)
    assert first.returncode == 0, first.stderr
    assert command("run", *ONE_IMAGE[1:], "--denoiser", "mean:label=other", *HERE).returncode == 0
    whole, tagged = command("leaderboard").stdout, command("leaderboard", "--tag", "paper-*").stdout
    assert "other" in whole.split() and "other" not in tagged.split()
    assert "did you mean 'paper-v1'" in command("leaderboard", "--tag", "paper-v2").stderr
    wrong = command("run", *ONE_IMAGE[1:], "--denoiser", "mean", "--tag", "a*", *HERE)
    assert wrong.returncode == 2 and "'a*'" in wrong.stderr
