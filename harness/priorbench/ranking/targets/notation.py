"""Targets as they are written: ``noisy+3``, ``bm3d-0.5``, ``bm3d``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from priorbench.errors import PriorbenchError

#: the word for the noisy image; a method of this name cannot be a reference
NOISY = "noisy"
#: dB above the noisy image, and relative to the reference, of the targets that stand for themselves
_ABOVE_NOISY = (3.0, 6.0, 9.0)
_BESIDE_REFERENCE = (-1.0, -0.5, 0.0)
#: a larger distance is no target
_FARTHEST = 100.0
_OFFSET = re.compile(r"(.+?)([+-]\d{1,3}(?:\.\d{1,6})?)", re.ASCII | re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A PSNR that is to be reached on each image, relative to another one on this very image.

    Attributes
    ----------
    base : str
        ``noisy`` for the noisy image, or the name of a method as boards have it.
    offset : float, default 0.0
        in dB.
    optional : bool, default False
        it is left out where no board has its method, and nobody is told off.
    """

    base: str
    offset: float = 0.0
    optional: bool = False

    def __str__(self) -> str:
        """Return the target as it is written."""
        return f"{self.base}{self.offset:+g}" if self.offset else self.base

    @property
    def beside_noisy(self) -> bool:
        """Whether it is relative to the noisy image."""
        return self.base == NOISY


def default_targets(reference: str | None = None) -> tuple[Target, ...]:
    """Return the targets of a table that asked for none.

    Parameters
    ----------
    reference : str or None, optional
        a method; None takes bm3d, where a board has it.
    """
    base, optional = ("bm3d", True) if reference is None else (reference, False)
    return (
        *(Target(base=NOISY, offset=offset) for offset in _ABOVE_NOISY),
        *(Target(base=base, offset=offset, optional=optional) for offset in _BESIDE_REFERENCE),
    )


def parse_targets(texts: Iterable[str], known: Callable[[str], bool]) -> tuple[Target, ...]:
    """Return targets as they were typed, each once.

    Parameters
    ----------
    texts : Iterable[str]
        each ``noisy+DB``, ``METHOD``, ``METHOD+DB`` or ``METHOD-DB``.
    known : Callable[[str], bool]
        says whether a text is the name of a method. A name may end like a distance: ``net-2`` is the method
        net-2 where there is one, otherwise 2 dB below net.

    Raises
    ------
    PriorbenchError
        If one is no target, or may mean two things.
    """
    return tuple(dict.fromkeys(_parsed(text.strip(), known) for text in texts))


def _parsed(text: str, known: Callable[[str], bool]) -> Target:
    found = _OFFSET.fullmatch(text)
    base, offset = (found[1], float(found[2])) if found else (text, 0.0)
    if found and base != NOISY and known(text):
        if known(base):
            raise PriorbenchError(
                f"--target {text}: there are methods {text} and {base}, so it may mean either; write"
                f" {text}+0 or {text}{'0' if '.' in found[2] else '.0'}"
            )
        return Target(base=text)
    if not base or base[0] in "+-" or abs(offset) > _FARTHEST:
        raise PriorbenchError(
            f"--target {text}: write noisy+3, METHOD, METHOD-0.5 or METHOD+1, in dB, not beyond {_FARTHEST:g}"
        )
    if base == NOISY and offset <= 0:
        raise PriorbenchError(f"--target {text}: the noisy image is there at once; write noisy+3, above it")
    return Target(base=base, offset=offset)
