"""Finds the pairs of rows to compare, in one store or across two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench.ranking.names import Place, row_names
from priorbench.store.asked import Asked, asked_of
from priorbench.store.scores import Scores

#: put before the labels of the first and of the second store; no label begins so
_TAGS = ("\0first ", "\0second ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Two rows, and how a person knows them: by name, or by the store where the names are the same."""

    a: Place
    b: Place
    name_a: str
    name_b: str
    called_a: str
    called_b: str


def joined(first: Scores, second: Scores) -> Scores:
    """Return the scores of two stores as one, with the store in each label and key."""
    stores = tuple(zip(_TAGS, (first, second), strict=True))
    columns: dict[str, Any] = {
        item.name: np.concatenate([getattr(first, item.name), getattr(second, item.name)])
        for item in fields(Scores)
        if item.name not in ("asked", "entries", "problems", "keys", "entry", "problem")
    }
    keys = np.concatenate([_tagged(tag, scores.key) for tag, scores in stores])
    return Scores(
        asked=_asked_of_both(stores).with_keys(keys),
        keys=keys,
        entries=first.entries + second.entries,
        problems=first.problems + second.problems,
        entry=np.concatenate([first.entry, second.entry + len(first.entries)]),
        problem=np.concatenate([first.problem, second.problem + len(first.problems)]),
        **columns,
    )


def _asked_of_both(stores: Sequence[tuple[str, Scores]]) -> Asked:
    """Return what two stores were asked for, with the store in the labels and keys."""
    answers = []
    for tag, scores in stores:
        asked = scores.asked
        requests = [
            replace(one, denoiser=replace(one.denoiser, label=tag + one.denoiser.label))
            for one in asked.requests
        ]
        keys = _tagged(tag, asked.key)
        answers += [
            (requests[request], key, asked.runs[run].id)
            for request, key, run in zip(asked.request, keys, asked.run, strict=True)
        ]
    runs = {run.id: run for _, scores in stores for run in scores.asked.runs}
    return asked_of(answers, runs.values())


def _tagged(tag: str, keys: Sequence[str] | NDArray[np.object_]) -> NDArray[np.object_]:
    return np.array([tag + key for key in keys], dtype=np.object_)


def matched(places: Iterable[Place]) -> tuple[list[Pair], list[str]]:
    """Pair the rows of two joined stores that have the same label and stopping rule.

    Where there are several of a kind, those on the same device with as many threads are paired.

    Returns
    -------
    tuple[list[Pair], list[str]]
        The pairs, and a line about the rows of each store that have no partner.
    """
    kinds: defaultdict[tuple[str, str | None], tuple[list[Place], list[Place]]]
    kinds = defaultdict(lambda: ([], []))
    for place in sorted(places, key=repr):
        bare = _bare(place)
        kinds[bare.label, bare.stopping_rule][place.label.startswith(_TAGS[1])].append(place)
    couples: list[tuple[Place, Place]] = []
    alone: tuple[list[Place], list[Place]] = ([], [])
    for own, other in kinds.values():
        found = [(a, b) for a in own for b in other if a[2:] == b[2:]]
        if not found and len(own) == len(other) == 1:
            found = [(own[0], other[0])]
        couples += found
        for side, store in enumerate((own, other)):
            alone[side].extend(place for place in store if place not in {couple[side] for couple in found})
    names = row_names({_bare(a) for a, _ in couples})
    pairs = [
        Pair(
            a=a,
            b=b,
            name_a=names[_bare(a)],
            name_b=names[_bare(a)],
            called_a="the first store",
            called_b="the second store",
        )
        for a, b in couples
    ]
    return pairs, [
        f"only in the {which} store: {', '.join(sorted(row_names(map(_bare, rest)).values()))}"
        for which, rest in zip(("first", "second"), alone, strict=True)
        if rest
    ]


def _bare(place: Place) -> Place:
    """Return the place without its store."""
    return place._replace(label=place.label.partition(" ")[2])
