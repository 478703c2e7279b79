"""What the tags of a TIFF say that decoders overlook: signs, further samples and planes, orientation."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from priorbench.pictures.formats import orientation

_WIDTH, _LENGTH, _DESCRIPTION, _ORIENTATION, _SAMPLES = 256, 257, 270, 274, 277
_PLANAR_CONFIGURATION, _EXTRA_SAMPLES, _SAMPLE_FORMAT, _DEPTH, METAMORPH_PLANES, _ICC = (
    284,
    338,
    339,
    32997,
    33629,
    34675,
)
_MAX_SAMPLE = 281
#: the largest values of 8 to 15 bits
_WHITES = frozenset(2**bits - 1 for bits in range(8, 16))
_SIGNED = 2
_COMPLEX = frozenset({5, 6})
_UNSPECIFIED, _ASSOCIATED_ALPHA, _PLAIN_ALPHA = 0, 1, 2
#: why samples beside the colour are refused
UNKNOWN_SAMPLES = (
    "samples beside the colour that are neither opaque nor plain alpha: what they mean is not known"
)
#: what to do with a file of several pictures
SAVE_ONE = "save the one you want as a picture of its own"
_SEPARATE_PLANES = 2
_COMPRESSION, _UNCOMPRESSED = 259, 1
_PHOTOMETRIC, _RGB = 262, 2
_IMAGEJ_PLANES = re.compile(r"^images=(\d{1,9})\s*$", re.MULTILINE)
_LONGEST_SHAPE = 10_000

#: number of a tag -> its value; several values are a tuple
Tags = Mapping[int, Any]


def stored_size(tags: Tags) -> tuple[int, int]:
    """Return (width, height) of the pixels as they lie in the file, whatever the orientation says."""
    return _number(tags.get(_WIDTH), 0), _number(tags.get(_LENGTH), 0)


def orientation_of(tags: Tags) -> int:
    """Return the orientation, 1 to 8."""
    return orientation.checked(tags.get(_ORIENTATION))


def white_of(tags: Tags) -> int:
    """Return the value of white that tag 281 (MaxSampleValue) says; 0 if it says none that can be one.

    Many programs write the largest sample there. So only 255, 511, 1023, ... count, the same in all planes.
    """
    samples = _number(tags.get(_SAMPLES), 1) - len(_values(tags.get(_EXTRA_SAMPLES)))
    told = set(_values(tags.get(_MAX_SAMPLE))[:samples])
    value = told.pop() if len(told) == 1 else 0
    return int(value) if isinstance(value, int) and value in _WHITES else 0


def notes_of(tags: Tags) -> tuple[str, ...]:
    """Return what of the tags is not used."""
    icc = ("ICC profile ignored",) if tags.get(_ICC) else ()
    return icc + orientation.notes(orientation_of(tags))


def problem(tags: Tags) -> str:
    """Return why a TIFF cannot be used, one line; empty if its tags do not tell."""
    formats = set(_values(tags.get(_SAMPLE_FORMAT)))
    if _SIGNED in formats:
        return "signed integers: range unknown; save it with 8 or 16 bits unsigned"
    if formats & _COMPLEX:
        return "complex numbers: not a picture"
    planes = _planes(tags)
    if planes > 1:
        return f"a stack of {planes} planes in one page; {SAVE_ONE}"
    return ""


def is_plain_alpha(tags: Tags) -> bool:
    """Tell whether the one further sample is alpha that colour was not multiplied with."""
    return _values(tags.get(_EXTRA_SAMPLES)) == (_PLAIN_ALPHA,)


def has_unread_samples(tags: Tags, bits: int) -> bool:
    """Tell whether Pillow drops samples without a look, or does not read alpha as the file has it."""
    extra = _values(tags.get(_EXTRA_SAMPLES))
    if len(extra) > 1 or _UNSPECIFIED in extra:
        return True
    if not extra:
        return False
    if bits > 8 and _ASSOCIATED_ALPHA in extra:
        return True
    through_libtiff = _number(tags.get(_COMPRESSION), _UNCOMPRESSED) != _UNCOMPRESSED
    rightly = through_libtiff and _number(tags.get(_PHOTOMETRIC), 0) == _RGB
    return _number(tags.get(_PLANAR_CONFIGURATION), 1) == _SEPARATE_PLANES and not rightly


def _planes(tags: Tags) -> int:
    """Return the planes that stand behind one directory, as microscopes and ImageJ write them."""
    description = tags.get(_DESCRIPTION)
    text = description if isinstance(description, str) else ""
    counts = [_number(tags.get(_DEPTH), 1), len(_values(tags.get(METAMORPH_PLANES)))]
    if text.startswith("ImageJ="):
        counts += [int(found) for found in _IMAGEJ_PLANES.findall(text)]
    elif text.startswith('{"shape":') and len(text) < _LONGEST_SHAPE:
        counts.append(_planes_of_shape(text, tags))
    return max(counts)


def _planes_of_shape(text: str, tags: Tags) -> int:
    """Return the planes of a description by tifffile, which tells the shape of the array."""
    try:
        shape = json.loads(text)["shape"]
        values = math.prod(int(side) for side in shape)
    except (ValueError, TypeError, KeyError, RecursionError):
        return 1
    one = math.prod(stored_size(tags)) * _number(tags.get(_SAMPLES), 1)
    return values // one if one else 1


def _values(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def _number(value: Any, otherwise: int) -> int:
    found = _values(value)
    return int(found[0]) if found and isinstance(found[0], int) else otherwise
