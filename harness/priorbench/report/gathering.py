"""What the report tells beyond the ranking: curves, failures and settings, from one walk over the records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from priorbench.contract.records import Record, from_json
from priorbench.contract.requests import Request
from priorbench.ranking.boards import Setting
from priorbench.ranking.names import Place
from priorbench.ranking.panels import Panel
from priorbench.store.documents import PLAUSIBLE
from priorbench.words import in_kinds, kind_of_failure


class BoardKey(NamedTuple):
    """Which board: the version of the protocol, and the setting."""

    protocol: int
    setting: Setting


class Output(NamedTuple):
    """An output: its digest, and its PSNR in dB, None of one that is exact."""

    digest: str
    psnr: float | None


#: as many images are named for each kind of failure
_EXAMPLES = 3
#: seconds below which no clock tells anything
_SHORTEST = 1e-12


@dataclass(frozen=True, kw_only=True, slots=True)
class TimedCurve:
    """A trial's curve: seconds and PSNR in dB, increasing in time."""

    seconds: NDArray[np.float32]
    psnr: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class Failures:
    """Trials of one row that went wrong in the same way.

    Attributes
    ----------
    status : str
        how.
    reasons : dict of str, optional
        why, each once; they differ in numbers only.
    images : list of str, optional
        every one, with repetition.
    printed : str, default ''
        the last lines that the first of them printed.
    """

    status: str
    reasons: dict[str, None] = field(default_factory=dict)
    images: list[str] = field(default_factory=list)
    printed: str = ""

    @property
    def reason(self) -> str:
        """Say why, with the range of numbers that differ."""
        return in_kinds(self.reasons)[0]

    @property
    def count(self) -> int:
        """Say how many trials."""
        return len(self.images)

    @property
    def examples(self) -> str:
        """Name some of the images."""
        more = len(self.images) - _EXAMPLES
        return ", ".join(self.images[:_EXAMPLES]) + (f" and {more} more" if more > 0 else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class RowStory:
    """What the records of one row say, those of the newest version of its method.

    Attributes
    ----------
    settings : Record
        any of the records, for what they have in common.
    request : Request
        what they answer.
    curves : dict[tuple[str, int], TimedCurve], optional
        (image digest, repetition) -> trajectory.
    outputs : dict[str, Output], optional
        image digest -> what the method made of its first noise draw.
    failures : dict[tuple[str, str], Failures], optional
        by status and reason.
    repetitions : set of int, optional
        numbers of the noise draws.
    batches : set of int, optional
        how many images were fitted at once.
    """

    settings: Record
    request: Request
    curves: dict[tuple[str, int], TimedCurve] = field(default_factory=dict)
    outputs: dict[str, Output] = field(default_factory=dict)
    failures: dict[tuple[str, str], Failures] = field(default_factory=dict)
    repetitions: set[int] = field(default_factory=set)
    batches: set[int] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True, slots=True)
class BoardStory:
    """What the records of one board say.

    Attributes
    ----------
    rows : dict[Place, RowStory], optional
        by place.
    problems : dict[str, Record], optional
        image digest -> a record of its first noise draw.
    noise_parameters : list of Any, optional
        the distinct ones.
    sigmas : set[float or None], optional
        standard deviations that the methods were told, on the 0..1 scale.
    repetitions : set of int, optional
        numbers of the noise draws.
    sizes : set[tuple[int, int, int]], optional
        (channels, height, width) of the images.
    started : set of str, optional
        moments at which trials began, ISO 8601.
    environments : dict[str, int], optional
        fingerprint -> number of records.
    """

    rows: dict[Place, RowStory] = field(default_factory=dict)
    problems: dict[str, Record] = field(default_factory=dict)
    noise_parameters: list[Any] = field(default_factory=list)
    sigmas: set[float | None] = field(default_factory=set)
    repetitions: set[int] = field(default_factory=set)
    sizes: set[tuple[int, int, int]] = field(default_factory=set)
    started: set[str] = field(default_factory=set)
    environments: dict[str, int] = field(default_factory=dict)


def gather(
    documents: Iterable[Mapping[str, Any]], boards: Mapping[BoardKey, Panel]
) -> dict[BoardKey, BoardStory]:
    """Walk over the records' JSON forms (`Store.documents`) once and keep what is on the boards."""
    stories = {key: BoardStory() for key in boards}
    spots: dict[str, list[tuple[BoardKey, int]]] = {}
    for board, panel in boards.items():
        for key, row in zip(panel.scores.key.tolist(), panel.row.tolist(), strict=True):
            spots.setdefault(key, []).append((board, row))
    for data in documents:
        for board, number in spots.get(data["key"], ()):
            story, panel = stories[board], boards[board]
            _note_conditions(story, data)
            place = panel.places[number]
            if place not in story.rows:
                story.rows[place] = RowStory(settings=from_json(data), request=panel.requests[number])
            _note_result(story.rows[place], data)
    return stories


def _note_conditions(story: BoardStory, data: Mapping[str, Any]) -> None:
    if data["repetition"] == 0 and data["image_sha256"] not in story.problems:
        story.problems[data["image_sha256"]] = from_json(data)
    if data["noise_parameters"] not in story.noise_parameters:
        story.noise_parameters.append(data["noise_parameters"])
    story.sigmas.add(data.get("sigma"))
    story.repetitions.add(data["repetition"])
    story.sizes.add((data["channels"], data["height"], data["width"]))
    story.started.add(data.get("started_at", ""))
    environment = data.get("environment", "")
    story.environments[environment] = story.environments.get(environment, 0) + 1


def _note_result(row: RowStory, data: Mapping[str, Any]) -> None:
    row.repetitions.add(data["repetition"])
    row.batches.add(data.get("batch", 1))
    status = data.get("status", "ok")
    if status != "ok":
        reason = data.get("error") or "no reason was recorded"
        kind = (status, kind_of_failure(reason))
        if kind not in row.failures:
            row.failures[kind] = Failures(status=status, printed=data.get("printed") or "")
        row.failures[kind].reasons[reason] = None
        draw = f" (draw {data['repetition'] + 1})" if data["repetition"] else ""
        row.failures[kind].images.append(f"{data['image']}{draw}")
        return
    if data["repetition"] == 0 and data.get("output_sha256"):
        row.outputs[data["image_sha256"]] = Output(data["output_sha256"], data.get("psnr"))
    if data.get("curve") is not None:
        trajectory = _trajectory(data)
        if trajectory is not None:
            row.curves[data["image_sha256"], data["repetition"]] = trajectory


def _trajectory(data: Mapping[str, Any]) -> TimedCurve | None:
    """Return the points of a curve that can be measurements; None where there are none."""
    seconds = np.array(data["curve"]["wall_seconds"], dtype=np.float64)
    psnr = np.array(data["curve"]["psnr"], dtype=np.float64)  # None becomes NaN
    lowest, highest = PLAUSIBLE["psnr"]
    # as float32, which they become, the times must still be above 0
    good = (psnr >= lowest) & (psnr <= highest) & (seconds >= _SHORTEST)
    good &= seconds <= PLAUSIBLE["wall_seconds"][1]
    if not good.any():
        return None
    return TimedCurve(
        seconds=seconds[good].astype(np.float32),
        psnr=psnr[good].astype(np.float32),
    )
