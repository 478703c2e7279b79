"""What a reader must know of the records behind a board: disputed ones, the same pixels, fits that ended."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from priorbench.contract.requests import Request
from priorbench.ranking.inference.shared_results import Shared
from priorbench.ranking.panels import Panel
from priorbench.store.columns.keys import key_array, places
from priorbench.words import few, plural

#: images of one picture that are named, at most
_NAMED = 3
#: characters of the digest of an image; what is shorter is none, and tells nothing
_DIGEST = 64


def disputed_note(count: int, of: str) -> str:
    """Return what is said of records that have another result beside them.

    Parameters
    ----------
    count : int
        how many.
    of : str
        of what: ``"store"`` or ``"board"``.
    """
    return (
        f"{plural(count, 'record')} of this {of} had another result elsewhere, which is kept beside:"
        " of both, the one that was measured first counts"
    )


def disputed_on(panel: Panel, disputed: Collection[str]) -> list[str]:
    """Return a note where records of a panel have another result beside them.

    Parameters
    ----------
    panel : Panel
        the records of a board.
    disputed : Collection[str]
        keys of all records that have one.
    """
    if not disputed:
        return []
    count = int((places(key_array(sorted(disputed)), panel.scores.keys) >= 0).sum())
    return [disputed_note(count, "board")] if count else []


def same_pixels(shared: Shared) -> list[str]:
    """Return a note where images of a board have the same pixels: they are not independent of each other."""
    panel = shared.panel
    if not panel.slots:
        return []
    of_slot = np.full(panel.slots, -1, dtype=np.int64)
    of_slot[panel.slot] = panel.scores.problem
    of_slot[~shared.slots] = -1
    numbers = np.maximum.reduceat(of_slot, panel.starts)
    problems = panel.scores.problems
    digests = [problems[number].image_sha256 for number in numbers[numbers >= 0].tolist()]
    if len(set(digests)) == len(digests):
        return []
    named: dict[str, list[str]] = {}
    for number in numbers[numbers >= 0].tolist():
        named.setdefault(problems[number].image_sha256, []).append(problems[number].image)
    groups = [names for digest, names in named.items() if len(names) > 1 and len(digest) == _DIGEST]
    if not groups:
        return []
    twice = sum(map(len, groups))
    different = len(digests) - twice + len(groups)
    pictures = "is only one picture" if different == 1 else f"are only {different} pictures"
    return [
        f"{twice} of {len(digests)} images have the pixels of another ({few(map(_told, groups))}):"
        f" they count as {len(digests)} images, but there {pictures}; intervals and p claim too much"
    ]


def ended_by_themselves(panel: Panel) -> list[str]:
    """Return a note where methods ended fits before their budget was spent, as far as records tell.

    That is so of a fit under a rule without a criterion that ended before the rule's own number of
    iterations, or the method's, or before another such fit of the row. (A rule whose criterion was not met
    may have ended otherwise: ``hold-out-refit`` stops the second fit where it had chosen in the first.) Rules
    share fits: of the rows of a method the one that saw most of such fits counts.
    """
    scores = panel.scores
    lines: dict[tuple[str, str, int], tuple[int, str]] = {}
    for row, (place, request) in enumerate(zip(panel.places, panel.requests, strict=True)):
        if request.stopping is None:
            continue
        stops = scores.stopped_at[(panel.row == row) & (scores.status == "ok") & np.isnan(scores.fired)]
        stops = stops[np.isfinite(stops)]
        early = stops[stops < max([_budget(request), *stops.tolist()])]
        method = place.label, place.device, place.threads
        if len(early) > lines.get(method, (0, ""))[0]:
            of = plural(int(((panel.row == row) & (scores.status == "ok")).sum()), "fit")
            told = f"{place.label}: {len(early)} of {of}, median iteration {np.median(early):.0f}"
            lines[method] = len(early), told
    ended = [text for _, text in lines.values()]
    return [f"ended by itself, before its budget was spent: {few(ended)}"] if ended else []


def _budget(request: Request) -> float:
    """Return the number of iterations of a rule, or else the method's own; 0 where it is not known."""
    own = None if request.stopping is None else request.stopping.parameters.get("iterations")
    given = request.denoiser.parameters.get("iterations") if own is None else own
    return float(given) if isinstance(given, int | float) else 0.0


def _told(names: list[str]) -> str:
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return " = ".join([*names[:_NAMED], *more])
