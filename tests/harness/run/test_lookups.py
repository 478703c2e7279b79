"""The store is asked for many trials at once while all are there, and for each where one is to be run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from priorbench.errors import PriorbenchError
from priorbench.run.storing.lookups import looked_up


class Asked:
    """A store that counts questions."""

    def __init__(self, there: Iterable[str]) -> None:
        self.there = dict.fromkeys(there, "ok")
        self.sizes: list[int] = []

    def statuses(self, keys: Iterable[str]) -> dict[str, str]:
        wanted = list(keys)
        self.sizes.append(len(wanted))
        return {key: self.there[key] for key in wanted if key in self.there}


def trials(count: int) -> Iterator[Any]:
    return (SimpleNamespace(keys=(f"{number}a", f"{number}b")) for number in range(count))


def keys(count: int) -> list[str]:
    return [key for trial in trials(count) for key in trial.keys]


def test_a_complete_suite_takes_few_questions() -> None:
    store = Asked(keys(5000))
    found = list(looked_up(trials(5000), store.statuses))
    assert [trial.keys for trial, _ in found] == [trial.keys for trial in trials(5000)]
    assert all(set(own) == set(trial.keys) for trial, own in found)
    assert sum(store.sizes) == 10_000
    assert len(store.sizes) < 25
    assert max(store.sizes) <= 1024


def test_what_follows_a_trial_to_be_run_is_asked_for_again() -> None:
    """It may take hours: another runner stores what was missing, or the same key comes again."""
    store = Asked(set(keys(40)) - {"20b", "21a", "21b"})
    seen: dict[str, dict[str, str]] = {}
    for trial, own in looked_up(trials(40), store.statuses):
        seen[trial.keys[0]] = dict(own)
        if trial.keys[0] == "20a":
            store.there["21a"] = store.there["21b"] = "ok"
    assert seen["20a"] == {"20a": "ok"}
    assert seen["21a"] == {"21a": "ok", "21b": "ok"}


def test_a_fresh_suite_is_planned_a_trial_at_a_time() -> None:
    planned: list[int] = []

    def source() -> Iterator[Any]:
        for number, trial in enumerate(trials(100)):
            planned.append(number)
            yield trial

    for number, _ in enumerate(looked_up(source(), Asked([]).statuses)):
        assert len(planned) == number + 1


def test_an_error_of_the_plan_comes_after_the_trials_before_it() -> None:
    def source() -> Iterator[Any]:
        yield from trials(10)
        raise PriorbenchError("the eleventh cannot be read")

    seen = []
    with pytest.raises(PriorbenchError, match="eleventh"):
        for trial, _ in looked_up(source(), Asked(keys(10)).statuses):
            seen.append(trial.keys)
    assert len(seen) == 10
