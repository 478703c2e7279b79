"""How runs take turns, and what is refused; no run is started here."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from sample_records import record

from priorbench.errors import PriorbenchError
from priorbench.store.database import Store
from priorbench.watch import measuring
from priorbench.watch.measuring import Measured, Problems, measure
from priorbench.watch.sides import Side

CODES = {"a": ("old", "new"), "b": ("old", "new")}


class Runs:
    """Stands for the processes: notes which side ran what, and stores a record for each method."""

    def __init__(self, source: dict[str, str] | None = None, status: int = 0) -> None:
        self.source, self.status = source or {"base": "old", "head": "new"}, status
        self.seen: list[tuple[str, list[str]]] = []

    def __call__(self, side: Side, arguments: Sequence[str]) -> tuple[int, str, str]:
        given = dict(itertools.pairwise(arguments))
        texts = [word for option, word in itertools.pairwise(arguments) if option == "--denoiser"]
        self.seen.append((side.word, texts))
        if self.status in (0, 1):
            store = Store(given["--store"])
            assert len(store) == 0
            names = [text.partition(":")[0] for text in texts]
            store.add([record(name, denoiser=name, plugin_source=self.source[side.word]) for name in names])
            store.close()
        return self.status, "", "priorbench: one line\npriorbench: no such image\n"


def measured(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    runs: Runs,
    *texts: str,
    rounds: int = 1,
    tell: Callable[[str], None] = print,
) -> dict[str, Measured]:
    monkeypatch.setattr(measuring, "start", runs)
    base, head = (
        Side(word=word, shown=word, folder=folder, roots=(), environment={}) for word in ("base", "head")
    )
    methods = {text: text.partition(":")[0] for text in texts}
    return dict(
        measure((base, head), methods, CODES, Problems(threads=1), rounds=rounds, folder=folder, tell=tell)
    )


def test_the_sides_take_turns_and_neither_is_always_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runs, lines = Runs(), list[str]()
    found = measured(monkeypatch, tmp_path, runs, "a", "b", rounds=3, tell=lines.append)
    begins = ["round 1 of 3, run 2 of 2", "round 2 of 3", "round 3 of 3"]
    assert [line.partition(", about")[0] for line in lines] == begins
    assert all(re.fullmatch(r"round \d.*, about 0 min \d+ s left", line) for line in lines)
    assert [word for word, _ in runs.seen] == ["base", "head", "head", "base", "base", "head"]
    assert all(texts == ["a", "b"] for _, texts in runs.seen)
    assert [len(rounds) for rounds in found["a"]] == [3, 3]
    assert not list(tmp_path.iterdir())


def test_a_method_that_is_asked_for_twice_has_two_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runs, lines = Runs(), list[str]()
    clock = itertools.count(0, 10)
    monkeypatch.setattr(measuring, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))
    found = measured(monkeypatch, tmp_path, runs, "a:x=1", "b", "a:x=2", tell=lines.append)
    assert lines == [  # four runs of ten seconds
        f"round 1 of 1, run {number} of 4, about 0 min {left} s left"
        for number, left in ((2, 30), (3, 20), (4, 10))
    ]
    assert [texts for _, texts in runs.seen] == [["a:x=1", "b"], ["a:x=1", "b"], ["a:x=2"], ["a:x=2"]]
    assert all(len(each) == 1 for rounds in found.values() for side in rounds for each in side)


def test_code_that_is_not_that_of_the_side_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(PriorbenchError, match=r"'a': the code that ran is not that of head \(old, not new\)"):
        measured(monkeypatch, tmp_path, Runs({"base": "old", "head": "old"}), "a")


def test_a_run_that_does_not_begin_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(PriorbenchError, match=r"\Abase: no such image\Z"):
        measured(monkeypatch, tmp_path, Runs(status=2), "a")


@pytest.mark.parametrize("status", [129, 130, 143])
def test_a_run_that_was_interrupted_interrupts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: int
) -> None:
    with pytest.raises(KeyboardInterrupt):
        measured(monkeypatch, tmp_path, Runs(status=status), "a")
