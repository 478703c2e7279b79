"""Which fits of a method count: those of its last version, from one machine where that has them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from priorbench.ranking.inference.shared_results import largest_table
from priorbench.ranking.measured import condition_parts, names_with
from priorbench.ranking.names import Place
from priorbench.ranking.targets.collecting import RAW, Method, Told
from priorbench.ranking.targets.fits import Fit
from priorbench.words import plural

Marks = NDArray[np.bool_]
Indices = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Runner:
    """A method and its fits, one for each slot at most.

    Attributes
    ----------
    method : Method
        whose fits they are.
    told : Told
        what else its records tell.
    fits : Mapping[int, Fit]
        by slot.
    environment : str
        of its fits; several are joined by ``+``.
    outdated : int
        fits of other parameters or code that are left out.
    """

    method: Method
    told: Told
    fits: Mapping[int, Fit]
    environment: str
    outdated: int = 0

    @property
    def timed(self) -> bool:
        """Whether its times can be compared: they are known, and of one environment."""
        known = all(np.isfinite(fit.seconds).all() for fit in self.fits.values())
        return known and "+" not in self.environment

    @property
    def barred(self) -> str:
        """Say why it is never compared; empty for one that may be."""
        if self.told.oracle:
            return "only run with an oracle" if self.told.iterative else "an oracle sees the clean image"
        return f"trained on {', '.join(self.told.trained_on)}" if self.told.trained_on else ""

    @property
    def batch(self) -> int:
        """Images that were fitted at once, at most."""
        return max((fit.batch for fit in self.fits.values()), default=1)


def runner_of(method: Method, told: Told) -> Runner | None:
    """Return a method with the fits that count; None where there is none."""
    if not told.fits:
        return None
    versions = sorted(told.fits, key=lambda version: (told.started[version], version))
    slots = told.fits[versions[-1]]
    counts = Counter(environment for there in slots.values() for environment in there)
    order = sorted(counts, key=lambda environment: (-counts[environment], environment))
    fits = {}
    for slot, there in sorted(slots.items()):
        environment = next(one for one in order if one in there)
        fits[slot] = there[environment].fit
    return Runner(
        method=method,
        told=told,
        fits=fits,
        environment="+".join(sorted({fit.environment for fit in fits.values()})),
        outdated=sum(len(told.fits[version]) for version in versions[:-1]),
    )


def runner_names(runners: Sequence[Runner]) -> list[str]:
    """Return the shortest name of each that no other has, with the conditions in which they differ."""
    places = []
    for one in runners:
        own = one.method
        averaged = own.label if own.average == RAW else f"{own.label}+{own.average}"
        title = averaged if own.rule is None else f"{own.label}@{own.rule}"  # which says the average, too
        places.append(Place(title, None, own.device, own.threads))
    parts = condition_parts(places, [one.batch for one in runners], [one.environment for one in runners])
    return names_with(places, parts)


def common_slots(runners: Sequence[Runner], slots: int, *, shared: bool) -> Marks:
    """Mark the slots that methods are compared over.

    That is the largest complete table, as on a leaderboard; if `shared`, what every method has.
    """
    there = np.zeros((len(runners), slots), dtype=bool)
    for number, one in enumerate(runners):
        there[number, list(one.fits)] = True
    judged = there[[not one.barred for one in runners]]
    if not len(judged):
        return np.asarray(there.any(axis=0))
    return np.asarray(judged.all(axis=0)) if shared else largest_table(judged)


def why_excluded(runner: Runner, marks: Marks, image: Indices) -> str:
    """Say why a method is not compared over the marked slots; empty for one that is."""
    if runner.barred:
        return runner.barred
    wanted = set(np.flatnonzero(marks).tolist())
    own = wanted & runner.fits.keys()
    if own == wanted:
        return ""
    has, of = (len(np.unique(image[sorted(some)])) for some in (own, wanted))
    if has == of:
        return f"{len(own)} of {plural(len(wanted), 'noise draw')}"
    return f"{has} of {plural(of, 'image')}"
