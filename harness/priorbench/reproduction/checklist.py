"""The checklists of papers: each of their systems with its command, the numbers, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from priorbench.experiments.work import Row
from priorbench.reproduction.choosing import Chosen
from priorbench.reproduction.documents import Document, JudgedClaim, Part
from priorbench.reproduction.verdicts import shown

NOT_RUN = "not run"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One row with what is known of it.

    Attributes
    ----------
    experiment : str
        whose row it is.
    row : Row
        the row.
    published, ours : str
        numbers, with units; empty where there are none.
    verdict : str
        of its claims: the worst of them, with how many there are; `NOT_RUN` before its experiment was run.
    """

    experiment: str
    row: Row
    published: str
    ours: str
    verdict: str


def lines(experiments: Sequence[Chosen], documents: Mapping[str, Document]) -> list[Line]:
    """Return the rows of all experiments in the order of their numbers.

    Claims of any experiment of the same paper may refer to a row: the paper is what stands before the first
    hyphen of the experiment's name.
    """
    found = [
        _line(one.name, row, _claims(documents, one.name, row))
        for one in experiments
        for row in getattr(one.experiment, "rows", ())
    ]
    return sorted(found, key=lambda line: _order(line.row.number))


def _order(number: str) -> tuple[str, int]:
    """Return what rows are sorted by: 2 before 10, and both before A1."""
    letters = number.rstrip("0123456789")
    return letters, int(number[len(letters) :] or 0)


def _claims(documents: Mapping[str, Document], experiment: str, row: Row) -> list[JudgedClaim]:
    paper = experiment.partition("-")[0]
    return [
        claim
        for name, document in documents.items()
        if name.partition("-")[0] == paper
        for claim in document.claims
        if claim.row == row.number
    ]


def _line(experiment: str, row: Row, claims: Sequence[JudgedClaim]) -> Line:
    parts = [part for claim in claims for part in claim.quantities]
    counts: dict[str, int] = {}
    for claim in claims:
        counts[claim.verdict] = counts.get(claim.verdict, 0) + 1
    told = ", ".join(
        verdict if number == len(claims) else f"{number} {verdict}" for verdict, number in counts.items()
    )
    return Line(
        experiment=experiment,
        row=row,
        published=_first(parts, published=True),
        ours=_first(parts, published=False),
        verdict=told or NOT_RUN,
    )


def _first(parts: Sequence[Part], *, published: bool) -> str:
    """Return up to three numbers of a row's quantities."""
    told = []
    for part in parts:
        if published:
            value = part.allowed if part.published is None else shown(part.published)
        elif part.mean is None:
            continue
        else:
            value = shown(part.mean)
        told.append(f"{value} {part.unit}".strip())
    more = "; ..." if len(told) > 3 else ""
    return "; ".join(told[:3]) + more
