"""The PSNR of every row on every image of a board, from the same panel that was ranked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from priorbench.ranking.boards import Board
from priorbench.ranking.inference.shared_results import shared_results
from priorbench.ranking.names import Place
from priorbench.ranking.panels import Panel

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class PerImage:
    """A board image by image, its rows in the board's order; NaN where there is no PSNR.

    Attributes
    ----------
    images : tuple of str
        names; two of one name have part of their digests too.
    psnr : ndarray of float64
        (rows, images) in dB, mean over the repetitions.
    difference : ndarray of float64 or None
        (rows, images) in dB, to the reference on the same noisy pixels; None without a reference.
    """

    images: tuple[str, ...]
    psnr: Array
    difference: Array | None


def per_image(board: Board, panel: Panel) -> PerImage:
    """Return a board's results image by image, of ranked rows those that ranks are over."""
    shared = shared_results(panel).panel
    slots = shared.by_slot(np.where(shared.scores.status == "ok", shared.scores.psnr, np.nan))
    numbers = {place: row for row, place in enumerate(panel.places)}
    order = [numbers[Place(row.denoiser, row.stopping_rule, row.device, row.threads)] for row in board.rows]
    names = [row.name for row in board.rows]
    difference = None
    if board.reference is not None:
        reference = order[names.index(board.reference)]
        difference = panel.by_image(slots[order] - slots[reference])
    return PerImage(
        images=panel.image_names(),
        psnr=panel.by_image(slots)[order],
        difference=difference,
    )
