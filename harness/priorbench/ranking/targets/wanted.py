"""What a target is on each noisy image of a board."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from priorbench.errors import PriorbenchError, UnknownNameError
from priorbench.ranking.names import Place, find_place
from priorbench.ranking.panels import Panel
from priorbench.ranking.targets.collecting import Method, method_of
from priorbench.ranking.targets.notation import Target

Array = NDArray[np.float64]


def check_references(targets: Sequence[Target], panels: Sequence[Panel]) -> None:
    """Raise `UnknownNameError` for a target whose method no board has, unless it is optional."""
    for target in targets:
        if target.beside_noisy or target.optional:
            continue
        if all(_place(target, panel) is None for panel in panels):
            everywhere = dict.fromkeys(place for panel in panels for place in panel.places)
            find_place(target.base, list(everywhere))  # raises, with a guess at what was meant


def is_method(name: str, panels: Sequence[Panel]) -> bool:
    """Say whether a name is that of a method on some board."""
    return any(_place(Target(base=name, optional=True), panel) is not None for panel in panels)


def wanted(target: Target, panel: Panel) -> Array | None:
    """Return the PSNR that is a target on each slot, in dB; None where the board does not have it.

    It is NaN where the noisy image, or the reference's result, has no PSNR, and infinite where the reference
    restored the image exactly.
    """
    if target.beside_noisy:
        return panel.noisy_psnr + target.offset
    place = _place(target, panel)
    if place is None:
        return None
    scores = panel.scores
    psnr = np.where(scores.exact, np.inf, scores.psnr)
    own = panel.by_slot(np.where(scores.status == "ok", psnr, np.nan))[panel.places.index(place)]
    return None if np.isnan(own).all() else own + target.offset


def owner(target: Target, panel: Panel) -> Method | None:
    """Return whose fits have the results that a target is, or lies below; None for any other target."""
    place = None if target.beside_noisy or target.offset > 0 else _place(target, panel)
    if place is None:
        return None
    stopping = panel.requests[panel.places.index(place)].stopping
    return method_of(place, {} if stopping is None else stopping.parameters)


def _place(target: Target, panel: Panel) -> Place | None:
    """Return the reference on a board; of several that an optional one may mean, the first by name."""
    pairs = zip(panel.places, panel.entries, strict=True)
    oracles = [place for place, entry in pairs if entry.oracle]
    try:
        return find_place(target.base, panel.places, oracles)
    except UnknownNameError:
        return None
    except PriorbenchError:
        if not target.optional:
            raise
    return min((place for place in panel.places if place.label == target.base), default=None)
