"""Compares the rules of each method image by image; all comparisons of a board are one family."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from priorbench.ranking.boards import Difference
from priorbench.ranking.claims import Claims
from priorbench.ranking.inference.paired import Compared, Quality, compared, verdict
from priorbench.ranking.inference.ranks import Ranks, ranked_by
from priorbench.ranking.rules.groups import Group

_NOTHING = Compared(difference=None, total=0.0, better=0, adjusted=1.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Against:
    """What the rules of a method are compared with, and how they differ from it.

    Attributes
    ----------
    row : int or None
        None where no row can be compared with.
    differences : Mapping[int, Difference]
        by row.
    """

    row: int | None
    differences: Mapping[int, Difference]


def against_best(
    quality: Quality, groups: Sequence[Group], names: Sequence[str], claims: Claims
) -> list[Against]:
    """Compare the rules of each method with the best of them that is no oracle.

    The best is picked because it is the best. So what is said of a rule and the best is what the test of all
    pairs of rules of the same method, on the whole board, says of that pair.
    """
    couples = [pair for group in groups for pair in combinations(group.ranked, 2)]
    pairs = dict(zip(couples, compared(quality, couples, claims), strict=True)) if couples else {}
    standings = [
        ranked_by({pair: pairs[pair] for pair in combinations(group.ranked, 2)}, group.ranked, names, claims)
        for group in groups
    ]
    best = [found.order[0] if found.order else None for found in standings]
    shown = dict(_differences(quality, groups, best, claims))
    return [
        Against(
            row=row,
            differences={
                own: _told(difference, *_of_pair(found, own, row), claims)
                for own in group.rows
                if row is not None and (difference := shown.get(own, _NOTHING).difference) is not None
            },
        )
        for group, row, found in zip(groups, best, standings, strict=True)
    ]


def against_rule(
    quality: Quality, groups: Sequence[Group], references: Sequence[int | None], claims: Claims
) -> list[Against]:
    """Compare the rules of each method with one that was named; None where the method lacks it.

    Comparisons with it, of all methods on the board, are one family. Rows that are not ranked are in none.
    """
    ranked = {row for group in groups for row in group.ranked}
    shown = dict(_differences(quality, groups, references, claims))
    return [
        Against(
            row=row,
            differences={
                own: _told(difference, *_of_family(shown[own], own in ranked), claims)
                for own in group.rows
                if (difference := shown.get(own, _NOTHING).difference) is not None
            },
        )
        for group, row in zip(groups, references, strict=True)
    ]


def _differences(
    quality: Quality, groups: Sequence[Group], references: Sequence[int | None], claims: Claims
) -> Iterator[tuple[int, Compared]]:
    """Yield every row and how it differs from its method's reference; ranked rows are one family."""
    pairs = [
        (row, reference, row in group.ranked)
        for group, reference in zip(groups, references, strict=True)
        for row in group.rows
        if reference is not None and row != reference
    ]
    for family in (True, False):
        own = [(row, reference) for row, reference, ranked in pairs if ranked is family]
        if own:
            found = zip(own, compared(quality, own, claims), strict=True)
            yield from ((row, one) for (row, _), one in found)


def _of_pair(found: Ranks, row: int, best: int) -> tuple[float | None, int]:
    """Return what the test of all pairs says of two rows: the adjusted p, and which is better."""
    return found.against(row, best) if row in found.standings else (None, 0)


def _of_family(found: Compared, ranked: bool) -> tuple[float | None, int]:
    return (found.adjusted, found.better) if ranked else (None, 0)


def _told(difference: Difference, p: float | None, better: int, claims: Claims) -> Difference:
    return replace(difference, p_adjusted=p, verdict=verdict(difference, better, claims))
