"""Whole comparisons of real repositories, and that suspects are measured again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from conftest_support import Ended, run_here
from watched_repositories import PROJECT, STEADY, commit, git, hooks, method, write

from priorbench.errors import RequestError
from priorbench.watch import comparing, confirming
from priorbench.watch.measuring import Measured, Problems, Sample
from priorbench.watch.sides import Side

EASY = ("--images", "ramps:count=1", "--rounds", "1", "--threads", "1")
NAMES = ("worse", "slow", "hungry", "breaks", "mended")


def things(**bodies: str) -> str:
    """Return the module of the methods, each with what it does, and how far off it is."""
    offsets = {"worse": float(bodies.pop("offset", 0.0))}
    return "\n".join(
        method(name.title(), bodies.get(name, STEADY), offsets.get(name, 0.0))
        for name in (*NAMES, "old", "new")
    )


BASE = {
    "pyproject.toml": PROJECT,
    "watched/__init__.py": hooks("watched.things", *NAMES, "old"),
    "watched/things.py": things(
        slow="import time; time.sleep(0.02)",
        hungry="import time; time.sleep(0.5)",
        mended="raise ValueError('not yet')",
    ),
    "calm.py": hooks("calm_things", "calm"),
    "calm_things.py": method("Calm"),
}
HEAD = {
    "watched/__init__.py": hooks("watched.things", *NAMES, "new"),
    "watched/things.py": things(
        offset="0.022",
        slow="import time; time.sleep(0.4)",
        hungry="import time, torch; time.sleep(0.5); torch.ones(13_000_000).sum()",
        breaks="raise ValueError('no more')",
    ),
}


@pytest.fixture
def watch(example_site: Path, tmp_path: Path) -> Callable[..., Ended]:
    """Run `priorbench watch` in the repository ``repository``; the plugins are its own and the example."""
    plugins = {"PRIORBENCH_PLUGINS": "standard,example,watched,calm"}
    return partial(run_here, example_site, tmp_path / "repository", "watch", **plugins)


@pytest.mark.slow(seconds=90)
def test_each_kind_of_change_is_told(watch: Callable[..., Ended], tmp_path: Path) -> None:
    commit(tmp_path / "repository", BASE)
    commit(tmp_path / "repository", HEAD)
    done = watch("HEAD~1", *EASY, "--format", "json")
    assert done.returncode == 1, done.stderr
    said = json.loads(done.stdout)
    changes = {(each["outcome"], each["method"], each["what"]): each for each in said["changes"]}
    assert changes.keys() == {
        ("worse", "breaks", "broken"),
        ("worse", "hungry", "memory"),
        ("worse", "slow", "time"),
        ("worse", "worse", "quality"),
        ("not measured", "mended", ""),
        ("came", "new", ""),
        ("went", "old", ""),
        ("unchanged", "calm", ""),
    }
    assert changes["worse", "worse", "quality"]["numbers"]["difference"] == pytest.approx(-0.3, abs=0.15)
    assert changes["worse", "slow", "time"]["numbers"]["ratio"] > 5
    assert changes["worse", "hungry", "memory"]["numbers"]["ratio"] > 1.1
    assert "ValueError: no more" in changes["worse", "breaks", "broken"]["text"]
    assert "in the base" in changes["not measured", "mended", ""]["text"]
    assert said["measured"] == sorted(NAMES)
    [again] = [line for line in done.stderr.splitlines() if "measuring again" in line]
    named = again.removeprefix("priorbench: measuring again, to be sure, ")
    names, _, how = named.partition(": ")
    assert how.startswith("3 rounds, the two sides in turns")
    assert "slow" in names.split(", ")  # on a busy machine, others may have seemed to be
    assert not {"mended", "new", "old"} & set(names.split(", "))


@pytest.mark.slow(seconds=25)
def test_a_file_that_is_not_committed_is_measured_and_nothing_is_left(
    watch: Callable[..., Ended], tmp_path: Path
) -> None:
    root, temporary = tmp_path / "repository", tmp_path / "temporary"
    temporary.mkdir()
    one_file = hooks("one_file", "box") + method("Box")
    commit(root, {"methods/one_file.py": one_file, "pyproject.toml": PROJECT})
    write(root, {"methods/one_file.py": one_file.replace("= 0.0", "= 0.1")})
    before = git(root, "status", "--porcelain", "--ignored")
    done = watch(*EASY, "--plugin", "methods/one_file.py", TMPDIR=str(temporary))
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith(
        "priorbench: the working tree (not committed: methods/one_file.py) against HEAD"
    )
    told = [line for line in done.stdout.splitlines() if not line.startswith("disturbed")]
    assert told[0].startswith("worse: box: PSNR 20.")
    assert told[-1] == "1 method got worse"
    assert git(root, "status", "--porcelain", "--ignored") == before
    assert not list(temporary.iterdir())


CALM = {name: BASE[name] for name in ("calm.py", "calm_things.py", "pyproject.toml")}


def test_what_is_unchanged_costs_no_run(watch: Callable[..., Ended], tmp_path: Path) -> None:
    commit(tmp_path / "repository", CALM)
    commit(tmp_path / "repository", {"README.md": "a word"})
    done = watch(*EASY)
    assert (done.returncode, done.stdout) == (0, "unchanged: calm\nnothing got worse\n")
    [line] = done.stderr.splitlines()
    assert line.startswith("priorbench: the working tree against HEAD~1 (")


@pytest.mark.parametrize(
    ("broken", "outcome"), [("head", "worse: box: broken"), ("base", "not measured: box")]
)
def test_a_plugin_file_that_cannot_be_loaded_on_one_side_is_told(
    watch: Callable[..., Ended], tmp_path: Path, broken: str, outcome: str
) -> None:
    good, bad = hooks("one_file", "box") + method("Box"), "import no_such_module"
    other = hooks("other", "other") + method("Other")
    commit(
        tmp_path / "repository",
        {"methods/one_file.py": bad if broken == "base" else good, "methods/other.py": other},
    )
    write(tmp_path / "repository", {"methods/one_file.py": bad if broken == "head" else good})
    files = ("--plugin", "methods/one_file.py", "--plugin", "methods/other.py")
    done = watch(*EASY, *files, PRIORBENCH_STRICT_PLUGINS="1")
    assert done.returncode == (1 if broken == "head" else 3), done.stderr
    first, *rest = done.stdout.splitlines()
    assert first.startswith(outcome)
    assert "no_such_module" in first
    assert rest[0] == "unchanged: other"


def test_a_side_that_does_not_import_its_own_files_is_refused(
    watch: Callable[..., Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "installed"
    commit(tmp_path / "repository", CALM)
    write(tmp_path / "repository", {"calm_things.py": method("Calm", offset=0.1)})
    first = f"import sys\nsys.path.insert(0, {str(installed)!r})\n"
    write(installed, {"calm_things.py": method("Calm"), "start/sitecustomize.py": first})
    monkeypatch.syspath_prepend(str(installed / "start"))
    done = watch(*EASY)
    assert (done.returncode, done.stdout) == (2, "")
    line = done.stderr.splitlines()[-1]
    assert "'calm': " in line
    assert f"would not be run from its own files, but from {installed / 'calm_things.py'}" in line


def test_an_installed_copy_of_what_lies_in_an_odd_folder_is_refused(
    watch: Callable[..., Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = {f"odd/{name}" if name.endswith(".py") else name: text for name, text in CALM.items()}
    commit(tmp_path / "repository", odd)
    write(tmp_path / "repository", {"odd/calm_things.py": method("Calm", offset=0.1)})
    write(tmp_path / "installed", CALM)
    monkeypatch.syspath_prepend(str(tmp_path / "installed"))
    done = watch(*EASY)
    assert (done.returncode, done.stdout) == (2, "")
    assert "would not be run from its own files" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(("broken", "new"), [("base", True), ("head", False)])
def test_what_came_since_the_base_is_told_as_such(
    monkeypatch: pytest.MonkeyPatch, broken: str, new: bool
) -> None:
    problem = "--noise 'streaks': unknown noise model 'streaks'"

    def answer(side: Any, request: Any) -> Any:
        return {"problems": [problem] if side.word == broken else [], "faults": {}}

    monkeypatch.setattr(comparing, "ask", answer)
    sides = tuple(
        Side(word=word, shown=word, folder=Path(), roots=(), environment={}) for word in ("base", "head")
    )
    with pytest.raises(RequestError) as caught:
        comparing._faults(sides, ["calm"], Problems(noise="streaks"))
    first, *rest = caught.value.problems
    assert first == f"base: {problem}" if new else first == problem
    assert [line.partition(":")[0] for line in rest] == (
        ["the head has it, and this base has not"] if new else []
    )


GOOD = Sample(status="ok", noisy_sha256="n", output_sha256="o", psnr=30.0, mse=0.001, wall_seconds=1.0)
SLOW = replace(GOOD, wall_seconds=2.0)


@pytest.mark.parametrize(
    ("again", "told"),
    [
        (SLOW, ["slower"]),
        (GOOD, ["same outputs, 1 image, time 1.00 times (a slow-down by 1.20 or more would be told)"]),
    ],
)
def test_a_slow_down_is_told_only_if_a_longer_measurement_says_so_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, again: Sample, told: list[str]
) -> None:
    asked: list[int] = []

    def measure(
        sides: Any, methods: Any, codes: Any, problems: Any, *, rounds: int, folder: Any, tell: Any
    ) -> Any:
        asked.append(rounds)
        head = SLOW if len(asked) == 1 else again
        found: Measured = ([{("i", 0): GOOD}] * rounds, [{("i", 0): head}] * rounds)
        return dict.fromkeys(methods, found)

    monkeypatch.setattr(confirming, "measure", measure)
    lines: list[str] = []
    bench = confirming.Bench(
        sides=(None, None),  # type: ignore[arg-type]
        codes={},
        problems=Problems(),
        rounds=2,
        folder=tmp_path,
        tell=lines.append,
    )
    found = confirming.verdict(bench, {"a": "a"})
    assert (asked, len(lines)) == ([2, 4], 2)
    assert lines[1] == (
        "measuring again, to be sure, a: 4 rounds, the two sides in turns, about 0 min 00 s"
    )  # both have the same methods, so that the first tells what a round takes
    assert [change.text.partition(":")[0] for change in found.changes] == told
