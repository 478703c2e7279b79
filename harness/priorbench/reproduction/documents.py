"""What a reproduction leaves behind: one JSON document for each experiment, read back for pages and lists."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from priorbench.errors import PriorbenchError
from priorbench.outputs import whole_file
from priorbench.reproduction.verdicts import Judged, Judgement, Verdict, bounds
from priorbench.words import one_line

SCHEMA = 1


class Part(BaseModel):
    """A quantity as it is written: bounds are None where there are none."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    unit: str = ""
    published: float | None = None
    low: float | None = None
    high: float | None = None
    allowed: str = ""
    found: tuple[float | None, ...] = ()
    mean: float | None = None
    interval: tuple[float, float] | None = None
    side: str = ""


class JudgedClaim(BaseModel):
    """A claim with its verdict, as it is written."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    statement: str
    place: str
    verdict: Verdict
    reason: str = ""
    basis: str = ""
    row: str = ""
    note: str = ""
    quantities: tuple[Part, ...]
    as_coded: tuple[Part, ...] = ()


class Listed(BaseModel):
    """A row of a checklist, as it is written."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: str
    name: str
    place: str
    command: str


class WrittenTable(BaseModel):
    """A table, as it is written."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str | float | int | None, ...], ...]


class Document(BaseModel):
    """What is known of one experiment after it was run; the file is called like the experiment."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_: int = SCHEMA
    experiment: str
    summary: str = ""
    citation: str = ""
    parameters: dict[str, Any] = {}
    size: str
    reduced: str = ""
    command: str = ""
    conditions: tuple[str, ...] = ()
    claims: tuple[JudgedClaim, ...]
    tables: tuple[WrittenTable, ...] = ()
    pictures: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    computations: tuple[str, ...] = ()
    environment: dict[str, Any] = {}
    version: str = ""
    finished_at: str = ""
    seconds: float = 0.0


def written_claim(judgement: Judgement) -> JudgedClaim:
    """Return a judged claim as it is written."""
    claim = judgement.claim
    return JudgedClaim(
        statement=claim.statement,
        place=claim.place,
        verdict=judgement.verdict,
        reason=judgement.reason,
        basis=claim.basis,
        row=claim.row,
        note=claim.note,
        quantities=tuple(map(_part, judgement.quantities)),
        as_coded=tuple(map(_part, judgement.as_coded)),
    )


def write(document: Document, extra: Mapping[str, Any], folder: Path) -> Path:
    """Write a document with the figure and the data of its experiment; return the file."""
    path = folder / f"{document.experiment}.json"
    whole = {**document.model_dump(mode="json", by_alias=True), **{k: plain(v) for k, v in extra.items()}}
    whole["schema"] = whole.pop("schema_")
    with whole_file(path) as file:
        file.write((json.dumps(whole, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode())
    return path


def read(path: Path) -> Document:
    """Return the document of a file; raise `PriorbenchError` where it is none."""
    try:
        data = json.loads(path.read_text("utf-8"))
        data["schema_"] = data.pop("schema")
        return Document.model_validate(data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
        raise PriorbenchError(f"{path}: not a result of 'priorbench reproduce': {one_line(error)}") from error


def read_all(folder: Path, names: Iterable[str], tell: Callable[[str], None]) -> dict[str, Document]:
    """Return the documents in a folder, by experiment; `names` come first and in their order.

    A JSON file of another kind is passed over; one that is called like an experiment is told.
    """
    known = list(names)
    found: dict[str, Document] = {}
    others = sorted(path.stem for path in folder.glob("*.json"))
    for name in dict.fromkeys([*known, *others]):
        path = folder / f"{name}.json"
        if not path.is_file():
            continue
        try:
            found[name] = read(path)
        except PriorbenchError as error:
            if name in known:
                tell(f"{error}: left out here")
    return found


def plain(value: Any) -> Any:
    """Return JSON values; a number that is not finite is null, a PNG file is base64."""
    if is_dataclass(value) and not isinstance(value, type):
        named = {item.name: plain(getattr(value, item.name)) for item in fields(value)}
        return {"kind": type(value).__name__.lower(), **named}
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(inner) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def _part(judged: Judged) -> Part:
    quantity = judged.quantity
    return Part(
        name=quantity.name,
        unit=quantity.unit,
        published=quantity.published,
        low=_finite(quantity.low),
        high=_finite(quantity.high),
        allowed=bounds(quantity),
        found=tuple(map(_finite, quantity.found)),
        mean=None if judged.mean is None else _finite(judged.mean),
        interval=judged.interval,
        side=judged.side,
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
