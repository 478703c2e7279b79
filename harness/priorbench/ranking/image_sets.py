"""Which answers are of one and the same set of images, whatever it is called and whichever part was run."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from priorbench.contract.requests import AskedSet, digest_of
from priorbench.ranking.telling_apart import Identity, names
from priorbench.store.columns.keys import Indices, paired

#: id of an image, digest of its pixels
Content = tuple[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Whole:
    """A set of images as boards show it.

    Attributes
    ----------
    label, name : str
        What suites call it, and its name among all sets of the store.
    identity : int
        Index of the identity that requests name.
    others : tuple of str
        Further labels of the same images.
    content : frozenset of (str, str) or None
        The images with their digests, where the same identity had others at another time; None = all.
    runs : frozenset of int
        Then, the runs that asked for none but these.
    """

    label: str
    name: str
    identity: int
    others: tuple[str, ...] = ()
    content: frozenset[Content] | None = None
    runs: frozenset[int] = frozenset()


def is_whole(asked: AskedSet) -> bool:
    """Say whether nothing chooses among the images of a set."""
    return all(asked.parameters.get(name) is None for name in asked.choosing)


def same_sets(
    identities: Sequence[Identity],
    contents: Sequence[Content],
    identity: Indices,
    content: Indices,
    run: Indices,
    whole: Container[int],
) -> tuple[Indices, dict[int, tuple[str, ...]]]:
    """Find sets of images that are the same under several labels.

    They are registered under one name, with the same parameters, and no picture of one is another one in the
    other; of folders, which are registered under one name whatever they hold, a picture of one must be in the
    other. They are called as they were asked for last, but not by the name of a part if there is another.

    Parameters
    ----------
    identities, contents : sequence
        What `identity` and `content` are indices of.
    identity, content, run : ndarray of int64
        (answers,) of each answer; a run has a higher index than those before it.
    whole : Container[int]
        Indices of identities that were asked for without what chooses among their images.

    Returns
    -------
    ndarray of int64, dict of int to tuple of str
        Of each identity, the one that stands for it; of those that stand for several, the other labels.
    """
    stands, others = np.arange(len(identities)), {}
    alike: dict[str, list[int]] = {}
    for number in np.unique(identity).tolist():
        alike.setdefault(identities[number].thing or f"{number}", []).append(number)
    for group in alike.values():
        if len(group) < 2:
            continue
        last = {one: int(run[identity == one].max()) for one in group}
        group.sort(key=lambda one: (one not in whole, -last[one], identities[one].label))
        pictures = {one: {contents[n] for n in np.unique(content[identity == one]).tolist()} for one in group}
        for first, *rest in _without_contradiction(group, pictures, bool(identities[group[0]].members)):
            stands[rest] = first
            if rest:
                others[first] = tuple(sorted(identities[one].label for one in rest))
    return stands, others


def _without_contradiction(
    group: Iterable[int], pictures: Mapping[int, set[Content]], sharing: bool
) -> list[list[int]]:
    """Return the identities in lists such that in none an id stands for two pictures."""
    found: list[tuple[list[int], set[Content]]] = []
    for one in group:
        for members, there in found:
            united = there | pictures[one]
            shared = not sharing or not there.isdisjoint(pictures[one])
            if shared and len({image for image, _ in united}) == len(united):
                members.append(one)
                there |= united
                break
        else:
            found.append(([one], set(pictures[one])))
    return [members for members, _ in found]


def wholes(
    identities: Sequence[Identity],
    contents: Sequence[Content],
    identity: Indices,
    content: Indices,
    run: Indices,
    others: Mapping[int, tuple[str, ...]],
) -> list[Whole]:
    """Return the sets of images that answers belong to.

    A picture that was replaced under its name makes another set: two such pictures are never on one board. A
    run on a part is of every set that has all its pictures.

    Parameters
    ----------
    identities, contents : sequence
        What `identity` and `content` are indices of.
    identity, content, run : ndarray of int64
        (answers,) of each answer; a run has a higher index than those before it.
    others : Mapping[int, tuple of str]
        Further labels of the same images, by identity.
    """
    shown = names(identities)
    found = []
    clashing = _clashing(identities, contents, identity, content)
    for number, one in enumerate(identities):
        if number not in clashing:
            more = others.get(number, ())
            found.append(Whole(label=one.label, name=shown[number], identity=number, others=more))
            continue
        members = np.flatnonzero(identity == number)
        order = members[np.argsort(run[members], kind="stable")]
        parts = _by_run(run[order].tolist(), [contents[place] for place in content[order].tolist()])
        separate = _united(parts.values())
        for whole, name in zip(separate, _names(separate), strict=True):
            found.append(
                Whole(
                    label=one.label,
                    name=_with(shown[number], name, apart=shown[number] != one.label),
                    identity=number,
                    others=others.get(number, ()),
                    content=frozenset(whole.items()),
                    runs=frozenset(run for (run, _), part in parts.items() if part.items() <= whole.items()),
                )
            )
    return found


def _with(shown: str, more: str, *, apart: bool) -> str:
    """Add to what stands in parentheses after a label, if anything does."""
    return f"{shown[:-1]}, {more})" if apart else f"{shown} ({more})"


def _clashing(
    identities: Sequence[Identity], contents: Sequence[Content], identity: Indices, content: Indices
) -> set[int]:
    """Return the identities in which one id of an image stands for several pictures."""
    pairs = np.unique(paired(identity, len(contents) or 1, content))
    seen: set[tuple[int, str]] = set()
    found = set()
    for pair in pairs.tolist():
        number, place = divmod(pair, len(contents))
        image = (number, contents[place][0])
        if image in seen:
            found.add(number)
        seen.add(image)
    return found


def _by_run(runs: Iterable[int], contents: Iterable[Content]) -> dict[tuple[int, int], dict[str, str]]:
    """Return the pictures of each run; one that was replaced while it went on makes another part."""
    parts: dict[tuple[int, int], dict[str, str]] = {}
    for run, (image, digest) in zip(runs, contents, strict=True):
        place = 0
        while parts.setdefault((run, place), {}).get(image, digest) != digest:
            place += 1
        parts[run, place][image] = digest
    return {key: parts[key] for key in sorted(parts)}


def _united(parts: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Return the largest sets that parts make without a contradiction, in the order of time."""
    found: list[dict[str, str]] = []
    for part in parts:
        fitting = [whole for whole in found if all(whole.get(id, is_) == is_ for id, is_ in part.items())]
        for whole in fitting:
            whole.update(part)
        if not fitting:
            found.append(dict(part))
    return found


def _names(separate: Sequence[dict[str, str]]) -> list[str]:
    """Return what tells the sets apart: the first picture of which there are several, with its digest."""
    digests: dict[str, set[str]] = {}
    for whole in separate:
        for image, digest in whole.items():
            digests.setdefault(image, set()).add(digest)
    several = sorted(image for image, found in digests.items() if len(found) > 1)
    found = []
    for whole in separate:
        told = [f"{image} {whole[image][:6]}" for image in several if image in whole]
        found.append(told[0] if told else digest_of(sorted(whole.items()))[:6])
    return [
        name if found.count(name) == 1 else f"{name}, {digest_of(sorted(whole.items()))[:6]}"
        for name, whole in zip(found, separate, strict=True)
    ]
