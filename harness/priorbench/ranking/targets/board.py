"""Makes the tables of targets of a store: a board for each leaderboard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench.errors import PriorbenchError
from priorbench.ranking.panels import Panel
from priorbench.ranking.targets.choosing import (
    Runner,
    common_slots,
    runner_names,
    runner_of,
    why_excluded,
)
from priorbench.ranking.targets.collecting import Collector, Method, Told
from priorbench.ranking.targets.measures import Images, band, distribution, hits_of, reached
from priorbench.ranking.targets.model import Asked, MethodTimes, TargetBoard, Within
from priorbench.ranking.targets.notation import Target
from priorbench.ranking.targets.notes import by_definition, notes
from priorbench.ranking.targets.picks import picks
from priorbench.ranking.targets.wanted import check_references, owner, wanted

Array = NDArray[np.float64]
Indices = NDArray[np.int64]


def target_boards(
    panels: Sequence[Panel], documents: Iterable[Mapping[str, Any]], asked: Asked
) -> list[TargetBoard]:
    """Return quality against time on every board that has fits.

    Parameters
    ----------
    panels : Sequence[Panel]
        `priorbench.ranking.panels.panels` of the store: unlike sets, cuts, noises, ... are apart there.
    documents : Iterable[Mapping[str, Any]]
        `Store.documents`, with curves.
    asked : Asked
        targets and times.

    Raises
    ------
    PriorbenchError
        If a target names a method that no board has, or several of one board.
    """
    check_references(asked.targets, panels)
    collector = Collector(panels)
    for data in documents:
        collector.add(data)
    return collected(collector, panels, asked)


def collected(collector: Collector, panels: Sequence[Panel], asked: Asked) -> list[TargetBoard]:
    """Return the boards of what a collector has seen, of `panels` in their order."""
    check_references(asked.targets, panels)
    found = (_board(panel, told, asked) for panel, told in zip(panels, collector.told, strict=True))
    return [board for board in found if board is not None]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Frame:
    """What all methods of a board are measured by."""

    targets: tuple[Target, ...]
    wanted: tuple[Array, ...]
    owners: tuple[Method | None, ...]
    marks: NDArray[np.bool_]
    image: Indices
    images: Images
    budgets: tuple[float, ...]


def _board(panel: Panel, told: Mapping[Method, Told], asked: Asked) -> TargetBoard | None:
    every = [runner_of(method, own) for method, own in sorted(told.items(), key=lambda item: str(item[0]))]
    runners = [one for one in every if one is not None]
    if not runners:
        return None
    image = np.searchsorted(panel.starts, np.arange(panel.slots), side="right") - 1
    marks = common_slots(runners, panel.slots, shared=asked.shared)
    if not marks.any():
        raise PriorbenchError(f"{panel.setting}: there is no image that every method has; leave out --shared")
    slots = np.flatnonzero(marks)
    pairs = [(target, values) for target in asked.targets if (values := wanted(target, panel)) is not None]
    frame = _Frame(
        targets=tuple(target for target, _ in pairs),
        wanted=tuple(values for _, values in pairs),
        owners=tuple(owner(target, panel) for target, _ in pairs),
        marks=marks,
        image=image,
        images=Images(slots, image, panel.noisy_psnr),
        budgets=asked.budgets,
    )
    inside = [_inside(one, marks) for one in runners]
    names = runner_names(runners)
    methods = [_method(one, name, frame) for one, name in zip(inside, names, strict=True) if one.fits]
    methods.sort(key=lambda one: (bool(one.excluded), -_rate(one), one.name))
    return TargetBoard(
        protocol=panel.protocol,
        setting=panel.setting,
        labels=panel.labels,
        images=len(np.unique(image[slots])),
        fits=len(slots),
        noisy_psnr=frame.images.noisy_psnr,
        unclipped=panel.unclipped,
        targets=tuple(map(str, frame.targets)),
        methods=tuple(methods),
        picks=picks(methods, asked.budgets),
        notes=(
            *by_definition(methods),
            *notes(
                panel,
                dict(zip(names, inside, strict=True)),
                told,
                missing=[str(target) for target in asked.targets if target not in frame.targets],
                partial={
                    str(target): int(np.isnan(values[slots]).sum())
                    for target, values in zip(frame.targets, frame.wanted, strict=True)
                },
                left_out=int(panel.slots - len(slots)),
            ),
        ),
    )


def _inside(runner: Runner, marks: NDArray[np.bool_]) -> Runner:
    return replace(runner, fits={slot: fit for slot, fit in runner.fits.items() if marks[slot]})


def _rate(method: MethodTimes) -> float:
    fits = sum(one.fits for one in method.reached)
    return sum(one.successes for one in method.reached) / fits if fits else 0.0


def _method(runner: Runner, name: str, frame: _Frame) -> MethodTimes:
    method, fits = runner.method, runner.fits
    excluded = why_excluded(runner, frame.marks, frame.image)
    timed = runner.timed
    hits = [hits_of(fits, values) for values in frame.wanted]
    times = np.concatenate([one.times for one in hits]) if timed and hits else np.empty(0)
    found = [reached(str(target), own, timed=timed) for target, own in zip(frame.targets, hits, strict=True)]
    return MethodTimes(
        name=name,
        label=method.label,
        average=method.average,
        rule=method.rule,
        device=method.device,
        threads=method.threads,
        environment="" if "+" in runner.environment else runner.environment,
        batch=runner.batch,
        iterative=runner.told.iterative,
        images=len(np.unique(frame.image[list(fits)])),
        fits=len(fits),
        failed=sum(fit.failed for fit in fits.values()),
        tainted=sum(fit.tainted for fit in fits.values()),
        excluded=excluded,
        timed=timed,
        reached=tuple(found),
        own_targets=tuple(
            one.target
            for one, owner_of in zip(found, frame.owners, strict=True)
            if owner_of == method and one.fits and one.successes == one.fits
        ),
        within=tuple(_within(fits, at, times, frame, compared=not excluded) for at in frame.budgets)
        if timed
        else (),
        against_seconds=band(fits, frame.image, lambda fit: fit.seconds) if timed else None,
        against_iterations=band(fits, frame.image, lambda fit: fit.iteration)
        if runner.told.iterative
        else None,
        distribution=distribution(times),
    )


def _within(fits: Mapping[int, Any], at: float, times: Array, frame: _Frame, *, compared: bool) -> Within:
    share = float(np.mean(times <= at)) if len(times) else None
    if compared:
        return frame.images.within(fits, at, share)
    return Within(seconds=at, reached=share, psnr=None, gain=None, best_psnr=None, best_gain=None, without=0)
