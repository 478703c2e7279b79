"""The order of the tests keeps files whole, and gives each process its share of the long ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from ordering import long_files_first


@dataclass(frozen=True)
class Item:
    path: str
    mark: Any = None

    def get_closest_marker(self, name: str) -> Any:
        return self.mark


def file(name: str, *marks: Any) -> list[Item]:
    return [Item(name, mark and mark.mark) for mark in marks]


def ordered(processes: int, *files: list[Item]) -> list[str]:
    items = [item for file in files for item in file]
    found: Any = long_files_first(items, processes)  # type: ignore[arg-type]
    assert sorted(map(id, found)) == sorted(map(id, items))
    return [item.path for item in found]


def slow(*given: Any, **named: Any) -> Any:
    return pytest.mark.slow(*given, **named)


def test_long_files_begin_and_stay_whole() -> None:
    assert ordered(1, file("a", None, None), file("b", None, slow(), None), file("c", slow(30))) == [
        "c", "b", "b", "b", "a", "a",
    ]  # fmt: skip


def test_each_process_begins_with_its_share() -> None:
    """The parts of two processes are of four tests; 50 seconds stand against 30 and 25."""
    long = file("a", slow(30)), file("b", slow(50)), file("c", None, slow(seconds=25))
    found = ordered(2, file("short", None, None, None, None), *long)
    assert found == ["b", "short", "short", "short", "a", "c", "c", "short"]


def test_what_others_wait_for_is_the_first_of_all() -> None:
    long = file("a", slow(30)), file("b", slow(50)), file("c", slow(20, first=True))
    assert ordered(1, *long) == ["c", "b", "a"]


def test_more_processes_than_long_files_lose_nothing() -> None:
    assert ordered(4, file("a", slow(9)), file("b", None)) == ["a", "b"]
    assert ordered(3) == []
