"""``priorbench failures``: which trials failed, why, and what they printed last."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from priorbench.cli.common.output import Format, print_json, say
from priorbench.cli.common.store_options import DenoisersOption, StoreOption
from priorbench.cli.common.stores import reading

if TYPE_CHECKING:
    from priorbench.contract.requests import Request
    from priorbench.store.asked import Asked
    from priorbench.store.database import Store


@dataclass(kw_only=True, slots=True)
class _Kind:
    """What failed in one way: the method by its labels, status, reasons, where, and what was printed.

    What boards leave out, because the label has something newer, is a kind of its own.
    """

    method: str
    status: str
    current: bool
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
    current: Annotated[
        bool, typer.Option("--current", help="Only what boards show, no earlier versions of a label.")
    ] = False,
    format: Annotated[Format, typer.Option(help="For people or for scripts.")] = Format.TABLE,
) -> None:
    """Tell of all that failed: the reason, the pictures, and the last lines of the traceback."""
    _check(status or ())
    with reading(store) as source:
        asked = source.asked()
        requests = {} if asked is None else _requests(asked)
        failed = [one for one in source.documents(curves=False) if one.get("status", "ok") != "ok"]
        wanted = [one for one in failed if not status or one["status"] in status]
        older = _older(source) if wanted else frozenset()
        wanted = [one for one in wanted if not current or one["key"] not in older]
        kinds = list(_kinds(wanted, requests, denoiser or (), older))
        nothing = "nothing failed" if failed or len(source) else f"the store {source.url} has no records"
    if format is Format.JSON:
        print_json([_plain(kind) for kind in kinds])
        return
    for kind in kinds:
        _print(kind)
    if not kinds:
        say(nothing)


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


def _older(source: Store) -> frozenset[str]:
    """Return the keys that only earlier versions of a label have, which no board shows."""
    from priorbench.ranking.newest import Selection, marked

    scores = source.scores()
    keys, older = scores.asked.key, marked(scores, Selection(older=True))
    return frozenset(keys[older].tolist()) - frozenset(keys[~older].tolist())


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
    failed: Iterable[Mapping[str, Any]],
    requests: Mapping[str, Sequence[Request]],
    methods: Iterable[str],
    older: Container[str],
) -> Iterator[_Kind]:
    """Yield the kinds of failures: those that boards show before others, the most frequent first."""
    from fnmatch import fnmatchcase

    from priorbench.words import kind_of_failure

    methods = list(methods)
    kinds: dict[tuple[str, str, str, bool], _Kind] = {}
    for one in failed:
        own, problem = _names(one, requests.get(one["key"], ()))
        method = ", ".join(own)
        names = (*own, *(name.partition("@")[0] for name in own), one["denoiser"])
        if methods and not any(fnmatchcase(name, wanted) for name in names for wanted in methods):
            continue
        error = one.get("error") or "no reason was recorded"
        shown, printed = one["key"] not in older, one.get("printed") or ""
        kind = kinds.setdefault(
            (method, one["status"], kind_of_failure(error), shown),
            _Kind(method=method, status=one["status"], current=shown, printed=printed),
        )
        kind.errors[error] = None
        kind.where.append(problem)
    yield from sorted(kinds.values(), key=_place)


def _place(kind: _Kind) -> tuple[bool, int, str, str]:
    return (not kind.current, -len(kind.where), kind.method, kind.status)


def _plain(kind: _Kind) -> dict[str, Any]:
    return {
        "method": kind.method,
        "status": kind.status,
        "current": kind.current,
        "error": kind.error,
        "printed": kind.printed.splitlines(),
        "trials": len(kind.where),
        "where": kind.where,
    }


def _print(kind: _Kind) -> None:
    from priorbench.words import few, one_line, plural

    trials = plural(len(kind.where), "trial") + ("" if kind.current else " of earlier versions")
    say(f"{kind.method}: {kind.status}, {trials}: {one_line(kind.error)}")
    say(f"  {few(kind.where)}")
    for line in kind.printed.splitlines():
        say(f"  | {line}", hang=6)
