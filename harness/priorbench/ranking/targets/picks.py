"""What to pick for a given time a picture: the method with the highest mean PSNR by then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from priorbench.ranking.targets.model import MethodTimes, Pick, Within
from priorbench.words import plural


def picks(methods: Sequence[MethodTimes], budgets: Sequence[float]) -> tuple[Pick, ...]:
    """Return the best compared method for each time, among those that were timed on the same machine."""
    machines: dict[tuple[str, int, str], list[MethodTimes]] = {}
    for one in methods:
        if one.timed and not one.excluded:
            machines.setdefault((one.device, one.threads, one.environment), []).append(one)
    found: list[Pick] = []
    for (device, threads, environment), members in sorted(machines.items()):
        where = f"{device}, {plural(threads, 'thread')}, environment {environment[:6] or 'unknown'}"
        found += (_pick(where, members, number, at) for number, at in enumerate(budgets))
    return tuple(found)


def _pick(where: str, members: Sequence[MethodTimes], number: int, at: float) -> Pick:
    ready = list(_ready(members, number))
    if not ready:
        return Pick(seconds=at, conditions=where, method=None)
    method, own, _ = max(ready, key=lambda item: item[1].psnr or 0.0)
    best_method, best, _ = max(ready, key=lambda item: item[1].best_psnr or 0.0)
    return Pick(
        seconds=at,
        conditions=where,
        method=method.name,
        psnr=own.psnr,
        gain=own.gain,
        without=own.without,
        tainted=method.tainted > 0,
        best_method=best_method.name,
        best_psnr=best.best_psnr,
        best_gain=best.best_gain,
    )


def _ready(members: Sequence[MethodTimes], number: int) -> Iterator[tuple[MethodTimes, Within, int]]:
    """Yield the methods that have a result on some image by then."""
    for one in members:
        own = one.within[number]
        if own.psnr is not None and own.without < one.images:
            yield one, own, number
