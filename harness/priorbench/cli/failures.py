"""``priorbench failures``: which trials failed, why, and what they printed last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from priorbench.cli.common.output import Format, print_json, say
from priorbench.cli.common.store_options import DenoisersOption, StoreOption
from priorbench.cli.common.stores import reading

if TYPE_CHECKING:
    from priorbench.store.asked import Asked


@dataclass(kw_only=True, slots=True)
class _Kind:
    """What failed in one way: the method by its labels, status, reason, where, and what was printed."""

    method: str
    status: str
    error: str
    printed: str
    where: list[str] = field(default_factory=list)


def failures(
    store: StoreOption = None,
    denoiser: DenoisersOption = None,
    status: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STATUS",
            help="Only error, timeout, crashed, out-of-memory, invalid-output or refused; may be repeated.",
        ),
    ] = None,
    format: Annotated[Format, typer.Option(help="For people or for scripts.")] = Format.TABLE,
) -> None:
    """Tell of all that failed: the reason, the pictures, and the last lines of the traceback."""
    _check(status or ())
    with reading(store) as source:
        asked = source.asked()
        labels = {} if asked is None else _labels(asked)
        failed = (one for one in source.documents(curves=False) if one.get("status", "ok") != "ok")
        wanted = (one for one in failed if not status or one["status"] in status)
        kinds = list(_kinds(wanted, labels, denoiser or ()))
    if format is Format.JSON:
        print_json([_plain(kind) for kind in kinds])
        return
    for kind in kinds:
        _print(kind)
    if not kinds:
        say("nothing failed")


def _check(wanted: Iterable[str]) -> None:
    from priorbench.contract.records import STATUSES
    from priorbench.errors import UnknownNameError

    known = [status for status in STATUSES if status != "ok"]
    for status in wanted:
        if status not in known:
            raise UnknownNameError("status of a failure", status, known)


def _labels(asked: Asked) -> dict[str, list[str]]:
    """Return all that methods were called for which there are records, by key: label, or label@rule."""
    names = [
        one.denoiser.label if one.stopping is None else f"{one.denoiser.label}@{one.stopping.label}"
        for one in asked.requests
    ]
    found: dict[str, set[str]] = {}
    for key, number in zip(asked.key, asked.request.tolist(), strict=True):
        found.setdefault(key, set()).add(names[number])
    return {key: sorted(own) for key, own in found.items()}


def _kinds(
    failed: Iterable[Mapping[str, Any]], labels: Mapping[str, Sequence[str]], methods: Iterable[str]
) -> Iterator[_Kind]:
    """Yield the kinds of failures, the most frequent first."""
    from fnmatch import fnmatchcase

    methods = list(methods)
    kinds: dict[tuple[str, str, str], _Kind] = {}
    for one in failed:
        own = labels.get(one["key"]) or [one["denoiser"]]
        method = ", ".join(own)
        names = (*own, *(name.partition("@")[0] for name in own), one["denoiser"])
        if methods and not any(fnmatchcase(name, wanted) for name in names for wanted in methods):
            continue
        error = one.get("error") or "no reason was recorded"
        kind = kinds.setdefault(
            (method, one["status"], error),
            _Kind(method=method, status=one["status"], error=error, printed=one.get("printed") or ""),
        )
        kind.where.append(f"{one['image_set']}/{one['image']}, {one['noise']}")
    yield from sorted(kinds.values(), key=lambda kind: (-len(kind.where), kind.method, kind.status))


def _plain(kind: _Kind) -> dict[str, Any]:
    return {
        "method": kind.method,
        "status": kind.status,
        "error": kind.error,
        "printed": kind.printed.splitlines(),
        "trials": len(kind.where),
        "where": kind.where,
    }


def _print(kind: _Kind) -> None:
    from priorbench.words import few, one_line, plural

    say(f"{kind.method}: {kind.status}, {plural(len(kind.where), 'trial')}: {one_line(kind.error)}")
    say(f"  {few(kind.where)}")
    for line in kind.printed.splitlines():
        say(f"  | {line}", hang=6)
