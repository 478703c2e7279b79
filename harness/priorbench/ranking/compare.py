"""Compares two methods of a store, or two stores, and explains refused comparisons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from priorbench.errors import PriorbenchError
from priorbench.ranking.answers import answers
from priorbench.ranking.boards import Difference, Setting
from priorbench.ranking.claims import CLAIMS, Claims
from priorbench.ranking.compare_rows import Comparison, Environments, RefusedError, Versus
from priorbench.ranking.filters import EVERYTHING, Filter, chosen
from priorbench.ranking.inference.paired import verdict
from priorbench.ranking.inference.statistics import caveats, holm
from priorbench.ranking.names import Place, find_place, row_names
from priorbench.ranking.newest import PREVIOUS, versions_apart, with_previous
from priorbench.ranking.pairs import Pair, joined, matched
from priorbench.ranking.panels import Panel, panels, panels_of
from priorbench.store.scores import Scores
from priorbench.words import few


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Two rows that were not compared in one setting, and why."""

    rows: str
    setting: Setting
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparisons:
    """The comparisons of a request, what was refused, and what else was left out."""

    comparisons: tuple[Comparison, ...]
    refused: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()


def compare_methods(
    scores: Scores,
    a: str,
    b: str,
    *,
    only: Filter = EVERYTHING,
    environments: Environments | None = None,
    claims: Claims = CLAIMS,
) -> Comparisons:
    """Compare two methods of a store wherever both ran.

    Parameters
    ----------
    scores : Scores
        of the store.
    a, b : str
        ``label``, or ``label@rule`` and so on where a label has several rows. ``label@previous`` is what the
        label stood for before its code or its parameters were changed last.
    only : Filter, optional
        the settings that are wanted.
    environments : Mapping[str, Mapping[str, Any]] or None, optional
        by fingerprint, to say how the conditions of two timings differ.
    claims : Claims, optional
        when methods are told apart.

    Raises
    ------
    PriorbenchError
        If a name is unknown or ambiguous, or nothing can be compared; the message says why.
    """
    every = answers(scores, only.when)
    if PREVIOUS in a or PREVIOUS in b:
        every = with_previous(every)
    found = list(chosen(panels_of(every, same_noise=False, former=True), only))
    oracle = {
        place: entry.oracle
        for panel in found
        for place, entry in zip(panel.places, panel.entries, strict=True)
    }
    oracles = [place for place, is_oracle in oracle.items() if is_oracle]
    first, second = (find_place(name, oracle, oracles) for name in (a, b))
    if first == second:
        raise PriorbenchError(f"'{a}' and '{b}' are the same row: name two methods")
    names = row_names(oracle)
    one, two = names[first], names[second]
    pair = Pair(a=first, b=second, name_a=one, name_b=two, called_a=one, called_b=two)
    compared = _compared(found, [pair], environments or {}, claims)
    settings = {comparison.setting for comparison in compared.comparisons}
    return replace(compared, notes=tuple(versions_apart(every, settings, *_in_time(first, second))))


def _in_time(first: Place, second: Place) -> tuple[Place, Place]:
    """Return two rows, that of a previous version first."""
    return (second, first) if second.label.endswith(PREVIOUS) else (first, second)


def compare_stores(
    first: Scores,
    second: Scores,
    *,
    only: Filter = EVERYTHING,
    environments: Environments | None = None,
    claims: Claims = CLAIMS,
) -> Comparisons:
    """Compare every method that two stores share, the first store's records with the second's.

    A row of one store is paired with the row of the same label and stopping rule in the other. Parameters
    and errors are those of `compare_methods`.
    """
    found = list(chosen(panels(joined(first, second), when=only.when, same_noise=False), only))
    pairs, alone = matched({place for panel in found for place in panel.places})
    if not pairs:
        raise PriorbenchError("; ".join(["the stores share no method of the same label and rule", *alone]))
    return replace(_compared(found, pairs, environments or {}, claims), notes=tuple(alone))


def _compared(
    found: Sequence[Panel], pairs: Sequence[Pair], environments: Environments, claims: Claims
) -> Comparisons:
    """Compare all pairs on all panels, and correct the p values of this family.

    Raises
    ------
    PriorbenchError
        If all were refused.
    """
    comparisons: list[Comparison] = []
    refused: list[Refusal] = []
    for panel in found:
        versus = Versus(panel, claims)
        for pair in pairs:
            if {pair.a, pair.b} <= set(panel.places):
                try:
                    comparisons.append(versus.compare(pair, environments))
                except RefusedError as reason:
                    refused.append(_refusal(pair, panel.setting, str(reason)))
    for pair in pairs:
        refused += _apart(found, pair)
    if not comparisons:
        raise PriorbenchError("\n".join(refusal_lines(refused)))
    corrected = holm([one.difference.p for one in comparisons])
    return Comparisons(
        comparisons=tuple(
            replace(
                one,
                difference=_adjusted(one.difference, p, claims),
                notes=(*one.notes, *_caveats(comparisons, number, claims)),
            )
            for number, (one, p) in enumerate(zip(comparisons, corrected, strict=True))
        ),
        refused=tuple(refused),
    )


def _caveats(comparisons: Sequence[Comparison], number: int, claims: Claims) -> list[str]:
    """Return what must be known of a comparison over its images, corrected as its p is."""
    one = comparisons[number]
    others = [other.tested for place, other in enumerate(comparisons) if place != number]
    return caveats(one.tested, claims, others, with_psnr=one.difference.images)


def _adjusted(difference: Difference, p: float, claims: Claims) -> Difference:
    """Return a difference with its adjusted p, and what may still be claimed."""
    apart = difference.verdict in ("better", "worse") and p <= claims.error
    told = difference.verdict if apart else verdict(difference, 0, claims)
    return replace(difference, p_adjusted=p, verdict=told)


def _apart(found: Sequence[Panel], pair: Pair) -> list[Refusal]:
    """Say where only one of a pair ran."""
    protocols = [
        {
            panel.setting: panel.protocol
            for panel in found
            if row in panel.places and other not in panel.places
        }
        for row, other in ((pair.a, pair.b), (pair.b, pair.a))
    ]
    refusals = []
    for setting in sorted(protocols[0].keys() | protocols[1].keys()):
        a, b = (side.get(setting) for side in protocols)
        if a is not None and b is not None:
            reason = (
                f"{pair.called_a} has protocol {a}, {pair.called_b} protocol {b}: they are never compared"
            )
        else:
            side, called = (1, pair.called_b) if a is None else (0, pair.called_a)
            reason = _unlike_salt(pair, setting, protocols, side) or f"only {called} has records"
        refusals.append(_refusal(pair, setting, reason))
    return refusals


def _unlike_salt(pair: Pair, setting: Setting, alone: Sequence[Iterable[Setting]], side: int) -> str:
    """Say that the other of a pair ran in this setting too, with noise of another salt, if it did."""
    called = (pair.called_a, pair.called_b)
    salts = sorted(other.salt for other in alone[1 - side] if _differ_in_salt_alone(other, setting))
    if not salts:
        return ""
    other = " and ".join(map(_salted, salts))
    return f"the noise differs: {called[side]} ran {_salted(setting.salt)}, {called[1 - side]} {other}"


def _differ_in_salt_alone(one: Setting, other: Setting) -> bool:
    return one != other and replace(one, salt="") == replace(other, salt="")


def _salted(salt: str) -> str:
    return f"with salt {salt}" if salt else "without a salt"


def _refusal(pair: Pair, setting: Setting, reason: str) -> Refusal:
    rows = pair.name_a if pair.name_a == pair.name_b else f"{pair.name_a} and {pair.name_b}"
    return Refusal(rows=rows, setting=setting, reason=reason)


def refusal_lines(refused: Sequence[Refusal]) -> list[str]:
    """Return one line for each reason: of which rows, why, and where."""
    reasons: dict[str, list[Refusal]] = {}
    for refusal in refused:
        reasons.setdefault(refusal.reason, []).append(refusal)
    return [
        f"{few(one.rows for one in members)} not compared on "
        f"{few(str(one.setting) for one in members)}: {reason}"
        for reason, members in reasons.items()
    ]
