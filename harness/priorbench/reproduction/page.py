"""One web page of what was reproduced in a folder: figures, claims beside published numbers, verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import jinja2

from priorbench.outputs import whole_file
from priorbench.reproduction.checklist import Line
from priorbench.reproduction.documents import Document, Part
from priorbench.reproduction.verdicts import Verdict, shown
from priorbench.words import number, plural

#: for the style sheet
_CLASSES = {
    Verdict.HOLDS: "holds",
    Verdict.FAILS: "fails",
    Verdict.AS_CODED: "coded",
    Verdict.TOO_SMALL: "open",
}
#: of several claims; the value of a verdict is of one
_OF_SEVERAL = {
    Verdict.HOLDS: "hold",
    Verdict.FAILS: "do not hold",
    Verdict.AS_CODED: "hold only as coded",
    Verdict.TOO_SMALL: Verdict.TOO_SMALL.value,
}


def write_page(documents: Mapping[str, Document], rows: Sequence[Line], folder: Path) -> Path:
    """Write ``index.html``; it needs no network, and the pictures beside it."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("priorbench.reproduction"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    page = environment.get_template("index.html").render(
        documents=list(documents.values()),
        counts=counts(documents.values()),
        papers=_papers(documents.values()),
        rows=rows,
        classes=_CLASSES,
        ours=ours,
        published=published,
        duration=duration,
        picture=_picture,
    )
    path = folder / "index.html"
    with whole_file(path) as file:
        file.write(page.encode())
    return path


def counts(documents: Iterable[Document]) -> dict[Verdict, int]:
    """Return how many claims have each verdict."""
    found = dict.fromkeys(Verdict, 0)
    for document in documents:
        for claim in document.claims:
            found[claim.verdict] += 1
    return found


def ours(part: Part) -> str:
    """Return what was found: the mean with its interval, or the value."""
    if part.mean is None:
        return "nothing finite" if part.found else "not measured"
    text = f"{shown(part.mean)} {part.unit}".strip()
    if part.interval is None:
        return text
    low, high = part.interval
    return f"{text} [{shown(low)}, {shown(high)}], {len(part.found)} values"


def published(part: Part) -> str:
    """Return the paper's number, or what the claim allows."""
    if part.published is None:
        return f"{part.allowed} {part.unit}".strip()
    return f"{shown(part.published)} {part.unit}".strip()


def duration(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < 90:
        return f"{number(seconds, 0)} s"
    if seconds < 5400:
        return f"{number(seconds / 60, 0)} min"
    return f"{number(seconds / 3600, 1)} h"


def _picture(document: Document) -> str:
    """Return the file that a page shows, the sharpest one."""
    return next((name for name in document.pictures if name.endswith(".svg")), "")


def _papers(documents: Iterable[Document]) -> list[str]:
    return list(dict.fromkeys(one.citation for one in documents if one.citation))


def summary(documents: Mapping[str, Document]) -> str:
    """Return one line: how many claims have which verdict."""
    found = counts(documents.values())
    told = [f"{n} {verdict.value if n == 1 else _OF_SEVERAL[verdict]}" for verdict, n in found.items() if n]
    return f"{plural(sum(found.values()), 'claim')}: {', '.join(told) or 'none'}"
