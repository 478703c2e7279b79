"""A plugin of methods that do what a method must not do."""

from __future__ import annotations

from priorbench import DenoiserSpec, hookimpl

METHODS = (
    "raises",
    "exits",
    "exits-hard",
    "segfaults",
    "killed",
    "aborts",
    "hangs",
    "hangs-in-c",
    "memory-hog",
    "torch-memory-hog",
    "nan",
    "infinite",
    "wrong-shape",
    "wrong-type",
    "returns-none",
    "changes-input",
    "prints-megabytes",
    "leaves-thread",
    "leaves-child",
    "closes-stdout",
    "raises-in-setup",
    "yields-nan",
    "yields-nothing",
    "raises-late",
    "base-exception",
    "recursion",
    "interrupts",
    "unspeakable",
    "closes-line",
    "answers-nothing",
    "answers-nonsense",
    "answers-deeply",
    "answers-for-another",
    "answers-twice",
    "answers-without-end",
    "needs-missing-import",
)


@hookimpl
def priorbench_denoisers():
    for name in METHODS:
        attribute = "".join(part.title() for part in name.split("-"))
        module = "hostile_missing" if name == "needs-missing-import" else "hostile_things"
        iterates = name in ("yields-nan", "yields-nothing", "raises-late")
        yield DenoiserSpec(
            name=f"zoo-{name}", factory=f"{module}:{attribute}", iterative=iterates, together=False
        )
