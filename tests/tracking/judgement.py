"""What changed between two commits: benchmarks and methods are matched by their names.

A method that came or went is told as such, once, and none of its numbers are compared with another's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from verdict import Change, Measured, Outcome, compare

#: words of outcomes that are told once for each method, not once for each of its benchmarks
GROUPED = ("broken", "mended", "added", "removed", "not measured")


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One of the two commits: what it has (see tests/benchmarks/inventory.py), and what was measured there.

    Attributes
    ----------
    methods : Mapping[str, str], optional
        usable method -> its plugin.
    unusable : Mapping[str, str], optional
        other registered method -> why it cannot be used.
    plugins : Mapping[str, str], optional
        plugin that is not loaded -> why.
    modules : Mapping[str, str], optional
        module of the suite that cannot be imported -> why.
    measured : Mapping[str, Measured], optional
        name(parameters) -> value.
    """

    methods: Mapping[str, str] = field(default_factory=dict)
    unusable: Mapping[str, str] = field(default_factory=dict)
    plugins: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)
    measured: Mapping[str, Measured] = field(default_factory=dict)


def judge(before: Side, after: Side) -> Iterator[Change]:
    """Yield what changed, for each benchmark that was measured at one commit at least.

    Of a method that broke it is not said once more that something of it could not be measured.
    """
    changes = list(_changes(before, after))
    broken = {change.subject for change in changes if change.outcome == Outcome.BROKEN}
    for change in changes:
        if change.outcome != Outcome.UNMEASURED or change.subject not in broken:
            yield change


def _changes(before: Side, after: Side) -> Iterator[Change]:
    for name in sorted(before.measured.keys() | after.measured.keys()):
        method = (before.measured.get(name) or after.measured[name]).method
        if method and method not in before.methods and method not in after.methods:
            continue  # a number of an earlier run
        change = (
            _of_method(name, method, before, after)
            or _of_module(name, before, after)
            or _of_benchmark(name, method, before, after)
        )
        if change is not None:
            yield change


def summary(changes: Iterable[Change]) -> Iterator[str]:
    """Yield one line for each change, the bad ones first; a method that came, went or broke has one line."""
    for (_, word, subject, text), group in sorted(grouped(changes).items(), key=lambda item: item[0]):
        count = f" ({len(group)} benchmarks)" if len(group) > 1 else ""
        yield f"{word}: {subject}{': ' if text else ''}{text}{count}"


def grouped(changes: Iterable[Change]) -> dict[tuple[Outcome, str, str, str], list[Change]]:
    """Return the changes by what is said of them in one line."""
    groups: dict[tuple[Outcome, str, str, str], list[Change]] = defaultdict(list)
    for change in changes:
        subject = change.subject if change.word in GROUPED else change.name
        groups[change.outcome, change.word, subject, change.text].append(change)
    return groups


def _of_method(name: str, method: str, before: Side, after: Side) -> Change | None:
    """Say what happened to the method as a whole, or return None."""
    was, now = method in before.methods, method in after.methods
    if was == now:
        return None
    if was:
        outcome, word, text = _gone(before.methods[method], method, after)
    else:
        outcome, word, text = _came(after.methods[method], method, before)
    return Change(name=name, subject=method, outcome=outcome, word=word, text=text)


def _gone(plugin: str, method: str, after: Side) -> tuple[Outcome, str, str]:
    if method in after.unusable:
        return Outcome.UNMEASURED, "not measured", f"cannot be used now: {after.unusable[method]}"
    if plugin in after.plugins:
        return Outcome.BROKEN, "broken", f"its plugin cannot be loaded now: {after.plugins[plugin]}"
    return Outcome.REMOVED, "removed", ""


def _came(plugin: str, method: str, before: Side) -> tuple[Outcome, str, str]:
    if method in before.unusable:
        return Outcome.UNMEASURED, "not measured", f"cannot be used at the base: {before.unusable[method]}"
    if plugin in before.plugins:
        return Outcome.BETTER, "mended", f"its plugin cannot be loaded at the base: {before.plugins[plugin]}"
    return Outcome.ADDED, "added", ""


def _of_module(name: str, before: Side, after: Side) -> Change | None:
    """Say that a module of the suite cannot be imported at a commit, or return None."""
    module = name.partition(".")[0]
    if module in before.modules:
        outcome, word, text = (
            Outcome.UNMEASURED,
            "not measured",
            f"fails at the base: {before.modules[module]}",
        )
    elif module in after.modules:
        outcome, word, text = Outcome.BROKEN, "broken", f"cannot be imported now: {after.modules[module]}"
    else:
        return None
    return Change(name=name, subject=module, outcome=outcome, word=word, text=text)


def _of_benchmark(name: str, method: str, before: Side, after: Side) -> Change | None:
    if name not in before.measured:
        return Change(name=name, subject=name, outcome=Outcome.ADDED, word="added", text="")
    if name not in after.measured:
        return Change(name=name, subject=name, outcome=Outcome.REMOVED, word="removed", text="")
    return compare(name, before.measured[name], after.measured[name], subject=method or name)
