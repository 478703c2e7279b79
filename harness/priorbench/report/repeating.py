"""Writes the commands that repeat what a page shows, for a POSIX shell."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from priorbench.contract.choice import DENOISING, Choice
from priorbench.contract.requests import AskedSet, Request
from priorbench.ranking.boards import Setting
from priorbench.report.gathering import BoardKey, BoardStory, RowStory
from priorbench.store.asked import Asked, request_id
from priorbench.suite.notation import ChoiceError, RawChoice, format_choice, parse_text
from priorbench.words import few

#: where the command puts its records: in the store that a page was made of nothing would be run
_STORE = "again.db"


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeat:
    """A command that runs some of the boards again.

    Attributes
    ----------
    title : str
        what it runs.
    command : str
        what to type, a line for each option.
    guesses : tuple of str
        labels of image sets whose place, or whose name, the requests do not tell.
    salted : bool
        whether the noise was drawn with a secret, whose file must be put into the command.
    """

    title: str
    command: str
    guesses: tuple[str, ...]
    salted: bool


class Way(NamedTuple):
    """How a row ran: options before its noise and after its rule, and how many images were fitted at once."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    batch: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """Rows that one command runs: all of its methods under all of its rules and noises.

    Attributes
    ----------
    key : BoardKey
        of the board.
    way : Way
        how all of its rows ran.
    noises, denoisers, rules : tuple of str
        in the command line's spelling, sorted.
    methods : tuple of str
        labels of the denoisers.
    request : Request
        of any row.
    """

    key: BoardKey
    way: Way
    noises: tuple[str, ...]
    denoisers: tuple[str, ...]
    rules: tuple[str, ...]
    methods: tuple[str, ...]
    request: Request


def repeats(stories: Mapping[BoardKey, BoardStory], asked: Asked) -> list[Repeat]:
    """Return commands that together run every row of every board, and nothing else.

    Parameters
    ----------
    stories : Mapping[BoardKey, BoardStory]
        what the records of each board say.
    asked : Asked
        of the store, for what runs were asked to leave out.
    """
    limits = _limits(asked)
    parts = [part for key, story in stories.items() for part in _parts(key, story, limits)]
    groups: dict[tuple[object, ...], list[_Part]] = {}
    for part in parts:
        where = (part.key.setting.image_set, part.key.setting.operator, part.key.setting.salt)
        groups.setdefault((*where, part.way, part.denoisers, part.rules), []).append(part)
    titles = [_setting(group) for group in groups.values()]
    return [
        _repeat(group, title if titles.count(title) == 1 else f"{title}: {few(group[0].methods)}")
        for group, title in zip(groups.values(), titles, strict=True)
    ]


def _setting(group: Sequence[_Part]) -> str:
    noises = ", ".join(dict.fromkeys(part.key.setting.noise for part in group))
    shown: Setting = replace(group[0].key.setting, noise=noises)
    return str(shown)


def _repeat(group: Sequence[_Part], title: str) -> Repeat:
    first = group[0]
    asked = first.request.image_set
    options = [
        *first.way.before,
        *_options("--noise", dict.fromkeys(noise for part in group for noise in part.noises)),
        *_options("--denoiser", first.denoisers),
        *_options("--stopping", first.rules),
        *first.way.after,
        *([f"--batch {first.way.batch}"] if first.way.batch > 1 else []),
        f"--store {_STORE}",
    ]
    return Repeat(
        title=title,
        command=" \\\n  ".join(["priorbench run -", *options]),
        guesses=() if asked.name and not asked.members else (asked.label,),
        salted=bool(first.request.salt),
    )


def _options(option: str, values: Iterable[str]) -> list[str]:
    return [f"{option} {shlex.quote(value)}" for value in values]


def _parts(key: BoardKey, story: BoardStory, limits: Mapping[int, int]) -> list[_Part]:
    """Return the rows of a board in parts: denoisers that ran under the same rules, in the same way.

    What is not iterative has no rule, and joins the first part that ran in the same way.
    """
    ways: dict[tuple[Way, str], list[RowStory]] = {}
    for row in story.rows.values():
        ways.setdefault((_way(row, limits), _entry(row.request.denoiser)), []).append(row)
    groups: dict[tuple[Way, tuple[str, ...]], dict[str, RowStory]] = {}
    for (way, denoiser), rows in ways.items():
        rules = sorted({_entry(rule) for row in rows if (rule := row.request.stopping) is not None})
        groups.setdefault((way, tuple(rules)), {})[denoiser] = rows[0]
    for alone in [key for key in groups if not key[1]]:
        host = next((other for other in groups if other[1] and other[0][:2] == alone[0][:2]), None)
        if host is not None:
            groups[host] |= groups.pop(alone)
    return [
        _Part(
            key=key,
            way=way,
            noises=(_entry(next(iter(rows.values())).request.noise),),
            denoisers=tuple(sorted(rows)),
            rules=rules,
            methods=tuple(sorted({row.request.denoiser.label for row in rows.values()})),
            request=next(iter(rows.values())).request,
        )
        for (way, rules), rows in groups.items()
    ]


def _way(row: RowStory, limits: Mapping[int, int]) -> Way:
    """Return how a row ran: the options that name nothing."""
    request, record = row.request, row.settings
    limit = limits.get(request_id(request))
    timeout, memory = (record.limits.get(name) for name in ("timeout", "memory"))
    operators = [] if request.operator == DENOISING else [_entry(request.operator)]
    before = (*_options("--images", [_images(request.image_set)]), *_options("--operator", operators))
    after = (
        *_options("--metric", sorted(request.metrics)),
        f"--repetitions {1 + max(row.repetitions)}",
        *([] if limit is None else [f"--limit {limit}"]),
        f"--device {shlex.quote(request.device)}",
        f"--threads {request.threads}",
        *([] if timeout is None else [f"--timeout {_plain(timeout)}"]),
        *([] if memory is None else [f"--memory-limit {_plain(memory)}"]),
        *(["--salt FILE"] if request.salt else []),
    )
    return Way(before=before, after=after, batch=max(row.batches))


def _plain(value: float) -> str:
    """Return a number without an exponent."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _limits(asked: Asked) -> dict[int, int]:
    """Return hash of a request -> how many images of a set it was for, where every run left some out."""
    found: dict[int, int] = {}
    for number, request in enumerate(asked.requests):
        runs = np.unique(asked.run[asked.request == number]).tolist()
        limits = [asked.runs[run].options.get("limit") for run in runs]
        if limits and all(isinstance(limit, int) for limit in limits):
            found[request_id(request)] = max(limits)
    return found


def _entry(choice: Choice) -> str:
    """Return a choice with all its parameters, as it is typed; its label is told where it is another one."""
    plain = RawChoice(name=choice.name or choice.label, parameters=dict(choice.parameters))
    same = format_choice(plain) == choice.label
    return format_choice(plain if same else replace(plain, label=choice.label))


def _images(asked: AskedSet) -> str:
    """Return an image set as it is typed; its label stands where a path is not told, or a name."""
    if asked.name:
        place = {"path": asked.label} if asked.members else {}
        return format_choice(
            RawChoice(name=asked.name, label=asked.label, parameters={**place, **asked.parameters})
        )
    try:
        return format_choice(parse_text(asked.label))
    except ChoiceError:
        return asked.label
