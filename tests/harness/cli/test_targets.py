"""``priorbench targets`` reads what a run wrote."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from small_runs import HERE, write_suite
from trajectories import called, fitted

from priorbench.store.database import Store


@pytest.fixture
def filled(tmp_path):
    """Put two methods on three images into the store of the folder."""
    store = Store(f"sqlite:///{tmp_path}/priorbench.db")
    for number in range(3):
        image = str(number)
        store.add([fitted("net", image, (1, 1.0, 22.0), (10, 10.0, 27.0)), called("bm3d", image, 26.0, 2.0)])
    store.close()


def test_targets_reads_what_a_run_wrote(command, process, tmp_path):
    assert command("run", str(write_suite(tmp_path)), *HERE).returncode == 0
    shown = process("targets")
    assert shown.returncode == 0, shown.stderr
    assert "what to pick" in shown.stdout and "time to target" in shown.stdout
    [board] = json.loads(command("targets", "--format", "json").stdout)
    iterative = [one for one in board["methods"] if one["iterative"]]
    assert iterative and all(one["fits"] == board["fits"] for one in iterative)
    assert len({one["label"] for one in iterative}) == len(iterative)  # rules share their fit


def test_targets_and_times_are_those_that_are_asked_for(command, filled):
    asked = ("--target", "noisy+7", "--target", "bm3d+0.5", "--within", "5", "--within", "1m")
    [board] = json.loads(command("targets", *asked, "--format", "json").stdout)
    assert board["targets"] == ["noisy+7", "bm3d+0.5"]
    assert [pick["method"] for pick in board["picks"]] == ["bm3d", "net"]
    [other] = json.loads(command("targets", "--reference", "net", "--format", "json").stdout)
    assert other["targets"][3:] == ["net-1", "net-0.5", "net"]


def test_every_format_is_written(command, filled, tmp_path):
    assert command("targets", "--format", "markdown").stdout.startswith("### what to pick: s, n")
    assert command("targets", "--format", "csv").stdout.startswith("protocol,image_set,noise")
    assert r"\toprule" in command("targets", "--format", "latex").stdout
    assert command("targets", "-o", "t.txt").returncode == 0
    assert "time to target" in (tmp_path / "t.txt").read_text()
    assert command("targets", "--format", "svg", "-o", "t.svg").returncode == 0
    assert ElementTree.parse(tmp_path / "t.svg").getroot().tag.endswith("svg")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--target", "bm3x"), "did you mean 'bm3d'"),
        (("--reference", "nett"), "did you mean 'net'"),
        (("--target", "noisy"), "write noisy+3"),
        (("--target", "noisy+nan"), "unknown method in the store"),
        (("--within", "0"), "--within 0"),
        (("--within", "soon"), "--within soon"),
        (("--target", "bm3d", "--reference", "net"), "--reference"),
        (("--store", "none.db"), "none.db"),
        (("--noise", "m"), "unknown noise"),
    ],
)
def test_what_cannot_be_is_refused_and_said(command, filled, options, message):
    done = command("targets", *options)
    assert done.returncode == 2
    assert message in done.stderr
