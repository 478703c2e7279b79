"""Nothing is wider than the terminal, no word is broken, and no two names of a table become the same."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import io
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from priorbench.cli import main
from priorbench.cli.common.progress import ProgressView
from priorbench.cli.terminal.yaml_lines import folded
from priorbench.contract.records import RunSummary
from priorbench.loading import load
from priorbench.machine import disturbance
from priorbench.run.progress import Progress

ROOT = Path(__file__).parents[3]
WIDTHS = (60, 80, 140)
LONG = "a-label-that-is-longer-than-any-column-of-a-narrow-table-has-room-for"
#: what the machine does is not the same at two looks
DISTURBED = ["other processes used 1.7 cores; a core was too hot and slowed down"]
#: what moves the cursor or changes colours
CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
#: what is said of what is not shown
SAID = re.compile(r"…: shortened\s\(.*?\)|no\s+room here for: .*?\s+has\s+all\)", re.DOTALL)
#: behind these, a word that has no room on a line may end it
SIGNS = r"/\:,;|=_@&.-"

KINDS = (
    *("denoisers", "image-sets", "noises", "operators", "stopping-rules", "metrics", "suites"),
    *("experiments", "executors", "plugins"),
)
NAMES = (
    *("dip", "folder", "gaussian", "mask", "es-wmv", "psnr", "standard-small", "heckel2020-fig1", "local"),
    *("classical", "early-stopping"),
)
COMMANDS = (
    *("list", "show", "run", "slurm", "denoise", "leaderboard", "targets", "rules", "reproduce", "compare"),
    *("failures", "runs", "forget", "rename", "export", "import", "merge", "watch", "new", "check", "doctor"),
    "prepare",
)
LOOKS = [
    ["list"],
    *(["list", kind] for kind in KINDS),
    *(["show", name] for name in NAMES),
    ["leaderboard"],
    ["leaderboard", "--columns", "method,stopping,psnr,interval,difference,ssim,seconds,time,memory"],
    ["leaderboard", "--overall"],
    ["rules"],
    ["targets"],
    ["compare", f"{LONG}-one", f"{LONG}-two"],
    ["runs"],
    ["failures"],
    ["doctor"],
    ["check", "wavelet", "--only", "summary"],
    ["check", "nobody"],
    ["run", "quick", "--dry-run"],
    ["--help"],
    *([command, "--help"] for command in COMMANDS),
]


class Terminal(io.TextIOWrapper):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a store with long labels of methods and noise, two boards, and a failure."""
    folder = tmp_path_factory.mktemp("widths")
    lines = (ROOT / "results" / "standard-small.jsonl").read_text().splitlines()
    failed = '"status": "ok"', '"status": "error", "error": "ValueError: no such thing in /a/very/long/path"'
    lines[0] = lines[0].replace(*failed)
    again = [
        line.replace('"key": "', '"key": "0').replace('"gaussian-25"', '"gaussian-26"') for line in lines
    ]
    (folder / "some.jsonl").write_text("\n".join([*lines, *again]) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "load_registry", functools.cache(load.load_registry))
        patch.setattr(disturbance, "warnings_now", lambda *_: DISTURBED)
        patch.chdir(folder)
        patch.delenv("PRIORBENCH_PLUGINS", raising=False)
        look(["import", "some.jsonl"], None)
        for old, new in (("deep-decoder-over", "one"), ("deep-decoder-under", "two")):
            look(["rename", old, f"{LONG}-{new}"], None)
        yield folder


def look(arguments: list[str], width: int | None) -> str:
    """Return what a command prints on a terminal of this width, or into a pipe."""
    kind = io.TextIOWrapper if width is None else Terminal
    out = kind(io.BytesIO(), encoding="utf-8", write_through=True)
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
        patch.setattr(sys, "argv", ["priorbench", *arguments])
        patch.setenv("COLUMNS", "" if width is None else str(width))
        with contextlib.redirect_stderr(out), pytest.raises(SystemExit):
            main()
    told = out.buffer.getvalue().decode()  # type: ignore[attr-defined]
    return CODES.sub("", told)


def broken(text: str, wide: str) -> list[str]:
    """Return the words that are none of the wide text, nor the part of one between two signs."""
    told = SAID.sub("", plain(wide)).split()
    whole = {word for word in (*told, "".join(told)) if "…" not in word}
    parts = {word: [0, *(n + 1 for n, sign in enumerate(word) if sign in SIGNS), len(word)] for word in whole}

    def known(word: str) -> bool:
        return any(
            start in ends and start + len(word) in ends
            for one, ends in parts.items()
            for start in (found.start() for found in re.finditer(f"(?={re.escape(word)})", one))
        )

    words = {word for word in SAID.sub("", plain(text)).split() if "…" not in word and set(word) != {"─"}}
    return sorted(word for word in words if word not in whole and not known(word))


def plain(text: str) -> str:
    """Return text without what changes from one call to the next: numbers, and signs of comments."""
    return re.sub(r"\d+(\.\d+)?", "0", text)


@pytest.mark.parametrize("arguments", LOOKS, ids=" ".join)
def test_nothing_is_wider_than_the_terminal_and_no_word_is_broken(store, arguments):
    wide = look(arguments, 1000) + look(arguments, None)
    assert wide.strip()
    for width in WIDTHS:
        text = look(arguments, width)
        assert max(map(cell_len, text.splitlines())) <= width
        assert not broken(text, wide)


@pytest.mark.parametrize("width", WIDTHS)
def test_two_rows_never_look_the_same(store, width):
    for command in ("leaderboard", "rules"):
        text = look([command], width)
        assert "…" in text or width == 140
        for part in text.split("\n\n"):
            rows = [line for line in part.splitlines() if re.match(r"^( *\d|   –|\S*…\S*  )", line)]
            assert len(set(rows)) == len(rows)


def test_a_comparison_on_80_columns_has_p_and_the_verdict(store):
    for a, b in (("wavelet", "tv"), (f"{LONG}-one", f"{LONG}-two")):
        lines = look(["compare", a, b], 80).splitlines()
        titles, *rows = lines[next(n for n, line in enumerate(lines) if line.startswith("where")) :]
        assert {"p", "verdict"} <= set(titles.split())
        assert re.search(r"\d\.\d{3}  \S", rows[0]), rows[0]


@pytest.mark.parametrize("width", [50, 60, 70, 80, 90, 100, 120, 140])
def test_a_comparison_shows_the_psnr_of_both_or_of_none_and_explains_what_it_shows(store, width):
    lines = look(["compare", "nl-means", "wavelet"], width).splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("where"))
    titles = lines[first]
    a, b = ("A", "B") if "A: nl-means" in lines[:first] else ("nl-means", "wavelet")
    assert (f"{a} dB" in titles) == (f"{b} dB" in titles)
    assert a == "A" or not any(line.startswith("no room here") for line in lines)
    if width >= 80:
        assert f"{a} dB" in titles
    notes = [line.partition(":")[0] for line in lines[first:]]
    for name in ("× time", "p", "difference"):
        assert name not in notes or re.search(rf"(?<!\S){name}", titles), (name, titles)


def test_into_a_pipe_each_entry_of_a_list_is_one_line_and_boards_are_as_wide_as_a_file(store):
    wide = look(["list", "denoisers"], None).splitlines()
    assert len(wide) == len(look(["list", "denoisers"], 1000).splitlines())
    look(["leaderboard", "-o", "board.txt"], None)
    assert look(["leaderboard"], None).rstrip() == Path("board.txt").read_text().rstrip()


def test_a_real_terminal_says_how_wide_it_is(store, tmp_path):
    main_end, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 61, 0, 0))
    env = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    run = subprocess.Popen(
        [sys.executable, "-m", "priorbench", "leaderboard", "--store", str(store / "priorbench.db")],
        stdin=other,
        stdout=other,
        stderr=other,
        env=env | {"NO_COLOR": "1", "TERM": "xterm"},
        cwd=tmp_path,
    )
    os.close(other)
    told = b""
    with contextlib.suppress(OSError):
        while part := os.read(main_end, 2**16):
            told += part
    os.close(main_end)
    assert run.wait(60) == 0
    widest = max(cell_len(line) for line in CODES.sub("", told.decode()).splitlines())
    assert 50 < widest <= 61


@pytest.mark.parametrize("width", WIDTHS)
def test_the_progress_of_a_run_fits_and_its_bar_is_one_line(width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal(io.BytesIO(), encoding="utf-8", write_through=True)
    running = (f"{LONG} on a-set-of-pictures-with-a-long-name/a-picture-with-a-long-name.png",)
    progress = Progress(planned=1234, finished=17, running=running, skipped=[(f"photos/{LONG}.png", LONG)])
    with ProgressView(f"a-suite-{LONG}", 1234, out) as view:
        view(progress)
        view._live.refresh()
    summary = RunSummary(suite=f"a-suite-{LONG}", finished=1, resumed=0, failed=3, seconds=2.5)
    view.conclude(summary, f"sqlite:////home/somebody/{LONG}/priorbench.db")
    text = CODES.sub("", out.buffer.getvalue().decode()).replace("\r", "\n")
    assert max(map(cell_len, text.split("\n"))) <= width
    bars = [line for line in text.split("\n") if "[17/1234]" in line]
    assert bars and "━" in bars[-1] and "…" in bars[-1]
    assert "left" in bars[-1]


def test_a_suite_that_is_folded_is_the_same_suite():
    from priorbench.suite.yaml_text import read_yaml

    suites = [*(ROOT / "plugins").rglob("*.yaml")]
    assert len(suites) > 5
    for path in suites:
        text = path.read_text()
        for width in (40, 60, 80):
            shown = folded(text, width)
            assert read_yaml(shown).data == read_yaml(text).data
            if width > 40:
                assert max(map(len, shown.splitlines())) <= width


def test_yaml_that_cannot_be_folded_stays_as_it_is():
    text = f"name: |\n  {'a line ' * 20}\n"
    assert folded(text, 40) == text


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs a shell")
def test_a_script_is_never_wrapped(store):
    told = look(["slurm", "quick", "--array", "2", "--cpus-per-task", "1"], 40)
    assert max(map(len, told.splitlines())) > 40
