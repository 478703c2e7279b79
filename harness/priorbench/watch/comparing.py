"""The comparison as a whole: lay both sides out, choose methods, measure and judge them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from priorbench.errors import PriorbenchError, RequestError
from priorbench.loading.plugin_files import FILES_VARIABLE
from priorbench.loading.sources import CORE
from priorbench.watch.announcing import project_name
from priorbench.watch.changes import Change, Outcome
from priorbench.watch.children import ask
from priorbench.watch.choosing import Chosen, Stock, choose, stock
from priorbench.watch.confirming import Bench, verdict
from priorbench.watch.measuring import Problems
from priorbench.watch.places import inside
from priorbench.watch.sides import Side, States, lay_out


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What is to be compared, and how.

    Attributes
    ----------
    denoisers : tuple of str, default ()
        as ``--denoiser`` has them; all methods of the repository if there are none.
    plugin_files : tuple of Path, default ()
        plugins of one file.
    problems : Problems, optional
        what the methods solve.
    rounds : int, default 3
        how often each side is measured.
    """

    denoisers: tuple[str, ...] = ()
    plugin_files: tuple[Path, ...] = ()
    problems: Problems = field(default_factory=Problems)
    rounds: int = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What was found.

    Attributes
    ----------
    changes : tuple of Change
        of all methods.
    measured : tuple of str
        methods that were measured, as they were asked for.
    disturbed : Mapping[str, str]
        method -> how many of its timings were disturbed, and by what.
    """

    changes: tuple[Change, ...]
    measured: tuple[str, ...]
    disturbed: Mapping[str, str]


def compare(states: States, wish: Wish, tell: Callable[[str], None]) -> Result:
    """Compare two states of a repository; `tell` gets a line for people before anything that takes long.

    Raises
    ------
    PriorbenchError
        Where the request makes no sense, or a side does not run its own files.
    """
    if inside(CORE, states.root):  # the sides would be measured by different harnesses
        raise PriorbenchError("this is priorbench's own repository: 'make regressions' compares its commits")
    with tempfile.TemporaryDirectory(prefix="priorbench-watch-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        sides, chosen = _choose(states, lay_out(states, folder, wish.plugin_files), wish)
        faults = _faults(sides, tuple(chosen.methods), wish.problems)
        changes = [*chosen.changes, *faults.values()]
        methods = {text: name for text, name in chosen.methods.items() if text not in faults}
        bench = Bench(
            sides=sides,
            codes=chosen.codes,
            problems=wish.problems,
            rounds=wish.rounds,
            folder=folder,
            tell=tell,
        )
        found = verdict(bench, methods)
        return Result(changes=(*changes, *found.changes), measured=tuple(methods), disturbed=found.disturbed)


#: what is said where only the head can be run with what was asked for
_NEW = (
    "the head has it, and this base has not: nothing can be compared under it. Name a later commit as the "
    "base, or other --images, --noise or --stopping"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """A side, but for the plugin files that it cannot load, and what it has of its own."""

    side: Side
    stock: Stock


def _look(side: Side, states: States, own_names: Sequence[str]) -> _Found:
    survey = ask(side, {"root": str(states.root), "folder": str(side.folder)})
    environment = {**side.environment, FILES_VARIABLE: survey["files"]}
    return _Found(
        side=replace(side, environment=environment), stock=stock(side, survey, own_names, states.root)
    )


def _choose(states: States, sides: Sequence[Side], wish: Wish) -> tuple[tuple[Side, Side], Chosen]:
    below = states.project.relative_to(states.root)
    names = [name for side in sides if (name := project_name(side.folder / below))]
    base, head = (_look(side, states, names) for side in sides)
    return (base.side, head.side), choose(wish.denoisers, base.stock, head.stock)


def _faults(sides: tuple[Side, Side], texts: Sequence[str], problems: Problems) -> Mapping[str, Change]:
    """Return the methods that one side cannot even begin with; raise where all else is a wrong request."""
    if not texts:
        return {}
    request = {"denoisers": texts, "images": problems.images, "noise": problems.noise}
    answers = [ask(side, {**request, "stopping": problems.stopping}) for side in sides]
    for side, answer in zip(reversed(sides), reversed(answers), strict=True):
        if answer["problems"]:
            if side.word == "head":
                raise RequestError(answer["problems"])
            raise RequestError([*(f"{side.shown}: {line}" for line in answer["problems"]), _NEW])
    base, head = (
        {text: side.within(fault) for text, fault in answer["faults"].items()}
        for side, answer in zip(sides, answers, strict=True)
    )
    both = base.keys() & head.keys()  # of what is given no parameters, the method itself is at fault
    wrong = [f"--denoiser '{text}': {head[text]}" for text in texts if ":" in text and text in both]
    if wrong:
        raise RequestError(wrong)
    return {
        text: _fault(text, base.get(text), head.get(text)) for text in texts if text in base or text in head
    }


def _fault(text: str, base: str | None, head: str | None) -> Change:
    if base is None:
        return Change(outcome=Outcome.WORSE, method=text, what="broken", text=f"cannot be run now: {head}")
    where = "in the base" if head is None else "on either side"
    return Change(outcome=Outcome.UNMEASURED, method=text, text=f"cannot be run {where}: {base}")
