"""What the records of a panel say of each row: means over images, times, failures, conditions."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench.contract.requests import Request
from priorbench.ranking.boards import Interval, Row
from priorbench.ranking.names import Place, row_names, without_conditions
from priorbench.ranking.panels import Panel
from priorbench.ranking.suspicion import NEARLY_EXACT
from priorbench.ranking.times import geometric_means, logarithms
from priorbench.words import kind_of

Array = NDArray[np.float64]

#: what is remarked of the result of a fit that failed
FIT_FAILED = "the fit failed: its result misses the data by more than twice the noise energy"


class Measured:
    """The usable results of a panel, spread over its rows and slots.

    Attributes
    ----------
    psnr, seconds : ndarray of float64
        (rows, slots), NaN where there is none.
    exact : ndarray of bool
        (rows, slots), restored bit by bit.
    environment : ndarray of float64
        (rows, slots), a number for each fingerprint.
    """

    def __init__(self, panel: Panel) -> None:
        self._panel, self._scores = panel, panel.scores
        self._good = panel.scores.status == "ok"
        fingerprints = [entry.environment for entry in panel.scores.entries]
        numbers = {fingerprint: number for number, fingerprint in enumerate(fingerprints)}
        environment = np.array([numbers[fingerprint] for fingerprint in fingerprints], dtype=np.float64)
        self.psnr = self._spread(panel.scores.psnr)
        self.exact = np.nan_to_num(self._spread(panel.scores.exact.astype(np.float64))) > 0
        self.seconds = self._spread(panel.scores.wall_seconds)
        self.environment = self._spread(environment[panel.scores.entry])

    def rows(self, intervals: Sequence[Interval | None]) -> list[Row]:
        """Return the panel's rows, not ranked yet; `intervals` are those of their mean PSNR."""
        panel, scores = self._panel, self._scores
        names, differing = shown_names(panel), conditions(panel)
        usable = np.isfinite(self._by_image(self._good.astype(np.float64)))
        exact = np.nan_to_num(panel.by_image(self.exact.astype(np.float64))) > 0
        by_image = {
            "psnr": panel.by_image(self.psnr),
            "gain": panel.by_image(self.psnr - panel.noisy_psnr),
            "ssim": self._by_image(scores.ssim),
            "seconds": panel.by_image(logarithms(self.seconds)),
            **{f"metrics.{name}": values for name, values in self._metrics_by_image.items()},
        }
        columns: dict[str, list[Any]] = {
            "psnr": _means(by_image["psnr"]),
            "ssim": _means(by_image["ssim"]),
            "gain": _means(by_image["gain"]),
            "oracle_psnr": _means(self._by_image(scores.oracle_psnr)),
            "iterations": _each(np.median, self._by_image(scores.iterations)),
            "noise_correlation": _means(self._by_image(scores.noise_correlation)),
            "memory_bytes": [
                value and int(value) for value in _each(np.max, self._spread(scores.peak_memory_bytes))
            ],
            "failures": self._failures(),
            "remarks": self._remarks(),
            "metrics": self._metrics(),
            "fewer": _fewer(by_image, usable, exact),
            "unmeasured": self._unmeasured(),
            "never_fired": _each(lambda values: 1 - np.mean(values), self._by_image(scores.fired)),
            **self._times(by_image["seconds"]),
        }
        return [
            Row(
                name=names[row],
                conditions=differing[row],
                denoiser=place.label,
                stopping_rule=place.stopping_rule,
                device=place.device,
                threads=place.threads,
                images=int(usable[row].sum()),
                psnr_interval=intervals[row],
                infinite=int(exact[row].sum()),
                trained_on=entry.trained_on,
                settings=_settings(request),
                **{name: column[row] for name, column in columns.items()},
            )
            for row, (place, entry, request) in enumerate(
                zip(panel.places, panel.entries, panel.requests, strict=True)
            )
        ]

    def noisy_psnr(self, slots: NDArray[np.bool_]) -> float | None:
        """Return the mean PSNR of the noisy images of these slots, in dB."""
        noisy = np.where(slots, self._panel.noisy_psnr, np.nan)
        return _means(self._panel.by_image(noisy[None]))[0]

    def too_exact(self) -> list[int]:
        """Return for each row how many noisy images came out clean, exactly or nearly so."""
        came_out = self.exact | (np.nan_to_num(self.psnr) > NEARLY_EXACT)
        with np.errstate(invalid="ignore"):
            noisy = self._panel.noisy_psnr < NEARLY_EXACT
        found = np.where(came_out & noisy, 1.0, np.nan)
        return [int(count) for count in np.isfinite(self._panel.by_image(found)).sum(axis=1)]

    def _spread(self, values: NDArray[Any]) -> Array:
        return self._panel.by_slot(np.where(self._good, values, np.nan))

    def _by_image(self, values: NDArray[Any]) -> Array:
        return self._panel.by_image(self._spread(values))

    def _failures(self) -> list[dict[str, int]]:
        """Return status -> trials without a result, for each row."""
        counts: list[Counter[str]] = [Counter() for _ in self._panel.places]
        for record in np.flatnonzero(~self._good):
            counts[self._panel.row[record]][self._scores.status[record]] += 1
        return [dict(count) for count in counts]

    def _remarks(self) -> list[dict[str, int]]:
        """Return remark -> trials for each row; those that differ in numbers only are the first of them.

        A fit that failed is remarked on, too: its result counts, and is not averaged in silence.
        """
        counts: list[Counter[str]] = [Counter() for _ in self._panel.places]
        first: dict[tuple[int, str], str] = {}
        there = np.flatnonzero(self._good & (self._scores.remark != None))  # noqa: E711 - elementwise
        for record in there[np.argsort(self._panel.slot[there], kind="stable")].tolist():
            row, text = int(self._panel.row[record]), str(self._scores.remark[record])
            counts[row][first.setdefault((row, kind_of(text)), text)] += 1
        for record in np.flatnonzero(self._good & (self._scores.fit_failed > 0)).tolist():
            counts[self._panel.row[record]][FIT_FAILED] += 1
        return [dict(count) for count in counts]

    @cached_property
    def _metric_values(self) -> dict[str, tuple[Array, NDArray[np.bool_]]]:
        """Of every further metric, by its name: its value in each record, and which records were asked."""
        texts = self._scores.metrics
        found: dict[str, tuple[Array, NDArray[np.bool_]]] = {}
        for record in np.flatnonzero(texts != None):  # noqa: E711 - elementwise
            for name, value in json.loads(texts[record]).items():
                if name not in found:
                    found[name] = np.full(len(texts), np.nan), np.zeros(len(texts), dtype=bool)
                values, asked = found[name]
                values[record] = np.nan if value is None else value
                asked[record] = True
        return {name: found[name] for name in sorted(found)}

    @cached_property
    def _metrics_by_image(self) -> dict[str, Array]:
        """Means over the repetitions of an image of every further metric, by its name."""
        return {name: self._by_image(values) for name, (values, _) in self._metric_values.items()}

    def _unmeasured(self) -> list[dict[str, int]]:
        """Return for each row and further metric the number of usable results that were made without it."""
        found: list[dict[str, int]] = [{} for _ in self._panel.places]
        for name, (_, asked) in self._metric_values.items():
            counts = np.bincount(self._panel.row[self._good & ~asked], minlength=len(found))
            for row in np.flatnonzero(counts):
                found[row][name] = int(counts[row])
        return found

    def _metrics(self) -> list[dict[str, float | None]]:
        """Return name -> mean of every further metric, for each row."""
        means = {name: _means(values) for name, values in self._metrics_by_image.items()}
        return [{name: mean[row] for name, mean in means.items()} for row in range(len(self._panel.places))]

    def _times(self, logarithms: Array) -> dict[str, list[Any]]:
        """Return the times of each row by their logarithms; none where trials ran in unlike environments."""
        mixed = [len(np.unique(row[np.isfinite(row)])) != 1 for row in self.environment]
        means = geometric_means(logarithms)
        marked = self._panel.row[self._good & self._scores.tainted]
        return {
            "seconds": [None if unlike else value for value, unlike in zip(means, mixed, strict=True)],
            "tainted": np.bincount(marked, minlength=len(self._panel.places)).tolist(),
        }


def _fewer(
    by_image: Mapping[str, Array], usable: NDArray[np.bool_], exact: NDArray[np.bool_]
) -> list[dict[str, int]]:
    """Return for each row the number of values of each field that has some, but not of all usable images."""
    found: list[dict[str, int]] = [{} for _ in usable]
    for name, values in by_image.items():
        there = np.isfinite(values)
        whole = there | exact if name in ("psnr", "gain") else there  # exact ones are told beside the mean
        for row in np.flatnonzero(there.any(axis=1) & (whole & usable != usable).any(axis=1)):
            found[row][name] = int(there[row].sum())
    return found


def _means(values: Array) -> list[float | None]:
    return _each(np.mean, values)


def _each(reduce: Callable[[Array], Any], values: Array) -> list[float | None]:
    """Reduce the finite values of each row; None where there are none."""
    finite = (row[np.isfinite(row)] for row in values)
    return [float(reduce(row)) if len(row) else None for row in finite]


def _settings(request: Request) -> str:
    chosen = [choice and [choice.name, choice.parameters] for choice in (request.denoiser, request.stopping)]
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()[:16]


def conditions(panel: Panel) -> list[tuple[str, ...]]:
    """Return for each row its device, threads, batch and environment, as far as the rows differ in them.

    A batch is the number of images that were fitted at once, at most. Environments are those of a same device
    and number of threads, because these are part of an environment.
    """
    entries = [
        {panel.scores.entries[entry] for entry in np.unique(panel.scores.entry[panel.row == row])}
        for row in range(len(panel.places))
    ]
    batches = [max((entry.batch for entry in own), default=1) for own in entries]
    environments = ["+".join(sorted({entry.environment for entry in own})) for own in entries]
    return condition_parts(panel.places, batches, environments)


def condition_parts(
    places: Sequence[Place], batches: Sequence[int], environments: Sequence[str]
) -> list[tuple[str, ...]]:
    """Return for each place what its name needs of device, threads, batch and environment.

    Parameters
    ----------
    places : Sequence[Place]
        the places.
    batches : Sequence[int]
        images that were fitted at once, at most, of each.
    environments : Sequence[str]
        fingerprint of each, several joined by ``+``.
    """
    columns = [
        _differing([place.device for place in places]),
        _differing([f"{place.threads}-threads" for place in places]),
        _differing([f"batch-{batch}" for batch in batches]),
        _environments(places, environments),
    ]
    return [tuple(filter(None, parts)) for parts in zip(*columns, strict=True)]


def shown_names(panel: Panel) -> list[str]:
    """Return the shortest name of each row that no other has, and its conditions."""
    return names_with(panel.places, conditions(panel))


def names_with(places: Sequence[Place], parts: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the shortest name of each place that no other has, and those parts that it lacks."""
    bare = row_names(places)
    return [
        "@".join([without_conditions(bare[place], own), *own])
        for place, own in zip(places, parts, strict=True)
    ]


def _differing(values: Sequence[str]) -> list[str]:
    return list(values) if len(set(values)) > 1 else [""] * len(values)


def _environments(places: Sequence[Place], environments: Sequence[str]) -> list[str]:
    kinds: dict[tuple[str, int], set[str]] = {}
    for place, environment in zip(places, environments, strict=True):
        kinds.setdefault((place.device, place.threads), set()).add(environment)
    return [
        _short(environment) if len(kinds[place.device, place.threads]) > 1 else ""
        for place, environment in zip(places, environments, strict=True)
    ]


def _short(environment: str) -> str:
    several = "+" in environment
    return "env-several" if several else f"env-{environment[:6] or 'unknown'}"
