"""Reads a picture of a set; a colour file whose planes are equal is grey, and is said to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from priorbench.pictures import Picture, PictureRules, UnusableImageError, read_picture

_EQUAL = "three equal planes"


def read_member(path: str, rules: PictureRules) -> Picture:
    """Read one picture; with ``channels = grey``, one of three equal planes is taken as grey.

    Noise that is drawn for three channels is not that of a grey picture: what the file is called decides by
    several dB. So such a file is noted where it is used as colour.

    Parameters
    ----------
    path : str
        the file.
    rules : PictureRules
        which pictures are used, and the part of them that is.

    Raises
    ------
    UnusableImageError
        it cannot be used.
    """
    wants_grey = rules.channels == "grey"
    picture = read_picture(path, replace(rules, channels="any") if wants_grey else rules)
    planes = picture.pixels
    if len(planes) == 1:
        return picture
    equal = np.array_equal(planes[0], planes[1]) and np.array_equal(planes[0], planes[2])
    if wants_grey and equal:
        notes = (*picture.notes, f"{_EQUAL}, taken as grey")
        return replace(picture, pixels=planes[:1].copy(), notes=notes)
    if wants_grey:
        raise UnusableImageError("colour picture; channels = grey takes only grey ones", path=path)
    note = (f"{_EQUAL}: a grey picture stored as colour (channels=grey takes it as grey)",) if equal else ()
    return replace(picture, notes=(*picture.notes, *note))
