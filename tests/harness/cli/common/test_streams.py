"""What people are told never ends a command; results that cannot be written do."""

from __future__ import annotations

import functools
import io
import os
import pty
import subprocess
import sys

import pytest
from conftest_support import command_environment
from small_runs import HERE, records

from priorbench.cli.common.progress import ProgressView
from priorbench.run.progress import Progress

PRIORBENCH = ("-m", "priorbench")
RUN = ("run", "-", "--images", "ramps:count=3", "--noise", "gaussian-25", "--denoiser", "mean", *HERE)


@pytest.fixture
def shell(example_site, tmp_path):
    """Run priorbench with redirections of a shell."""
    environment = command_environment(example_site)

    def run(arguments, redirection):
        line = f'exec "$0" "$@" {redirection}'
        return subprocess.run(
            ["bash", "-c", line, sys.executable, *arguments],
            capture_output=True,
            text=True,
            timeout=300,
            cwd=tmp_path,
            env=environment,
            check=False,
        )

    return run


@pytest.mark.parametrize("redirection", ["2>/dev/full", "2>&-", "2>&- >&- <&-"])
def test_a_run_ends_well_where_nobody_reads_its_progress(shell, command, redirection):
    done = shell([*PRIORBENCH, *RUN], redirection)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(records(command)) == 3


def test_a_run_ends_well_when_the_reader_of_its_progress_goes_away(example_site, command, tmp_path):
    run = subprocess.Popen(
        [sys.executable, *PRIORBENCH, *RUN],
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=command_environment(example_site),
    )
    assert run.stderr is not None
    run.stderr.close()
    assert run.wait(300) == 0
    assert len(records(command)) == 3


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["list"], ["list", "--format", "json"]])
@pytest.mark.parametrize(("redirection", "reason"), [(">/dev/full", "No space left"), (">&-", "Bad file")])
def test_results_that_are_lost_are_an_error(shell, arguments, redirection, reason):
    done = shell([*PRIORBENCH, *arguments], redirection)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith(f"priorbench: cannot write to standard output: {reason}")


@pytest.mark.parametrize("value", ["0", "1", "-5", "wide", "²", "9" * 30])
def test_a_width_that_no_terminal_has_is_ignored(command, value):
    assert command(*RUN).returncode == 0
    for name in ("COLUMNS", "LINES"):
        wanted = command("leaderboard", **{name: ""})
        done = command("leaderboard", **{name: value})
        assert (done.returncode, done.stdout) == (0, wanted.stdout)


def drawn(out, monkeypatch):
    """Return what is written beside lines of text: a bar, and what moves the cursor."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    with ProgressView("suite", 3, out) as view:
        view(Progress(planned=3, skipped=[("photos/x.png", "too small")]))


def test_no_bar_is_drawn_into_a_log(monkeypatch):
    out = io.StringIO()
    drawn(out, monkeypatch)
    assert out.getvalue() == "skipped photos/x.png: too small\n"


def test_a_bar_is_drawn_on_a_terminal(monkeypatch):
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as out:
        drawn(out, monkeypatch)
    assert b"suite" in b"".join(iter(functools.partial(read, ours), b""))
    os.close(ours)


def read(number: int) -> bytes:
    """Return what comes next; nothing at the end, which Linux reports as an error."""
    try:
        return os.read(number, 4096)
    except OSError:
        return b""


def test_forced_colours_do_not_fold_a_table_in_a_pipe(command):
    plain = command("list", "stopping-rules", COLUMNS="40").stdout
    assert command("list", "stopping-rules", COLUMNS="40", FORCE_COLOR="1").stdout.count("\n") == plain.count(
        "\n"
    )
