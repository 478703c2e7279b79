"""The ranking: one board for each image set and noise, one row for each method and stopping rule."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median

from priorbench.records import Record


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One method under one stopping rule on one board.

    Attributes
    ----------
    rank : by mean PSNR among the rows that may be ranked; None with `unranked` saying why.
    denoiser, stopping_rule, device, threads : what ran; `denoiser` is the label.
    images : images with a usable result; repetitions are averaged within an image first.
    failures : status -> trials without a result.
    psnr, ssim, gain : means over the images; `gain` over the noisy image, in dB.
    infinite : images that were restored exactly; their PSNR is in no mean.
    oracle_psnr : mean of the best iterates that the harness saw, a bound that uses the clean image.
    seconds : median wall time for one image; None where timings were taken under unlike conditions.
    memory_bytes : largest peak.
    tainted : trials whose timing is marked.
    iterations : median number of iterations until the returned iterate.
    """

    rank: int | None = None
    unranked: str = ""
    denoiser: str
    stopping_rule: str | None
    device: str
    threads: int
    images: int
    failures: dict[str, int]
    psnr: float | None
    ssim: float | None
    gain: float | None
    infinite: int
    oracle_psnr: float | None
    seconds: float | None
    memory_bytes: int | None
    tainted: int
    iterations: float | None
    trained_on: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """The ranking on one image set under one noise.

    Attributes
    ----------
    images : images of the set that any method was run on.
    noisy_psnr : mean PSNR of the noisy images, in dB.
    rows : ranked rows first, best first; then the others.
    notes : what a reader must know.
    """

    protocol: int
    image_set: str
    noise: str
    images: int
    noisy_psnr: float | None
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def leaderboard(records: Iterable[Record]) -> list[Board]:
    """Rank the records of a store.

    Records of different protocols, image sets and noises come on different boards. Records whose noisy
    image is not the one that the other methods saw are left out and counted in a note.
    """
    boards: defaultdict[tuple[int, str, str], list[Record]] = defaultdict(list)
    for record in records:
        boards[record.protocol, record.image_set, record.noise].append(record)
    return [_board(*name, members) for name, members in sorted(boards.items())]


def _board(protocol: int, image_set: str, noise: str, records: Sequence[Record]) -> Board:
    current, notes = _latest(records)
    fair, more = _same_noise(current)
    notes += more
    images = len({_image(record) for record in fair})
    groups: defaultdict[tuple[str, str | None, str, int], list[Record]] = defaultdict(list)
    for record in fair:
        groups[_place(record)].append(record)
    rows = [_row(members) for members in groups.values()]
    rows = [replace(row, unranked=_why_unranked(row, images)) for row in rows]
    return Board(
        protocol=protocol,
        image_set=image_set,
        noise=noise,
        images=images,
        noisy_psnr=_mean(_by_image(fair, "noisy_psnr")),
        rows=_ranked(rows),
        notes=tuple(notes),
    )


def _latest(records: Sequence[Record]) -> tuple[list[Record], list[str]]:
    """Keep what the newest version of each row's method gave; never mix versions in one mean."""
    newest = {_place(record): _version(record) for record in records}
    current = {
        (_place(record), _image(record), record.repetition): record
        for record in records
        if newest[_place(record)] == _version(record)
    }
    left_out = len(records) - len(current)
    note = f"{left_out} records of earlier versions or parameters of the same labels are left out"
    return list(current.values()), [note] if left_out else []


def _place(record: Record) -> tuple[str, str | None, str, int]:
    return record.label, record.stopping_rule, record.device, record.threads


def _image(record: Record) -> str:
    """Tell images apart, also those of the same name in sets of the same label (another crop, say)."""
    return f"{record.image} {record.image_sha256}"


def _version(record: Record) -> str:
    parts = [record.parameters, record.stopping_parameters, record.plugin_version, record.plugin_source]
    return json.dumps(parts, sort_keys=True)


def _same_noise(records: Sequence[Record]) -> tuple[list[Record], list[str]]:
    """Keep, for each image and repetition, the records of the noisy image that most methods saw."""
    seen: defaultdict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    for record in records:
        if record.noisy_sha256:
            seen[_image(record), record.repetition][record.noisy_sha256] += 1
    usual = {place: counts.most_common(1)[0][0] for place, counts in seen.items()}
    fair = [
        record
        for record in records
        if record.noisy_sha256 in (None, usual.get((_image(record), record.repetition)))
    ]
    left_out = len(records) - len(fair)
    note = f"{left_out} records are left out: their noisy image is not the one that the other methods saw"
    return fair, [note] if left_out else []


def _row(records: Sequence[Record]) -> Row:
    good = [record for record in records if record.status == "ok"]
    first = records[0]
    comparable = len({record.environment for record in good}) == 1
    psnr = _by_image(good, "psnr")
    return Row(
        denoiser=first.label,
        stopping_rule=first.stopping_rule,
        device=first.device,
        threads=first.threads,
        images=len({_image(record) for record in good}),
        failures=dict(Counter(record.status for record in records if record.status != "ok")),
        psnr=_mean(psnr),
        ssim=_mean(_by_image(good, "ssim")),
        gain=_mean([value - noisy for value, noisy in _gains(good)]),
        infinite=len({_image(record) for record in good if record.mse == 0}),
        oracle_psnr=_mean(_by_image(good, "oracle_psnr")),
        seconds=_median(_by_image(good, "wall_seconds")) if comparable else None,
        memory_bytes=max((record.peak_memory_bytes or 0 for record in good), default=0) or None,
        tainted=sum(record.tainted is not None for record in good),
        iterations=_median(_by_image(good, "iterations")),
        trained_on=first.trained_on,
        unranked="an oracle sees the clean image" if first.oracle else "",
    )


def _why_unranked(row: Row, images: int) -> str:
    if row.unranked:
        return row.unranked
    if row.trained_on:
        return f"trained on {', '.join(row.trained_on)}"
    if row.images < images:
        failed = ", ".join(f"{count} {status}" for status, count in sorted(row.failures.items()))
        return f"{row.images} of {images} images" + (f": {failed}" if failed else "")
    return ""


def _ranked(rows: Iterable[Row]) -> tuple[Row, ...]:
    def order(row: Row) -> tuple[bool, float, str]:
        return bool(row.unranked), -(row.psnr or 0.0), row.denoiser

    ordered = sorted(rows, key=order)
    return tuple(replace(row, rank=None if row.unranked else place) for place, row in enumerate(ordered, 1))


def _by_image(records: Iterable[Record], field: str) -> list[float]:
    """Return one value for each image: the mean over its repetitions."""
    values: defaultdict[str, list[float]] = defaultdict(list)
    for record in records:
        value = getattr(record, field)
        if value is not None:
            values[_image(record)].append(value)
    return [fmean(group) for group in values.values()]


def _gains(records: Iterable[Record]) -> list[tuple[float, float]]:
    return [
        (record.psnr, record.noisy_psnr)
        for record in records
        if record.psnr is not None and record.noisy_psnr is not None
    ]


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _median(values: Sequence[float]) -> float | None:
    return median(values) if values else None
