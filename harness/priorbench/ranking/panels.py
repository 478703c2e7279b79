"""The records that are compared with each other, as arrays: a row for each method, columns for images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from priorbench.contract.requests import Request
from priorbench.ranking.answers import EVER, Answers, BoardName, Moment, answers, selected
from priorbench.ranking.boards import Setting
from priorbench.ranking.names import Place
from priorbench.ranking.newest import Repeated, former_names, newest, repeated
from priorbench.store.columns.keys import Indices, paired, small
from priorbench.store.scores import Entry, NoisyImage, Scores
from priorbench.words import plural

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """The records of one image set under one operator and noise; only what may be compared.

    A *slot* is an image and a repetition, with one noisy image for all methods. Slots of an image are
    neighbours.

    Attributes
    ----------
    setting, labels : Setting
        what is compared here, by names of its own and by the labels of suites.
    also : tuple of str
        further labels of the same image set.
    places, entries, requests : tuple of Place, Entry or Request
        what each row is; of several entries (environments) or requests of a row, one.
    starts : ndarray of int64
        (images,) the first slot of each image.
    slots : int
        number of slots.
    noisy_psnr : ndarray of float64
        (slots,) in dB; NaN where unknown.
    scores : Scores
        of the panel's records alone.
    row, slot : ndarray of int64
        (records,) where each record belongs.
    occasion : ndarray of float64
        (records,) a number for each occasion; NaN where unknown.
    notes : tuple of str
        what was left out.
    """

    protocol: int
    setting: Setting
    labels: Setting
    also: tuple[str, ...]
    places: tuple[Place, ...]
    entries: tuple[Entry, ...]
    requests: tuple[Request, ...]
    starts: Indices
    slots: int
    noisy_psnr: Array
    scores: Scores
    row: Indices
    slot: Indices
    occasion: Array
    notes: tuple[str, ...]

    @property
    def unclipped(self) -> bool:
        """Whether noisy images have values beyond 0 and 1: their noise could be clipped, and is not."""
        clips = (request.noise.parameters.get("clip") for request in self.requests)
        return self.setting.is_denoising and any(clip is False for clip in clips)

    def by_slot(self, values: NDArray[np.generic]) -> Array:
        """Spread a value of each record over (rows, slots); NaN where there is no record."""
        spread = np.full((len(self.places), self.slots), np.nan)
        spread[self.row, self.slot] = values
        return spread

    def by_image(self, values: Array) -> Array:
        """Average (rows, slots) over the repetitions of an image, leaving out NaN: (rows, images)."""
        if len(self.starts) == self.slots:
            return values
        there = np.isfinite(values)
        total = np.add.reduceat(np.where(there, values, 0.0), self.starts, axis=1)
        number = np.add.reduceat(there.astype(np.int64), self.starts, axis=1)
        with np.errstate(invalid="ignore"):
            return np.asarray(total / np.where(number, number, np.nan))

    def image_names(self) -> tuple[str, ...]:
        """Return the names of the images; of two of one name, with part of their digests."""
        _, first = np.unique(self.slot, return_index=True)
        numbers = np.full(self.slots, -1)
        numbers[self.slot[first]] = self.scores.problem[first]
        problems = [self.scores.problems[number] for number in numbers[self.starts].tolist()]
        names = [problem.image for problem in problems]
        if len(set(names)) == len(names):
            return tuple(names)
        return tuple(f"{problem.image} ({problem.image_sha256[:8]})" for problem in problems)


def panels(
    scores: Scores, *, when: Moment = EVER, same_noise: bool = True, former: bool = False
) -> list[Panel]:
    """Return a panel for each protocol, image set, noise and operator.

    Of several versions of a row's method only the one that was asked for last counts, and of several noisy
    images of a slot the one that most methods saw; what is left out is counted in the notes.

    Parameters
    ----------
    scores : Scores
        of all records.
    when : Moment, optional
        which requests count.
    same_noise : bool, default True
        False leaves it to the caller to compare only what has the same noisy image.
    former : bool, default False
        keep the rows of labels that the same method had before it was called otherwise.
    """
    return list(panels_of(answers(scores, when), same_noise=same_noise, former=former))


def panels_of(found: Answers, *, same_noise: bool = True, former: bool = False) -> Iterator[Panel]:
    """Yield the panels of answers, each when it is wanted: see `panels`."""
    levels = _Levels.of(found.scores.problems)
    current = newest(found)
    same = repeated(found, current)
    found = same.answers
    left, renamed = (current, {}) if former else former_names(found, current)
    order = small(np.argsort(found.board, kind="stable"))
    limits = np.searchsorted(found.board[order], np.arange(len(found.boards) + 1))
    for number in sorted(range(len(found.boards)), key=lambda number: found.boards[number]):
        members = order[limits[number] : limits[number + 1]]
        if not len(members):
            continue
        gone = members[~(current | same.shown | same.without)[members]]
        outdated = len(np.unique(found.record[gone]))
        other = _other_metrics(found, members, current, same)
        named = members[left[members]]
        fair = named[_same_noise(found, levels, named)] if same_noise else named
        notes = other + _notes(outdated, len(named) - len(fair), renamed.get(number, []))
        notes += _called(found.boards[number])
        yield _panel(found, levels, fair, number, notes)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Levels:
    """Numbers in the place of names, in their order: image, slot and noisy image of each problem.

    That of a noisy image is -1, and its PSNR NaN, where it is not known.
    """

    image: Indices
    slot: Indices
    noisy: Indices
    noisy_psnr: Array

    @classmethod
    def of(cls, problems: Sequence[NoisyImage]) -> _Levels:
        """Return the numbers of problems."""
        names = [(one.image, one.image_sha256, one.repetition, one.noisy_sha256 or "") for one in problems]
        order = sorted(range(len(names)), key=names.__getitem__)
        levels = np.zeros((3, len(problems)), dtype=np.int32)
        known: list[dict[tuple[object, ...], int]] = [{}, {}, {}]
        for number in order:
            for level, length in enumerate((2, 3, 4)):
                levels[level, number] = known[level].setdefault(names[number][:length], len(known[level]))
        unknown = np.array([one.noisy_sha256 is None for one in problems], dtype=bool)
        image, slot, noisy = levels
        psnr = np.array([one.noisy_psnr for one in problems], dtype=np.float64)
        return cls(image=image, slot=slot, noisy=np.where(unknown, -1, noisy), noisy_psnr=psnr)


def _same_noise(found: Answers, levels: _Levels, members: Indices) -> NDArray[np.bool_]:
    """Mark the answers of a board with the noisy image that most of a slot have, and those with none.

    Of two that as many have, it is the one with the first digest.
    """
    record = found.record[members]
    problem = found.scores.problem[record]
    noisy = levels.noisy[problem]
    known = np.flatnonzero(noisy >= 0)
    seen, first, count = np.unique(noisy[known], return_index=True, return_counts=True)
    slots, slot = np.unique(levels.slot[problem], return_inverse=True)
    usual = np.full(len(slots), -1)
    for number in np.lexsort((-seen, count)):  # what is seen most often, and first, is assigned last
        usual[slot[known[first[number]]]] = seen[number]
    # A trial that failed before there was any noise counts as a failure; a result of unknown noise does not.
    without = (noisy < 0) & (found.scores.status[record] != "ok")
    return np.asarray(without | (noisy == usual[slot]))


def _other_metrics(
    found: Answers, members: Indices, current: NDArray[np.bool_], same: Repeated
) -> tuple[str, ...]:
    """Return a note about results that are not shown because the newest run had other metrics."""
    left = members[same.without[members]]
    count = len(np.unique(found.record[left]))
    if not count:
        return ()
    new, old = (
        {name for one in np.unique(found.request[some]).tolist() for name in found.requests[one].metrics}
        for some in (members[current[members]], left)
    )
    what = "without the metrics" if new - old else "with other metrics than those"
    return (
        f"{plural(count, 'record')} {what} of the newest run {'is' if count == 1 else 'are'} left out"
        " (--run or --as-of shows them)",
    )


def _notes(outdated: int, unlike: int, renamed: list[str]) -> tuple[str, ...]:
    notes = []
    if outdated:
        notes.append(
            f"{plural(outdated, 'record')} of earlier versions or parameters of the same labels"
            f" {'is' if outdated == 1 else 'are'} left out (--run or --as-of shows them)"
        )
    if unlike:
        notes.append(
            f"{unlike} records are left out: their noisy image is not the one that the other methods saw"
        )
    return (*notes, *renamed)


def _called(board: BoardName) -> tuple[str, ...]:
    """Return a note about the other labels of the image set."""
    if not board.also:
        return ()
    name, others = board.labels.image_set, ", ".join(board.also)
    return (f"{name} is also called {others}: the same images, on one board",)


def _panel(found: Answers, levels: _Levels, members: Indices, number: int, notes: tuple[str, ...]) -> Panel:
    part = selected(found.scores, found.record[members])
    slots, first, slot = np.unique(levels.slot[part.problem], return_index=True, return_inverse=True)
    _, starts = np.unique(levels.image[part.problem[first]], return_index=True)
    places, of_place, row = np.unique(found.place[members], return_index=True, return_inverse=True)
    twice = _twice(part, row, slot)
    if twice.any():
        return _panel(found, levels, members[~twice], number, (*notes, _told_twice(int(twice.sum()))))
    last = np.zeros(len(places), dtype=np.int64)
    last[row] = np.arange(len(row))
    values = levels.noisy_psnr[part.problem]
    known = np.isfinite(values)
    noisy = np.full(len(slots), np.nan)
    noisy[slot[known]] = values[known]
    board = found.boards[number]
    return Panel(
        protocol=board.protocol,
        setting=board.setting,
        labels=board.labels,
        also=board.also,
        places=tuple(found.places[place] for place in places),
        entries=tuple(part.entries[number] for number in part.entry[of_place].tolist()),
        requests=tuple(found.requests[number] for number in found.request[members[last]].tolist()),
        starts=starts,
        slots=len(slots),
        noisy_psnr=noisy,
        scores=part,
        row=row,
        slot=slot,
        occasion=found.occasion[found.record[members]],
        notes=notes,
    )


def _twice(part: Scores, row: Indices, slot: Indices) -> NDArray[np.bool_]:
    """Mark the records whose row has another record of the same slot, all but one.

    They answer one request under two keys: a key may hold what no request names, as the machine's product
    in bfloat16. A good one stays, of several one of the environment that most of the row's records have, then
    the one that was measured first.
    """
    width = int(slot.max(initial=0)) + 1
    pair = paired(row, width, slot)
    there = np.zeros((int(row.max(initial=0)) + 1) * width, dtype=bool)
    there[pair] = True
    marks = np.zeros(len(pair), dtype=bool)
    if int(there.sum()) == len(pair):  # nearly always
        return marks
    numbers: dict[str, int] = {}
    environments = [numbers.setdefault(entry.environment, len(numbers)) for entry in part.entries]
    own = paired(row, len(numbers), np.array(environments)[part.entry])
    _, which, count = np.unique(own, return_inverse=True, return_counts=True)
    failed = part.status != "ok"
    order = np.lexsort((np.arange(len(pair)), part.started_at, -count[which], failed, pair))
    marks[order[1:]] = pair[order][1:] == pair[order][:-1]
    return marks


def _told_twice(count: int) -> str:
    return (
        f"{plural(count, 'record')} {'is' if count == 1 else 'are'} left out: the same row has another of the"
        " same noisy image; a good one counts, then one of the environment that most are of"
    )
