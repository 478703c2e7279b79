"""What a terminal says of an experiment's claims."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench.reproduction.documents import Document, JudgedClaim, Part
from priorbench.reproduction.page import ours, published


def claim_lines(document: Document) -> Iterator[str]:
    """Yield the lines of an experiment: its name and size, then each claim with its numbers."""
    told = f" ({document.reduced})" if document.reduced else ""
    yield f"{document.experiment}, {document.size}{told}"
    for claim in document.claims:
        yield from _lines(claim)


def _lines(claim: JudgedClaim) -> Iterator[str]:
    reason = f": {claim.reason}" if claim.reason else ""
    yield f"  {claim.verdict.value}{reason}"
    yield f"    {claim.statement} ({claim.place})"
    for part in claim.quantities:
        yield _numbers(part, "as the text says" if claim.as_coded else "")
    for part in claim.as_coded:
        yield _numbers(part, "as coded")


def _numbers(part: Part, variant: str) -> str:
    said = f"published {published(part)}; " if part.published is not None else ""
    which = f" ({variant})" if variant else ""
    return f"      {part.name}{which}: {ours(part)}; {said}allowed {part.allowed}"
