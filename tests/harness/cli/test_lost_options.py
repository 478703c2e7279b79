"""An option that a command has not is answered with what was meant."""

from __future__ import annotations

import pytest

from priorbench.cli.terminal.lost_options import meant


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sigma", "25"], "--noise gaussian:sigma=25/255"),
        (["--sigma=15/255"], "--noise gaussian:sigma=15/255"),
        (["--sigma=0.1"], "--noise gaussian:sigma=0.1"),
        (["--sigma", "--limit"], "--noise gaussian:sigma=25/255"),
        (["--method", "tv"], "--denoiser tv"),
        (["--crop"], "--images photos:crop=64"),
        (["--set", "radius=3"], "--denoiser NAME:radius=3"),
    ],
)
def test_what_was_meant_is_written_with_its_value(words: list[str], said: str) -> None:
    assert meant("run", words[0].partition("=")[0], ["quick", *words]).endswith(said)


@pytest.mark.parametrize("name", ["-x", "-x y"])
def test_a_name_that_begins_as_an_option_does_is_told_where_to_stand(command, name: str) -> None:
    done = command("forget", name, "--dry-run")
    assert done.returncode == 2
    written = "-x" if name == "-x" else "'-x y'"
    assert (
        f"no option -x: a name that begins so stands behind '--': write\n  priorbench forget -- {written}"
        in (done.stderr)
    )
    assert meant("run", "-x", ["-x"]) == ""


def test_of_others_nothing_is_said(command) -> None:
    assert meant("run", "--nosuch", ["--nosuch"]) == meant("show", "--sigma", ["--sigma"]) == ""


def test_the_command_says_it_and_ends_with_2(command) -> None:
    done = command("run", "-", "--sigma", "25")
    assert done.returncode == 2
    told = "no option --sigma: which noise has to be said, too: write\n  --noise gaussian:sigma=25/255\n"
    assert told in done.stderr


def test_a_value_that_is_none_of_a_few_is_answered_with_the_nearest(command) -> None:
    said = command("new", "mine", "--kind", "metrics").stderr
    assert "'--kind': 'metrics' is not one of 'one-shot'" in said
    assert said.rstrip().endswith("; did you mean 'metric'?")
    assert "did you mean" not in command("new", "mine", "--kind", "zzz").stderr
