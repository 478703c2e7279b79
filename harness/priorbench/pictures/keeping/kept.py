"""From decoded samples to what is kept of their file."""

from __future__ import annotations

from priorbench.pictures.values import Samples
from priorbench.pictures.wanted import Depth, Kept


def kept_of(samples: Samples) -> Kept | None:
    """Return what a file has beside its pixels; None where nobody asked for it."""
    said = samples.metadata
    if said is None:
        return None
    depth: Depth = "8 bits"
    if samples.values.dtype.kind == "f":
        depth = "floating point"
    elif samples.peak > 255:
        depth = "16 bits"
    return Kept(
        depth=depth,
        double=samples.values.dtype.str[1:] == "f8",
        alpha=samples.alpha,
        exif=said.exif,
        icc=said.icc,
        resolution=said.resolution,
        white=samples.white if isinstance(samples.white, int) else None,
    )
