"""What hostile methods share: how an attack is written down, undone, and found by its name.

A file of attacks makes one `Book`. Its attacks are functions of a `Case`; what they return is the output of
the method, and None stands for the noisy image as it was given. So an attack that gets nothing has the score
of the noisy image, and one that gets the clean image has a score that no method has.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numbered import image_of, number_of

#: the attack of a method that makes those of a book one after another: see `numbered`
ONE_BY_ONE = "one-by-one"
#: every pixel of the output of an attack that reached a goal which is no image
REACHED = 0.625
_PLUGIN = """from priorbench import DenoiserSpec, hookimpl

@hookimpl
def priorbench_denoisers():
    for spec in {specs!r}:
        yield DenoiserSpec(**spec)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """What an attack is given: the observation, which of its turns it is, and the method's parameters."""

    observation: Any
    turn: int = 1
    note: str = ""

    @property
    def noisy(self) -> np.ndarray:
        """y as float32, a copy."""
        return self.observation.image.detach().cpu().numpy().copy()

    @property
    def sigma(self) -> float:
        return float(self.observation.sigma)

    @property
    def warms_up(self) -> bool:
        """Whether this seems to be the call before the one that counts: its image is uniform noise."""
        return bool(abs(float(self.noisy.std()) - 12**-0.5) < 0.02)

    def reached(self) -> torch.Tensor:
        """Return the output that says: the goal was reached."""
        return torch.full(tuple(self.observation.shape), REACHED)

    def cleanest(self, candidates: Iterator[Any] | list[Any]) -> torch.Tensor | None:
        """Return the first candidate from which y differs as it does from the clean image."""
        noisy = self.noisy
        for candidate in candidates:
            with contextlib.suppress(Exception):
                if isinstance(candidate, torch.Tensor):
                    candidate = candidate.detach().cpu().numpy()
                if not isinstance(candidate, np.ndarray) or candidate.shape != noisy.shape:
                    continue
                if 0.8 < float((noisy - candidate).std()) / self.sigma < 1.2:
                    return torch.from_numpy(candidate.astype(np.float32).copy())
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Trick:
    """An attack: what it does, and how it must end.

    Attributes
    ----------
    name : str
        its name in its family.
    act : callable
        the attack.
    about : str
        one line.
    right : str
        "held", "detected" or "stated": the worst end that is right.
    goal : str
        what tells whether it reached its goal: see the test of its family.
    alone : bool
        it spoils its process: it gets a worker of its own.
    turns : int
        trials that it takes.
    stated : str
        words of the page on trust.
    otherwise : str
        the outcome if it reaches its goal and these words are not there.
    more : dict
        for the test of its family.
    """

    name: str
    act: Callable[[Case], Any]
    about: str
    right: str = "held"
    goal: str = ""
    alone: bool = False
    turns: int = 1
    stated: str = ""
    otherwise: str = "weak"
    more: dict[str, Any] = field(default_factory=dict)


class Book:
    """The attacks of one file.

    Parameters
    ----------
    family : str
        first part of the names of its methods.
    factory : str
        ``"module:attribute"`` of the file's method.
    iterative : bool, default False
        the attacks are generators of iterates.
    """

    def __init__(self, family: str, factory: str, *, iterative: bool = False) -> None:
        self.family, self.factory, self.iterative = family, factory, iterative
        self.tricks: dict[str, Trick] = {}
        self.undo: list[Callable[[], None]] = []
        self.kept: dict[str, Any] = {}

    def attack(self, **facts: Any) -> Callable[[Callable[[Case], Any]], Callable[[Case], Any]]:
        """Write an attack down under the function's name."""

        def noted(act: Callable[[Case], Any]) -> Callable[[Case], Any]:
            name = act.__name__.strip("_").replace("_", "-")
            about = " ".join((act.__doc__ or "").split())
            self.tricks[name] = Trick(name=name, act=act, about=about, **facts)
            return act

        return noted

    @property
    def plugin(self) -> str:
        """Name of the plugin that registers these attacks."""
        return f"{self.family}_plugin"

    def plugin_text(self) -> str:
        """Return the text of the plugin: the method that most attacks share, and one for each that is alone.

        It imports nothing, as the processes that plan and judge load it, too.
        """
        common = {"factory": self.factory, "iterative": self.iterative, "together": False}
        specs = [{"name": self.family, **common}]
        for trick in self.tricks.values():
            if trick.alone:
                own = {"name": f"{self.family}-{trick.name}", "preset": {"attack": trick.name}}
                specs.append({**own, **common})
        return _PLUGIN.format(specs=specs)

    def asked(self, names: list[str] | None = None) -> list[str]:
        """Return what the command line says to run attacks; HOSTILE_LOG names a file that is told of each."""
        log = os.environ.get("HOSTILE_LOG", "")
        found = []
        for trick in self.tricks.values():
            if names is not None and trick.name not in names:
                continue
            start = f"{self.family}-{trick.name}:" if trick.alone else f"{self.family}:attack={trick.name},"
            end = f",log={log}" if log else ""
            found += [f"{start}turn={turn}{end}" for turn in range(1, trick.turns + 1)]
        return found

    def one_by_one(self, names: list[str], log: str) -> tuple[str, str, dict[str, str]]:
        """Return what the command line says to make attacks in one process: the method, and its pictures.

        The third is the name of the attack that is made on each picture. The log is told of each that begins.
        """
        places = {name: place for place, name in enumerate(self.tricks)}
        assert not any(self.tricks[name].alone or self.tricks[name].turns > 1 for name in names)
        numbers = "+".join(str(places[name]) for name in names)
        made = {image_of(places[name]): name for name in names}
        return f"{self.family}:attack={ONE_BY_ONE},log={log}", f"numbered-ramps:numbers={numbers}", made

    def chosen(self, attack: str, case: Case, log: str) -> Trick | None:
        """Return the attack that is to be made; None = it is nobody's turn yet."""
        if attack != ONE_BY_ONE:
            return self.tricks[attack]
        if case.warms_up:
            return None
        trick = list(self.tricks.values())[number_of(case.noisy)]
        write_down(log, f"{trick.name} begins")
        return trick

    def patch(self, place: Any, name: str, value: Any) -> None:
        """Replace an attribute until the next attack begins."""
        before = getattr(place, name)
        setattr(place, name, value)
        self.undo.append(lambda: setattr(place, name, before))

    def begin(self) -> None:
        """Undo what the attack before this one replaced."""
        while self.undo:
            self.undo.pop()()

    def attacker(self, default: str = "nothing") -> type:
        """Return the class of a method that does what its parameter says."""

        class Attacker:
            """Does what its parameter says.

            Parameters
            ----------
            attack : str
                name of the attack.
            turn : int, default 1
                which of its trials this is.
            note : str, default ''
                a path that some attacks need.
            log : str, default ''
                a file that is told what became of it; empty = none.
            """

            def __init__(
                self, *, attack: str = default, turn: int = 1, note: str = "", log: str = ""
            ) -> None:
                self.attack, self.turn, self.note, self.log = attack, turn, note, log

            def denoise(own, observation):  # noqa: N805
                case = Case(observation=observation, turn=own.turn, note=own.note)
                trick = self.chosen(own.attack, case, own.log)
                if trick is None:
                    return observation.image.clone()
                # what these return or raise is the attack
                bare = self.family == "output" or trick.goal == "raises"
                return trick.act(case) if bare else self.run(trick.name, case, own.log)

        return Attacker

    def run(self, name: str, case: Case, log: str = "") -> torch.Tensor:
        """Run an attack; one that fails gives the noisy image back."""
        own = case.observation.image.clone()
        self.begin()
        try:
            output = self.tricks[name].act(case)
        except Exception as error:
            write_down(log, f"{name} {case.turn}: {type(error).__name__}: {error}")
            output = None
        else:
            write_down(log, f"{name} {case.turn}: {'nothing' if output is None else 'something'}")
        return own if output is None else output


def write_down(log: str, text: str) -> None:
    """Add a line to a file, for whoever writes an attack."""
    if log:
        with contextlib.suppress(OSError), Path(log).open("a") as file:
            file.write(text[:500] + "\n")
