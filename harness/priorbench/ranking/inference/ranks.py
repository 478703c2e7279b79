"""Ranks of methods that can be told apart, and groups of those that cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from priorbench.ranking.boards import Apart, Difference
from priorbench.ranking.claims import Claims
from priorbench.ranking.inference.paired import Compared, Quality, compared, verdict
from priorbench.ranking.inference.statistics import zero_leaves

#: more groups than this tell nobody anything
_MOST_GROUPS = 52


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where a row stands among the ranked ones; see `Row`."""

    rank: int
    rank_worst: int
    tied: bool
    groups: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranks:
    """The ranking of a panel.

    Attributes
    ----------
    order : tuple of int
        rows, best first.
    standings : Mapping[int, Standing]
        by row.
    pairs : Mapping[tuple[int, int], Compared]
        every pair of ranked rows, one way round.
    claims : Claims
        when rows are told apart.
    """

    order: tuple[int, ...]
    standings: Mapping[int, Standing]
    pairs: Mapping[tuple[int, int], Compared]
    claims: Claims

    def against(self, row: int, other: int) -> tuple[float | None, int]:
        """Return the adjusted p of two rows, and 1 if `row` is shown to be better, -1 if worse, or 0."""
        turned = (row, other) not in self.pairs
        found = self.pairs[(other, row) if turned else (row, other)]
        p = None if found.difference is None else found.difference.p_adjusted
        return p, -found.better if turned else found.better


def ranks(quality: Quality, rows: Sequence[int], names: Sequence[str], claims: Claims) -> Ranks:
    """Rank rows by their paired differences, all pairs being one family.

    The chance that any pair of equals is told apart is about 1 - `claims.level`. A rank is an interval: at
    least 1 and the number of rows that are shown to be better. It holds for all rows at once as often, and
    another row on the board changes it by that row alone, as far as pairs stay told apart.

    References
    ----------
    M. Mogstad, J. P. Romano, A. M. Shaikh and D. Wilhelm, Inference for Ranks with Applications to Mobility
    across Neighbourhoods and Academic Achievement across Countries, Review of Economic Studies 91 (2024).
    """
    couples = list(combinations(rows, 2))
    return ranked_by(dict(zip(couples, compared(quality, couples, claims), strict=True)), rows, names, claims)


def ranked_by(
    pairs: Mapping[tuple[int, int], Compared], rows: Sequence[int], names: Sequence[str], claims: Claims
) -> Ranks:
    """Rank rows of which every pair was compared, one way round; see `ranks`."""
    order = _ordered(rows, pairs, names)
    better: dict[int, set[int]] = {row: set() for row in rows}
    worse: dict[int, set[int]] = {row: set() for row in rows}
    for (first, second), found in pairs.items():
        if found.better:
            winner, loser = (first, second) if found.better > 0 else (second, first)
            better[loser].add(winner)
            worse[winner].add(loser)
    apart = {row: better[row] | worse[row] for row in rows}
    groups = _groups(order, apart)
    standings = {
        row: Standing(
            rank=1 + len(better[row]),
            rank_worst=len(rows) - len(worse[row]),
            tied=len(apart[row]) < len(rows) - 1,
            groups=tuple(number for number, group in enumerate(groups) if row in group),
        )
        for row in rows
    }
    return Ranks(order=order, standings=standings, pairs=pairs, claims=claims)


def told_apart(found: Ranks, names: Sequence[str]) -> tuple[Apart, ...]:
    """Return the pairs that are told apart, by these names of all rows, in the order of the ranking."""
    place = {row: number for number, row in enumerate(found.order)}
    pairs = []
    for (first, second), pair in found.pairs.items():
        if pair.better:
            winner, loser = (first, second) if pair.better > 0 else (second, first)
            pairs.append((place[winner], place[loser], _error_rate(pair, found.claims.level)))
    ranked = [names[row] for row in found.order]
    return tuple(Apart(better=ranked[a], worse=ranked[b], p=p) for a, b, p in sorted(pairs))


def _error_rate(pair: Compared, level: float) -> float:
    """Return the smallest error rate at which a pair is still told apart; see `paired.compared`."""
    told = pair.difference
    if told is None or told.interval is None:
        return pair.adjusted
    return max(pair.adjusted, zero_leaves(told.mean, told.interval, told.images, level))


def differences(quality: Quality, reference: int, found: Ranks, *, fixed: bool) -> dict[int, Difference]:
    """Return the difference to the reference of every row that shares an image with it.

    A reference that was fixed beforehand makes a family of the ranked rows' differences to it. One that was
    picked for being the best does not: then what is said of the pair is what the ranks say. Rows that are not
    ranked are in no family, so that they do not change what is said of the others.
    """
    every = [row for row in range(len(quality.psnr)) if row != reference]
    ranked = [row for row in every if row in found.standings]
    known: dict[int, Difference] = {}
    for rows in (ranked, [row for row in every if row not in found.standings]):
        pairs = compared(quality, [(row, reference) for row in rows], found.claims)
        for row, pair in zip(rows, pairs, strict=True):
            if pair.difference is None:
                continue
            p, better = pair.difference.p_adjusted, pair.better
            if row not in found.standings:
                p, better = None, 0
            elif not fixed:
                p, better = found.against(row, reference)
            told = verdict(pair.difference, better, found.claims)
            known[row] = replace(pair.difference, p_adjusted=p, verdict=told)
    return known


def _ordered(
    rows: Sequence[int], pairs: Mapping[tuple[int, int], Compared], names: Sequence[str]
) -> tuple[int, ...]:
    """Sort rows by how many others they are ahead of, then by how far, then by name.

    With the same images everywhere that is the order of the means.
    """
    ahead, far = dict.fromkeys(rows, 0.0), dict.fromkeys(rows, 0.0)
    for couple, found in pairs.items():
        for row, sign in zip(couple, (1, -1), strict=True):
            ahead[row] += (sign * found.total > 0) + 0.5 * (found.total == 0)
            far[row] += sign * found.total
    return tuple(sorted(rows, key=lambda row: (-ahead[row], -far[row], names[row])))


def _groups(order: Sequence[int], apart: Mapping[int, set[int]]) -> list[frozenset[int]]:
    """Return the largest sets of rows none of which are told apart, that of the best row first.

    References
    ----------
    H.-P. Piepho, An algorithm for a letter-based representation of all-pairwise comparisons, Journal of
    Computational and Graphical Statistics 13 (2004): insert and absorb.
    """
    groups = [frozenset(order)]
    for row, other in combinations(order, 2):
        if other not in apart[row]:
            continue
        split = [group - {one} for group in groups if {row, other} <= group for one in (row, other)]
        whole = [group for group in groups if not {row, other} <= group]
        groups = whole + [
            part
            for number, part in enumerate(split)
            if not any(part <= group for group in whole)
            and not any(part < rest or (part == rest and place < number) for place, rest in enumerate(split))
        ]
        if len(groups) > _MOST_GROUPS:
            return []
    place = {row: number for number, row in enumerate(order)}
    return sorted(groups, key=lambda group: sorted(place[row] for row in group))
