"""Groups trials that can be fitted at once: of one method, on images of one shape, each image once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import cache

from priorbench.contract.specs import DenoiserSpec
from priorbench.contract.trial import Trial
from priorbench.errors import PriorbenchError
from priorbench.loading.registry import Registry
from priorbench.suite.inspection import abilities

Group = tuple[Trial, ...]


def groups(trials: Iterable[Trial], registry: Registry, size: int) -> Iterator[Group]:
    """Yield trials in groups of at most `size`; what nothing can be added to comes at once, the rest last.

    Which methods can fit several images at once, their specs say, or a child process is asked.
    """
    can = _can_fit_several(registry)
    waiting: dict[str, list[Trial]] = {}
    for trial in trials:
        if size == 1 or trial.known or not can(trial.denoiser.name):
            yield (trial,)
            continue
        kin = _kin(trial)
        group = waiting.setdefault(kin, [])
        group.append(trial)
        if len(group) == size:
            yield tuple(waiting.pop(kin))
    yield from map(tuple, waiting.values())


def _can_fit_several(registry: Registry) -> Callable[[str], bool]:
    @cache
    def can(name: str) -> bool:
        spec = registry.find("denoiser", name).spec
        assert isinstance(spec, DenoiserSpec)
        try:
            return abilities(spec).together
        except PriorbenchError:  # the worker says so, in a record
            return False

    return can


def _kin(trial: Trial) -> str:
    """Return what trials have in common that can be run as one, or be refused as one.

    Two draws of the noise on one image have nothing in common: a method that gets both could compute the
    clean image from them.
    """
    chosen = [trial.denoiser, trial.image_set, trial.operator, trial.noise, *trial.stopping]
    shape = trial.channels, trial.height, trial.width
    alike = [*map(asdict, chosen), shape, trial.repetition, trial.device, trial.threads]
    return json.dumps(alike, sort_keys=True)
