"""The records that are compared with each other, as arrays: a row for each method, columns for images."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from priorbench.contract.setting import Setting
from priorbench.errors import UnknownNameError
from priorbench.ranking.names import Place
from priorbench.store.scores import Entry, Scores

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """The records of one image set under one operator and noise; only what may be compared.

    A *slot* is an image and a repetition, with one noisy image for all methods. Slots of an image are
    neighbours.

    Attributes
    ----------
    places, entries : tuple of Place or tuple of Entry
        what each row is; of several entries (environments) of a row, one.
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
    notes : tuple of str
        what was left out.
    """

    protocol: int
    setting: Setting
    places: tuple[Place, ...]
    entries: tuple[Entry, ...]
    starts: Indices
    slots: int
    noisy_psnr: Array
    scores: Scores
    row: Indices
    slot: Indices
    notes: tuple[str, ...]

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


def place_of(entry: Entry) -> Place:
    """Return the row that an entry belongs to."""
    return Place(entry.label, entry.stopping_rule, entry.device, entry.threads)


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which settings are wanted: labels of an image set, a noise and an operator; None means all."""

    image_set: str | None = None
    noise: str | None = None
    operator: str | None = None


#: no setting is left out
EVERYTHING = Filter()


def chosen(found: Iterable[Panel], only: Filter) -> list[Panel]:
    """Return the panels whose setting is wanted.

    Raises
    ------
    UnknownNameError
        If there is no such image set, noise or operator.
    """
    found = list(found)
    for part in fields(only):
        wanted = getattr(only, part.name)
        if wanted is not None:
            names = {getattr(panel.setting, part.name) for panel in found}
            if wanted not in names:
                raise UnknownNameError(f"{part.name.replace('_', ' ')} in the store", wanted, names)
            found = [panel for panel in found if getattr(panel.setting, part.name) == wanted]
    return found


def panels(scores: Scores, *, same_noise: bool = True) -> list[Panel]:
    """Return a panel for each protocol, image set, noise and operator.

    Of several versions of a row's method only the newest counts, of several records of one slot the last, and
    of several noisy images of a slot the one that most methods saw; what is left out is counted in the notes.

    Parameters
    ----------
    scores : Scores
        of all records.
    same_noise : bool, default True
        False leaves it to the caller to compare only what has the same noisy image.
    """
    codes = _coded(scores)
    board = codes.board[scores.problem]
    current = _latest(scores, codes)
    fair = current & _same_noise(scores, codes, current) if same_noise else current
    order = np.argsort(board, kind="stable")
    limits = np.searchsorted(board[order], np.arange(len(codes.boards) + 1))
    found = []
    for number in sorted(range(len(codes.boards)), key=lambda number: codes.boards[number]):
        members = order[limits[number] : limits[number + 1]]
        notes = _notes(int((~current[members]).sum()), int((current & ~fair)[members].sum()))
        found.append(_panel(scores, codes, members[fair[members]], notes))
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class _Codes:
    """Numbers in the place of names: boards, images and slots of each problem, places of each entry."""

    boards: list[tuple[int, str, str, str]]
    board: Indices
    image: Indices
    slot: Indices
    digest: Indices
    places: list[Place]
    place: Indices
    version: Indices


def _coded(scores: Scores) -> _Codes:
    problems = scores.problems
    boards, board = _numbered((p.protocol, p.image_set, p.noise, p.operator) for p in problems)
    # Images of one name are told apart by their pixels (another crop in a set of the same label, say).
    _, image = _numbered(zip(board.tolist(), ((p.image, p.image_sha256) for p in problems), strict=True))
    _, slot = _numbered(zip(image.tolist(), (p.repetition for p in problems), strict=True))
    _, digest = _numbered(zip(slot.tolist(), (p.noisy_sha256 for p in problems), strict=True))
    digest[[p.noisy_sha256 is None for p in problems]] = -1
    places, place = _numbered(place_of(entry) for entry in scores.entries)
    _, version = _numbered(entry.version for entry in scores.entries)
    return _Codes(
        boards=boards,
        board=board,
        image=image,
        slot=slot,
        digest=digest,
        places=places,
        place=place,
        version=version,
    )


def _numbered(items: Iterable[Item]) -> tuple[list[Item], Indices]:
    """Return the distinct items, and the number of each item among them."""
    known: dict[Item, int] = {}
    numbers = [known.setdefault(item, len(known)) for item in items]
    return list(known), np.array(numbers, dtype=np.int64)


def _latest(scores: Scores, codes: _Codes) -> NDArray[np.bool_]:
    """Mark the last record of each slot, among those of the newest version of its row's method."""
    row = codes.board[scores.problem] * len(codes.places) + codes.place[scores.entry]
    version = codes.version[scores.entry]
    newest = np.full(len(codes.boards) * len(codes.places), -1)
    newest[row] = version  # where a row comes again, the last assignment stays
    kept = np.flatnonzero(version == newest[row])
    cell = row[kept] * len(codes.slot) + codes.slot[scores.problem[kept]]
    _, last = np.unique(cell[::-1], return_index=True)
    marks = np.zeros(len(row), dtype=bool)
    marks[kept[len(kept) - 1 - last]] = True
    return marks


def _same_noise(scores: Scores, codes: _Codes, current: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the records of the noisy image that most current records of a slot have, and those of none."""
    digest = codes.digest[scores.problem]
    seen, first, count = np.unique(digest[current], return_index=True, return_counts=True)
    slot_of_digest = np.zeros(len(codes.digest), dtype=np.int64)
    slot_of_digest[codes.digest[codes.digest >= 0]] = codes.slot[codes.digest >= 0]
    seen, first, count = (column[seen >= 0] for column in (seen, first, count))
    usual = np.full(len(codes.slot), -1)
    for number in np.lexsort((-first, count)):  # what is seen most often, and first, is assigned last
        usual[slot_of_digest[seen[number]]] = seen[number]
    of_slot = usual[codes.slot[scores.problem]]
    # A trial that failed before there was any noise counts as a failure; a result of unknown noise does not.
    without = (digest < 0) & (scores.status != "ok")
    return np.asarray(without | (digest == of_slot))


def _notes(outdated: int, unlike: int) -> tuple[str, ...]:
    notes = []
    if outdated:
        notes.append(f"{outdated} records of earlier versions or parameters of the same labels are left out")
    if unlike:
        notes.append(
            f"{unlike} records are left out: their noisy image is not the one that the other methods saw"
        )
    return tuple(notes)


def _panel(scores: Scores, codes: _Codes, members: Indices, notes: tuple[str, ...]) -> Panel:
    part = _selected(scores, members)
    # Numbered so that the slots of an image are neighbours.
    problems, problem = np.unique(part.problem, return_inverse=True)
    places, row = np.unique(codes.place[part.entry], return_inverse=True)
    entries = dict(zip(row.tolist(), part.entry.tolist(), strict=True))
    wide = codes.image[problems] * len(codes.slot) + codes.slot[problems]
    slots, slot_of_problem = np.unique(wide, return_inverse=True)
    _, starts = np.unique(slots // len(codes.slot), return_index=True)
    noisy = np.full(len(slots), np.nan)
    for spot, number in zip(slot_of_problem, problems, strict=True):
        value = scores.problems[number].noisy_psnr
        noisy[spot] = noisy[spot] if value is None else value
    first = scores.problems[problems[0]]
    return Panel(
        protocol=first.protocol,
        setting=first.setting,
        places=tuple(codes.places[number] for number in places),
        entries=tuple(scores.entries[entries[number]] for number in range(len(places))),
        starts=starts,
        slots=len(slots),
        noisy_psnr=noisy,
        scores=part,
        row=row,
        slot=slot_of_problem[problem],
        notes=notes,
    )


def _selected(scores: Scores, members: Indices) -> Scores:
    columns = {field.name: getattr(scores, field.name) for field in fields(scores)}
    chosen: dict[str, Any] = {
        name: column[members] for name, column in columns.items() if isinstance(column, np.ndarray)
    }
    return replace(scores, **chosen)
