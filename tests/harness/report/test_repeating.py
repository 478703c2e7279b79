"""The commands of "Run it again" run in a POSIX shell, and make the records that the page was made of."""

from __future__ import annotations

import html
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from conftest_support import command_environment
from report_things import make_page, make_store, sample_records, trial

from priorbench.contract.requests import AskedSet
from priorbench.ranking.panels import panels
from priorbench.report.gathering import BoardKey, gather
from priorbench.report.repeating import _images, repeats
from priorbench.store.database import Store


def commands(page: Path) -> list[str]:
    found = re.findall(r'aria-label="Command">(.*?)</pre>', page.read_text("utf-8"), re.DOTALL)
    return [html.unescape(text) for text in found]


def facts(store: Path) -> dict[str, str]:
    """Return key -> status of every record."""
    return {one["key"]: one["status"] for one in Store(f"sqlite:///{store}").documents()}


def made_page(command, *runs: tuple[str, ...]) -> None:
    for options in runs:
        done = command("run", "-", *options, "--store", "first.db")
        assert done.returncode == 0, done.stderr
    done = command("leaderboard", "--store", "first.db", "-o", "page.html")
    assert done.returncode == 0, done.stderr


def run_again(tmp_path: Path, site: Path) -> str:
    """Run every command of the page in an empty folder, as a shell would, and return what they said."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/priorbench").write_text(
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m priorbench "$@"\n'
    )
    (tmp_path / "bin/priorbench").chmod(0o755)
    (tmp_path / "empty").mkdir()
    environment = command_environment(site)
    environment["PATH"] = f"{tmp_path / 'bin'}:{environment['PATH']}"
    said = ""
    for text in commands(tmp_path / "page.html"):
        done = subprocess.run(
            ["sh", "-c", text],
            cwd=tmp_path / "empty",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, text + done.stderr
        said += done.stderr
    return said


SOME = "ramps:count=3,size=12,label=small ramps"
ODD = 'it\'s $HOME; `id` "x", #1'
#: a part of a set, a label that a shell would take apart, averages, repetitions, limits
FIRST = (
    "--images", SOME, "--limit", "2", "--noise", "gaussian:sigma=15/255,clip=true",
    "--denoiser", f"mean:label={json.dumps(ODD)}", "--denoiser", "approach:rate=0.2,iterations=7",
    "--stopping", "fixed", "--stopping", "oracle:every=2", "--averaging", "raw", "--averaging", "ema-0.9",
    "--repetitions", "2", "--device", "cpu", "--threads", "1", "--timeout", "90", "--memory-limit", "4GiB",
)  # fmt: skip
#: other methods, rules and repetitions on the same board: no product of lists says both
SECOND = (
    "--images", SOME, "--limit", "2", "--noise", "gaussian:sigma=15/255,clip=true",
    "--denoiser", "approach:rate=0.05", "--stopping", "fixed:iterations=5", "--stop-now",
    "--repetitions", "1", "--device", "cpu", "--threads", "1", "--batch", "2",
)  # fmt: skip


def test_the_commands_of_a_page_make_its_records_again(tmp_path, command, example_site):
    made_page(command, FIRST, SECOND)
    run_again(tmp_path, example_site)
    first = facts(tmp_path / "first.db")
    assert len(first) == 2 * 2 * (1 + 4) + 2
    assert facts(tmp_path / "empty/again.db") == first


def test_nothing_is_left_to_a_default_that_may_change(tmp_path, command):
    made_page(
        command,
        (
            "--images", "ramps", "--noise", "gaussian-25", "--denoiser", "approach", "--stopping", "fixed",
            "--device", "cpu", "--threads", "1",
        ),
    )  # fmt: skip
    [text] = commands(tmp_path / "page.html")
    words = shlex.split(text.replace("\\\n", ""))
    assert words[:3] == ["priorbench", "run", "-"]
    given = dict(zip(words[3::2], words[4::2], strict=True))
    assert given["--images"] == "ramps:count=3,size=16,bad=false,label=ramps"
    assert given["--denoiser"].startswith("approach:iterations=20,rate=0.1,pause=0.0,")
    assert given["--noise"].startswith("gaussian-25:sigma=0.098039215")
    assert given["--stopping"] == "fixed:iterations=null,label=fixed"
    assert (given["--repetitions"], given["--device"], given["--threads"]) == ("1", "cpu", "1")


def found_repeats(tmp_path, records):
    store = make_store(tmp_path, records)
    shown = {BoardKey(panel.protocol, panel.setting): panel for panel in panels(store.scores())}
    return repeats(gather(store.documents(), shown), store.scores().asked)


def test_boards_of_the_same_methods_share_a_command(tmp_path):
    records = [
        trial(label, number, 30.0, noise=noise, noise_parameters={"sigma": level})
        for label in ("a", "b")
        for number in range(2)
        for noise, level in (("weak", 0.05), ("strong", 0.2))
    ]
    [repeat] = found_repeats(tmp_path, records)
    assert "--noise strong:sigma=0.2,label=strong \\\n  --noise weak:sigma=0.05" in repeat.command
    assert repeat.title == "set-a, strong, weak"


def test_what_the_records_do_not_tell_is_said(tmp_path):
    [repeat] = found_repeats(tmp_path, [trial("a", 0, 30.0, salt="abc")])
    assert repeat.salted
    assert "--salt FILE" in repeat.command
    assert repeat.guesses == ()
    folder = AskedSet(label="my photos", name="folder", parameters={"crop": 64}, members="5f")
    assert _images(folder) == "folder:path=my photos,crop=64,label=my photos"


def test_an_operator_is_told_with_its_parameters(tmp_path):
    [repeat] = found_repeats(
        tmp_path, [trial("a", 0, 30.0, operator="mask", operator_parameters={"keep": 0.5})]
    )
    assert "--operator mask:keep=0.5,label=mask" in repeat.command
    assert "--operator" not in found_repeats(tmp_path, [trial("a", 0, 30.0)])[0].command


def test_a_hostile_name_is_one_word_of_the_shell(tmp_path):
    (tmp_path / "page.html").write_text(make_page(tmp_path, sample_records()), "utf-8")
    texts = commands(tmp_path / "page.html")
    assert len(texts) == 2
    assert "<b>bold</b>:k=1" in " ".join(shlex.split(texts[0]))


@pytest.mark.parametrize(
    ("seconds", "shown"), [(90.0, "90"), (7200.0, "7200"), (0.25, "0.25"), (1e8, "100000000")]
)
def test_limits_are_plain_numbers(tmp_path, seconds, shown):
    [repeat] = found_repeats(tmp_path, [trial("a", 0, 30.0, limits={"timeout": seconds, "memory": 2.0**30})])
    assert f"--timeout {shown} " in repeat.command
    assert "--memory-limit 1073741824 " in repeat.command
