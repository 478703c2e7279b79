"""Attacks by files: each is a function that says how it ended, and a family of them is run by one test."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from attacks.outcomes import Seen
from attacks.runs import Arena, Ran

#: bytes and seconds that no command of these tests needs, on a busy machine either
MUCH, LONG = 1_500_000_000, 90.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """Where attacks by files are made: a folder, and the command line.

    Attributes
    ----------
    together : bool
        several attacks share the folder.
    refused : list of str
        files of such attacks that have to be left out.
    """

    folder: Path
    here: Callable[..., subprocess.CompletedProcess[str]]
    arena: Arena
    together: bool = False
    refused: list[str] = field(default_factory=list)

    def apart(self, *arguments: str, limit: float = LONG, plugins: tuple[Path, ...] = ()) -> Ran:
        """Run the command line in a process of its own."""
        return self.arena.command(*arguments, env=self.arena.environment(plugins), limit=limit)


Act = Callable[[Ground], tuple[str, str]]


@dataclass(kw_only=True, slots=True)
class Family:
    """Attacks of one kind."""

    name: str
    acts: dict[str, tuple[Act, str]] = field(default_factory=dict)

    def attack(self, right: str = "held", name: str = "") -> Callable[[Act], Act]:
        """Write an attack down under the function's name."""

        def noted(act: Act) -> Act:
            self.acts[name or act.__name__.replace("_", "-")] = (act, right)
            return act

        return noted

    def seen(self, ground: Callable[[str], Ground], names: Sequence[str] | None = None) -> Iterator[Seen]:
        """Make all attacks, or some; one that ends with an exception is broken."""
        for name in self.acts if names is None else names:
            act, right = self.acts[name]
            try:
                outcome, why = act(ground(name))
            except Exception as error:
                outcome, why = "broken", f"{type(error).__name__}: {str(error)[:200]}"
            yield Seen(name=f"{self.name}/{name}", right=right, outcome=outcome, why=why[:300])


def small_run(store: str, images: str = "ramps:count=1", denoiser: str = "mean") -> list[str]:
    """Return what the command line says for a run in the run's own process."""
    what = ["--images", images, "--noise", "gaussian-25", "--denoiser", denoiser]
    return ["run", "-", *what, "--executor", "serial", "--store", store]


def is_plain(text: str) -> bool:
    """Say whether a text does nothing to a terminal."""
    return all(one.isprintable() or one in "\n\t" for one in text)


def refused(done: Any, *words: str) -> tuple[str, str]:
    """Return what it means that a command was to be refused: one that says why, in some lines of text."""
    status, said = _of(done)
    if status is None or "Traceback" in said:
        return "broken", f"it {'hangs' if status is None else 'ends with a traceback'}: {said[-200:]!r}"
    if getattr(done, "memory", 0) > MUCH:
        return "broken", f"it took {done.memory / 1e9:.1f} GB"
    if status not in (1, 2):
        return "broken", f"it was taken: exit status {status}, {said[-200:]!r}"
    if not is_plain(said) or len(said) > 20_000 or not all(word in said for word in words):
        return "weak", f"it is not told, or not readable: {said[-200:]!r}"
    return "held", said[-200:]


def survived(done: Any) -> tuple[str, str]:
    """Return what it means that a command was to end by itself, in text."""
    status, said = _of(done)
    if status is None or "Traceback" in said or status not in (0, 1, 2):
        return "broken", f"exit status {status}: {said[-200:]!r}"
    if getattr(done, "memory", 0) > MUCH:
        return "broken", f"it took {done.memory / 1e9:.1f} GB"
    return ("held", said[-200:]) if is_plain(said) else ("broken", f"codes for a terminal: {said[-200:]!r}")


def _of(done: Any) -> tuple[int | None, str]:
    if isinstance(done, Ran):
        return done.status, done.said
    return done.returncode, done.stdout + done.stderr
