"""What the report tells beyond the ranking: curves, failures and settings, from one walk over the records."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench.naming import Place
from priorbench.records import Record

#: protocol, image set, noise
BoardKey = tuple[int, str, str]

#: as many images are named for each kind of failure
_EXAMPLES = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Trajectory:
    """A trial's curve: seconds and PSNR in dB, increasing in time, and the noisy image it began with."""

    noisy_sha256: str | None
    seconds: NDArray[np.float32]
    psnr: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class Failures:
    """Trials of one row that went wrong in the same way.

    Attributes
    ----------
    status, reason : how and why.
    images : every one, with repetition.
    printed : the last lines that the first of them printed.
    """

    status: str
    reason: str
    images: list[str] = field(default_factory=list)
    printed: str = ""

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
    settings : any of the records, for what they have in common.
    curves : (image digest, repetition) -> trajectory.
    failures : by status and reason.
    """

    settings: Record
    curves: dict[tuple[str, int], Trajectory] = field(default_factory=dict)
    failures: dict[tuple[str, str], Failures] = field(default_factory=dict)

    def same_version(self, record: Record) -> bool:
        """Say whether a record is of the same code and parameters."""
        own = self.settings
        return (own.plugin_source, own.plugin_version, own.parameters, own.stopping_parameters) == (
            record.plugin_source,
            record.plugin_version,
            record.parameters,
            record.stopping_parameters,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class BoardStory:
    """What the records of one board say.

    Attributes
    ----------
    rows : by place.
    problems : image digest -> a record of its first noise draw.
    noise_parameters : the distinct ones.
    sigmas : standard deviations that the methods were told, on the 0..1 scale.
    sizes : (channels, height, width) of the images.
    started : moments at which trials began, ISO 8601.
    environments : fingerprint -> number of records.
    """

    rows: dict[Place, RowStory] = field(default_factory=dict)
    problems: dict[str, Record] = field(default_factory=dict)
    noise_parameters: list[Any] = field(default_factory=list)
    sigmas: set[float | None] = field(default_factory=set)
    sizes: set[tuple[int, int, int]] = field(default_factory=set)
    started: set[str] = field(default_factory=set)
    environments: dict[str, int] = field(default_factory=dict)


def gather(records: Iterable[Record], boards: Collection[BoardKey]) -> dict[BoardKey, BoardStory]:
    """Walk over the records once and keep what belongs to `boards`."""
    stories = {key: BoardStory() for key in boards}
    for record in records:
        story = stories.get((record.protocol, record.image_set, record.noise))
        if story is not None:
            _note_conditions(story, record)
            _note_result(_row(story, record), record)
    return stories


def _row(story: BoardStory, record: Record) -> RowStory:
    """Return the row of a record; records of an earlier version than it are forgotten."""
    place = Place(record.label, record.stopping_rule, record.device, record.threads)
    row = story.rows.get(place)
    if row is None or not row.same_version(record):
        row = story.rows[place] = RowStory(settings=record)
    return row


def _note_conditions(story: BoardStory, record: Record) -> None:
    if record.repetition == 0:
        story.problems.setdefault(record.image_sha256, record)
    if record.noise_parameters not in story.noise_parameters:
        story.noise_parameters.append(record.noise_parameters)
    story.sigmas.add(record.sigma)
    story.sizes.add((record.channels, record.height, record.width))
    story.started.add(record.started_at)
    story.environments[record.environment] = story.environments.get(record.environment, 0) + 1


def _note_result(row: RowStory, record: Record) -> None:
    if record.status != "ok":
        kind = (record.status, record.error or "no reason was recorded")
        if kind not in row.failures:
            row.failures[kind] = Failures(status=kind[0], reason=kind[1], printed=record.printed or "")
        draw = f" (draw {record.repetition + 1})" if record.repetition else ""
        row.failures[kind].images.append(f"{record.image}{draw}")
    elif record.curve is not None:
        seconds = np.array(record.curve.wall_seconds, dtype=np.float32)
        psnr = np.array(record.curve.psnr, dtype=np.float32)  # None becomes NaN
        good = np.isfinite(psnr) & (seconds > 0)
        if good.any():
            row.curves[record.image_sha256, record.repetition] = Trajectory(
                noisy_sha256=record.noisy_sha256, seconds=seconds[good], psnr=psnr[good]
            )
