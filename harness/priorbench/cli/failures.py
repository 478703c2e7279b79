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
    from priorbench.contract.requests import Request
    from priorbench.store.asked import Asked


@dataclass(kw_only=True, slots=True)
class _Kind:
    """What failed in one way: the method by its labels, status, reasons, where, and what was printed."""

    method: str
    status: str
    printed: str
    errors: dict[str, None] = field(default_factory=dict)
    where: list[str] = field(default_factory=list)

    @property
    def error(self) -> str:
        """The reason; reasons that differ in numbers only are one, with the range of these."""
        from priorbench.words import in_kinds

        return in_kinds(self.errors)[0]


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
        requests = {} if asked is None else _requests(asked)
        failed = (one for one in source.documents(curves=False) if one.get("status", "ok") != "ok")
        wanted = (one for one in failed if not status or one["status"] in status)
        kinds = list(_kinds(wanted, requests, denoiser or ()))
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


def _requests(asked: Asked) -> dict[str, list[Request]]:
    """Return all that each record was asked for as, by its key."""
    found: dict[str, list[Request]] = {}
    for key, number in zip(asked.key, asked.request.tolist(), strict=True):
        found.setdefault(key, []).append(asked.requests[number])
    return found


def _names(one: Mapping[str, Any], requests: Sequence[Request]) -> tuple[list[str], str]:
    """Return a record's methods, as label or label@rule, and its problem, as boards and runs call them."""
    if not requests:  # a record that came without what it answers
        return [one["denoiser"]], f"{one['image_set']}/{one['image']}, {one['noise']}"
    rules = [(asked, "" if asked.stopping is None else f"@{asked.stopping.label}") for asked in requests]
    methods = sorted({f"{asked.denoiser.label}{rule}" for asked, rule in rules})
    return methods, min(_problem(one["image"], asked) for asked in requests)


def _problem(image: str, asked: Request) -> str:
    from priorbench.contract.choice import DENOISING

    operator = "" if asked.operator == DENOISING else f", {asked.operator.label}"
    return f"{asked.image_set.label}/{image}{operator}, {asked.noise.label}"


def _kinds(
    failed: Iterable[Mapping[str, Any]], requests: Mapping[str, Sequence[Request]], methods: Iterable[str]
) -> Iterator[_Kind]:
    """Yield the kinds of failures, the most frequent first."""
    from fnmatch import fnmatchcase

    from priorbench.words import kind_of_failure

    methods = list(methods)
    kinds: dict[tuple[str, str, str], _Kind] = {}
    for one in failed:
        own, problem = _names(one, requests.get(one["key"], ()))
        method = ", ".join(own)
        names = (*own, *(name.partition("@")[0] for name in own), one["denoiser"])
        if methods and not any(fnmatchcase(name, wanted) for name in names for wanted in methods):
            continue
        error = one.get("error") or "no reason was recorded"
        kind = kinds.setdefault(
            (method, one["status"], kind_of_failure(error)),
            _Kind(method=method, status=one["status"], printed=one.get("printed") or ""),
        )
        kind.errors[error] = None
        kind.where.append(problem)
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
