"""Makes the boards of rules: one for each protocol, image set, noise and operator."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from priorbench.contract.records import Record
from priorbench.errors import PriorbenchError, UnknownNameError
from priorbench.ranking.claims import CLAIMS, Claims
from priorbench.ranking.filters import EVERYTHING, Filter, wanted_panels
from priorbench.ranking.inference.cautions import ended_by_themselves
from priorbench.ranking.inference.paired import Quality
from priorbench.ranking.inference.statistics import caveats
from priorbench.ranking.measured import Measured
from priorbench.ranking.panels import Panel
from priorbench.ranking.rules.boards import RuleRow, RulesBoard
from priorbench.ranking.rules.gaps import Gaps
from priorbench.ranking.rules.groups import Group, Shown, grouped, shown_rule
from priorbench.ranking.rules.paired import Against, against_best, against_rule
from priorbench.store.scores import Scores, scores_of

#: dB; a rule that loses more than this has failed on an image
GAP = 1.0


def rules_boards(
    source: Scores | Iterable[Record],
    *,
    against: str | None = None,
    gap: float = GAP,
    only: Filter = EVERYTHING,
    claims: Claims = CLAIMS,
) -> list[RulesBoard]:
    """Compare the stopping rules of every method in a store, by what they leave of what was there.

    What is on one board is what a leaderboard has on one (`priorbench.ranking.leaderboard`): unlike image
    sets, noises, operators, salts and protocols never share one, nor do unlike versions share a row.

    Parameters
    ----------
    source : Scores or Iterable[Record]
        `Store.scores`; or records, each asked for by its own names.
    against : str or None, optional
        label of the rule that the others of each method are compared with, chosen before the results were
        seen. Default is the best of each method that is no oracle.
    gap : float, default 1.0
        a larger gap is a failure, in dB.
    only : Filter, optional
        the settings whose boards are wanted, and of which time.
    claims : Claims, optional
        when rules are told apart.

    Returns
    -------
    list[RulesBoard]
        Without those on which no method has a stopping rule.

    Raises
    ------
    UnknownNameError
        If no board has that rule, image set, noise or operator.
    PriorbenchError
        If the gap is no size.
    """
    if not 0 <= gap < math.inf:
        raise PriorbenchError(f"gap {gap:g}: it is a difference in dB, 0 or more, such as 1")
    scores = source if isinstance(source, Scores) else scores_of(source)
    found = list(wanted_panels(scores, only))
    if against is not None:
        known = {name for panel in found for names in _names(panel) for name in names}
        if against not in known:
            raise UnknownNameError("stopping rule in the store", against, known)
    return [
        _board(panel, against, gap, claims)
        for panel in found
        if any(request.stopping is not None for request in panel.requests)
    ]


def _names(panel: Panel) -> list[set[str]]:
    """Return by which names the rule of each row may be called; none for a method without one."""
    rules = (request.stopping for request in panel.requests)
    return [set() if rule is None else {rule.label, shown_rule(rule).label} for rule in rules]


def _board(whole: Panel, against: str | None, gap: float, claims: Claims) -> RulesBoard:
    panel, groups = grouped(whole)
    shown = [shown_rule(request.stopping) for request in panel.requests if request.stopping is not None]
    measured = Measured(panel)
    quality = Quality(panel=panel, psnr=measured.psnr, exact=measured.exact)
    if against is None:
        compared = against_best(quality, groups, [one.label for one in shown], claims)
    else:
        references = [_named(_names(panel), shown, group, against) for group in groups]
        compared = against_rule(quality, groups, references, claims)
    rows = _rows(panel, measured, groups, shown, gap)
    ordered: list[RuleRow] = []
    for group, found in zip(groups, compared, strict=True):
        ordered += sorted((_compared(rows[row], row, found, shown) for row in group.rows), key=_order)
    there = panel.by_image((np.isfinite(measured.psnr) | measured.exact).astype(np.float64)) > 0
    return RulesBoard(
        protocol=panel.protocol,
        setting=panel.setting,
        labels=panel.labels,
        images=int(there.any(axis=0).sum()),
        gap=gap,
        against=against,
        claims=claims,
        rows=tuple(ordered),
        notes=(
            *panel.notes,
            *ended_by_themselves(panel),
            *_notes(groups, compared, against),
            *_caveats(groups, compared, claims),
        ),
    )


def _rows(
    panel: Panel, measured: Measured, groups: Sequence[Group], shown: Sequence[Shown], gap: float
) -> dict[int, RuleRow]:
    """Return the row of each rule by its number in the panel, not compared yet."""
    columns = Gaps(panel, measured, groups, shown).columns(gap)
    plain = measured.rows([None] * len(panel.places))
    found = {}
    for group in groups:
        for row, unranked in zip(group.rows, group.unranked, strict=True):
            one, stopping = plain[row], panel.requests[row].stopping
            found[row] = RuleRow(
                method=" @".join([one.denoiser, *one.conditions]),
                denoiser=one.denoiser,
                device=one.device,
                threads=one.threads,
                conditions=one.conditions,
                stopping_rule=shown[row].label,
                rule="" if stopping is None else stopping.name,
                average=shown[row].average,
                stop_now=shown[row].stop_now,
                oracle=panel.entries[row].oracle,
                trained_on=one.trained_on,
                unranked=unranked,
                images=one.images,
                psnr=one.psnr,
                infinite=one.infinite,
                tainted=one.tainted,
                failures=one.failures,
                settings=one.settings,
                **{name: column[row] for name, column in columns.items()},
            )
    return found


def _named(names: Sequence[set[str]], shown: Sequence[Shown], group: Group, wanted: str) -> int | None:
    """Return the row of a method whose rule is called so; one that is shown so comes first."""
    found = [row for row in group.rows if wanted in names[row]]
    return min(found, key=lambda row: (shown[row].label != wanted, row), default=None)


def _compared(row: RuleRow, number: int, found: Against, shown: Sequence[Shown]) -> RuleRow:
    return replace(
        row,
        against=None if found.row is None else shown[found.row].label,
        difference=found.differences.get(number),
    )


def _order(row: RuleRow) -> tuple[bool, bool, bool, float, str]:
    """Sort the rules of a method: those that are compared, those whose gap is too small, oracles."""
    gap = math.inf if row.gap_median is None else row.gap_median
    return row.oracle, bool(row.unranked), bool(row.short_bound), gap, row.stopping_rule


def _notes(groups: Sequence[Group], compared: Sequence[Against], against: str | None) -> list[str]:
    notes = [
        f"{group.name}: its rules are compared over {group.left_out}" for group in groups if group.left_out
    ]
    names = Counter(group.name for group in groups)
    notes += [
        f"{name}: rules that were run with unlike parameters of the method are not compared with each other"
        for name, count in names.items()
        if count > 1
    ]
    if against is not None:
        without = [group.name for group, found in zip(groups, compared, strict=True) if found.row is None]
        notes += [f"{name} was not run under {against}: its rules are not compared" for name in without]
    return notes


def _caveats(groups: Sequence[Group], compared: Sequence[Against], claims: Claims) -> list[str]:
    """Return what must be known of comparisons over so many images, once for each number of them."""
    sizes = {group.images for group, found in zip(groups, compared, strict=True) if found.differences}
    return [line for size in sorted(sizes) for line in caveats(size, claims, what="rules")]
