"""The verdicts of a folder as Markdown, by verdict: for who reads results where no page is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from priorbench.outputs import whole_file
from priorbench.reproduction.documents import Document, JudgedClaim, Part
from priorbench.reproduction.page import duration, ours, published
from priorbench.reproduction.verdicts import Verdict

#: what has to be read first stands first
_ORDER = (Verdict.FAILS, Verdict.AS_CODED, Verdict.HOLDS, Verdict.TOO_SMALL)
#: numbers of one claim that are shown; the page and the documents have all
_MOST = 4


def write_markdown(documents: Mapping[str, Document], folder: Path) -> Path:
    """Write ``summary.md``: every claim with its numbers under its verdict, and the commands."""
    path = folder / "summary.md"
    with whole_file(path) as file:
        file.write(("\n".join(_lines(documents)) + "\n").encode())
    return path


def _lines(documents: Mapping[str, Document]) -> Iterator[str]:
    yield "# Claims, by verdict\n"
    yield "Made by `priorbench reproduce`. [All numbers, with figures](index.html).\n"
    for verdict in _ORDER:
        found = [
            (document, claim)
            for document in documents.values()
            for claim in document.claims
            if claim.verdict is verdict
        ]
        if found:
            yield f"## {verdict.value[0].upper()}{verdict.value[1:]} ({len(found)})\n"
            yield "| claim | published, or allowed | ours | experiment |"
            yield "| --- | --- | --- | --- |"
            yield from (_row(document, claim) for document, claim in found)
            yield ""
    yield "## Runs\n"
    yield "| experiment | size | took | command |"
    yield "| --- | --- | --- | --- |"
    for name, document in documents.items():
        size, command = _cell(document.reduced or "as in the paper"), _cell(document.command)
        yield f"| [{name}]({name}.json) | {size} | {duration(document.seconds)} | `{command}` |"


def _row(document: Document, claim: JudgedClaim) -> str:
    parts = [(part, " (as the text says)" if claim.as_coded else "") for part in claim.quantities]
    parts += [(part, " (as coded)") for part in claim.as_coded]
    more = f"<br>and {len(parts) - _MOST} more" if len(parts) > _MOST else ""
    stated = "<br>".join(_said(part) for part, _ in parts[:_MOST])
    found = "<br>".join(f"{_cell(part.name)}{which}: {ours(part)}" for part, which in parts[:_MOST])
    reason = f"; {claim.reason}" if claim.reason else ""
    statement = f"{_cell(claim.statement)} ({_cell(claim.place)}{_cell(reason)})"
    return f"| {statement} | {stated} | {found}{more} | {document.experiment} |"


def _said(part: Part) -> str:
    return part.allowed if part.published is None else f"{published(part)} ({part.allowed})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
