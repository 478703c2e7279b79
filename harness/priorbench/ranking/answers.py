"""What was asked for, joined with the records that answer it: the rows that boards are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from priorbench.contract.requests import Request, Run, digest_of
from priorbench.errors import PriorbenchError, UnknownNameError
from priorbench.ranking.boards import Setting
from priorbench.ranking.image_sets import Content, Whole, is_whole, same_sets, wholes
from priorbench.ranking.names import Place, matching
from priorbench.ranking.telling_apart import Identity, names, noise_names
from priorbench.ranking.times.occasions import occasions
from priorbench.store.asked import Asked
from priorbench.store.columns.keys import Indices, paired, picked, small
from priorbench.store.scores import Entry, NoisyImage, Scores

Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class BoardName:
    """Which board: the protocol's version and the setting, and the labels that suites use in it.

    `also` has further labels of the same image set.
    """

    protocol: int
    setting: Setting
    labels: Setting
    also: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """The records that answer requests; a record comes once for every name under which it was asked for.

    Attributes
    ----------
    scores : Scores
        of all records.
    requests, boards, places, versions : tuple
        each once: what `request`, `board`, `place` and `version` are indices of.
    record, request, board, place, version : ndarray of int32 or int64
        (answers,) its place in `scores`, and where each belongs; the version tells apart what must not share
        a mean.
    moment : ndarray of int32 or int64
        (answers,) the newest run that asked for it: higher is later.
    occasion : ndarray of float64
        (records,) a number for each occasion on which trials ran; NaN where unknown.
    """

    scores: Scores
    requests: tuple[Request, ...]
    boards: tuple[BoardName, ...]
    places: tuple[Place, ...]
    versions: tuple[str, ...]
    record: Indices
    request: Indices
    board: Indices
    place: Indices
    version: Indices
    moment: Indices
    occasion: NDArray[np.float64]

    def part(self, members: Indices) -> Answers:
        """Return some of the answers, in the order of `members`."""
        own = ("record", "request", "board", "place", "version", "moment")
        chosen: dict[str, Any] = {name: getattr(self, name)[members] for name in own}
        return replace(self, **chosen)


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """Which requests count: of one run, until a moment, of some suites, of tagged runs; default is all.

    Attributes
    ----------
    run : str or None, optional
        id of a run, or its beginning.
    as_of : str or None, optional
        ISO 8601 in UTC; what was asked for later does not count.
    suites, tags : tuple of str, default ()
        names of suites, and tags of runs (``priorbench run --tag``), with wildcards.
    """

    run: str | None = None
    as_of: str | None = None
    suites: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


#: everything that was ever asked for
EVER = Moment()


def answers(scores: Scores, when: Moment = EVER) -> Answers:
    """Return the answers to what was asked for.

    Raises
    ------
    UnknownNameError
        If there is no such run, suite or tag.
    PriorbenchError
        If several runs begin so, or nothing was asked for before.
    """
    asked = scores.asked
    kept = (asked.record < len(scores.keys)) & _wanted(asked, when)
    request, record, run = _marked(kept, asked.request, asked.record, asked.run)
    identities, identity_of = _numbered_by(
        [Identity.of_set(one.image_set) for one in asked.requests], lambda one: one.key
    )
    given = np.array([one.given for one in asked.requests], dtype=bool)[request]
    contents, content = _contents(scores.problems, scores.problem[record], given)
    standing = {identity_of[n] for n, one in enumerate(asked.requests) if is_whole(one.image_set)}
    stands, others = same_sets(identities, contents, identity_of[request], content, run, standing)
    identity_of = stands[identity_of]
    separate = wholes(identities, contents, identity_of[request], content, run, others)
    found: list[tuple[Indices, ...]] = []
    for number, whole in enumerate(separate):
        inside = identity_of[request] == whole.identity
        if whole.content is not None:
            inside &= _among(contents, whole.content)[content]
            inside &= np.isin(run, sorted(whole.runs))
        here = np.full(int(inside.sum()), number, dtype=np.int32)
        found.append((here, *_marked(inside, request, record, run)))
    parts = found or [(np.empty(0, dtype=np.int32),) * 4]
    columns = parts[0] if len(parts) == 1 else map(np.concatenate, zip(*parts, strict=True))
    return _joined(scores, separate, *columns)


def _marked(marks: NDArray[np.bool_], *columns: Indices) -> tuple[Indices, ...]:
    """Return the rows of columns that are marked; the columns themselves if all are."""
    return columns if marks.all() else tuple(column[marks] for column in columns)


def _contents(
    problems: Sequence[NoisyImage], problem: Indices, given: NDArray[np.bool_]
) -> tuple[list[Content], Indices]:
    """Return the pictures of problems, and which is that of each answer.

    Of noise that is given the noisy picture counts, too: one that was replaced, or is of another camera,
    makes another set, as another clean one does.
    """
    plain = [(one.image, one.image_sha256) for one in problems]
    if not given.any():
        contents, of_problem = _numbered(plain)
        return contents, of_problem[problem]
    noisy = [
        (f"{one.image} (noisy {one.repetition + 1})", digest_of([one.image_sha256, one.noisy_sha256]))
        if one.noisy_sha256
        else own
        for one, own in zip(problems, plain, strict=True)
    ]
    contents, of_problem = _numbered([*plain, *noisy])
    return contents, of_problem[problem + len(problems) * given]


def _joined(
    scores: Scores, separate: Sequence[Whole], whole: Indices, request: Indices, record: Indices, run: Indices
) -> Answers:
    """Make one answer of all runs that asked the same, and say where it belongs."""
    requests = scores.asked.requests
    whole, request, record, moment = _united(scores, whole, request, record, run)
    named = _named(separate, requests)
    pairs, pair_of = _pairs(whole, request)
    boards, board = _numbered(named(place, number) for place, number in pairs)
    board = board[pair_of]
    pairs, pair_of = _pairs(request, scores.entry[record])
    places, place = _numbered(_place(requests[number], scores.entries[one]) for number, one in pairs)
    place = place[pair_of]
    del pair_of
    versions, version = _numbered(one.version for one in requests)
    return Answers(
        scores=scores,
        record=record,
        requests=requests,
        boards=tuple(boards),
        places=tuple(places),
        versions=tuple(versions),
        request=request,
        board=board,
        place=place,
        version=version[request],
        moment=moment,
        occasion=occasions(scores),
    )


def _united(
    scores: Scores, whole: Indices, request: Indices, record: Indices, run: Indices
) -> tuple[Indices, Indices, Indices, Indices]:
    """Make one answer of all runs that asked the same: its set, request and record, and the newest run."""
    asked = paired(whole, len(scores.asked.requests) or 1, request)
    codes = paired(asked, len(scores.keys) or 1, record)
    del asked
    if (codes[1:] < codes[:-1]).any():
        order = np.argsort(codes, kind="stable")
        codes, run = codes[order], run[order]
        whole, request, record = whole[order], request[order], record[order]
    first = np.flatnonzero(np.append(True, codes[1:] != codes[:-1])[: len(codes)])
    if len(first) == len(codes):
        return whole, request, record, run
    moment = np.maximum.reduceat(run, first)
    return whole[first], request[first], record[first], moment


def _named(separate: Sequence[Whole], requests: Sequence[Request]) -> Callable[[int, int], BoardName]:
    """Return what gives the board of a set of images and a request, by their indices."""
    noises, noise_of = _numbered_by([Identity.of_choice(one.noise) for one in requests], lambda one: one.key)
    operators, operator_of = _numbered_by(
        [Identity.of_choice(one.operator) for one in requests], lambda one: one.key
    )
    noise, operator = noise_names(noises), names(operators)

    def named(place: int, number: int) -> BoardName:
        whole, request = separate[place], requests[number]
        return BoardName(
            protocol=request.protocol,
            setting=Setting(
                image_set=whole.name,
                noise=noise[noise_of[number]],
                operator=operator[operator_of[number]],
                salt=request.salt,
            ),
            labels=Setting(
                image_set=whole.label,
                noise=request.noise.label,
                operator=request.operator.label,
                salt=request.salt,
            ),
            also=whole.others,
        )

    return named


def _place(request: Request, entry: Entry) -> Place:
    rule = None if request.stopping is None else request.stopping.label
    return Place(request.denoiser.label, rule, entry.device, entry.threads)


def selected(scores: Scores, members: Indices) -> Scores:
    """Return the scores of some records, in the order of `members`."""
    columns = {field.name: getattr(scores, field.name) for field in fields(scores)}
    chosen: dict[str, Any] = {
        name: picked(column, members) for name, column in columns.items() if isinstance(column, np.ndarray)
    }
    return replace(scores, **chosen)


def find_run(runs: Iterable[Run], name: str) -> Run:
    """Return the run whose id begins so.

    Raises
    ------
    UnknownNameError, PriorbenchError
        If there is none, or if there are several.
    """
    every = list(runs)
    found = [run for run in every if run.id.startswith(name)]
    if not found:
        raise UnknownNameError("run in the store", name, [run.id for run in every])
    if len(found) > 1:
        raise PriorbenchError(
            f"'{name}' begins the ids of several runs: {', '.join(run.id for run in found)}"
        )
    return found[0]


def _wanted(asked: Asked, when: Moment) -> NDArray[np.bool_]:
    """Mark the answers that were asked for at that moment."""
    marks = np.ones(len(asked.record), dtype=bool)
    if when.run is not None:
        chosen = find_run(asked.runs, when.run)
        marks &= np.array([run is chosen for run in asked.runs])[asked.run]
    if when.as_of is not None:
        before = np.array([run.asked_at <= when.as_of for run in asked.runs], dtype=bool)
        if not before.any():
            moments = [run.asked_at for run in asked.runs]
            known = f"the first run is of {min(moments)}" if moments else "there is no run"
            raise PriorbenchError(f"nothing was asked for until {when.as_of}; {known}")
        marks &= before[asked.run]
    if when.suites:
        suites = [(request.suite,) for request in asked.requests]
        marks &= matching("suite in the store", when.suites, suites)[asked.request]
    if when.tags:
        tags = [tuple(run.options.get("tags", ())) for run in asked.runs]
        marks &= matching("tag in the store", when.tags, tags)[asked.run]
    return marks


def _among(contents: list[Content], wanted: frozenset[Content]) -> NDArray[np.bool_]:
    return np.array([content in wanted for content in contents], dtype=bool)


def _pairs(first: Indices, second: Indices) -> tuple[list[tuple[int, int]], Indices]:
    """Return the distinct pairs of two columns, and for each row the number of its pair."""
    width = int(second.max(initial=0)) + 1
    there, number = np.unique(paired(first, width, second), return_inverse=True)
    return [divmod(code, width) for code in there.tolist()], small(number)


def _numbered(items: Iterable[Item]) -> tuple[list[Item], Indices]:
    """Return the distinct items, and the number of each item among them."""
    known: dict[Item, int] = {}
    numbers = [known.setdefault(item, len(known)) for item in items]
    return list(known), np.array(numbers, dtype=np.int32)


def _numbered_by(items: list[Item], key: Any) -> tuple[list[Item], Indices]:
    """Return the items of distinct keys, and the number of each item among them."""
    keys, numbers = _numbered(map(key, items))
    first = dict(zip(reversed(numbers.tolist()), reversed(items), strict=True))
    return [first[number] for number in range(len(keys))], numbers
