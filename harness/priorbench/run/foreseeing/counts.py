"""What is counted in folders of pictures: those in folders inside it, and the files that are none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from priorbench.contract.images import ImageSet
from priorbench.contract.specs import ImageSetSpec
from priorbench.errors import PriorbenchError
from priorbench.words import plural

#: folders that are named
_NAMED = 3


def told_counts(sets: Iterable[tuple[str, ImageSetSpec, ImageSet]]) -> Iterator[str]:
    """Yield a line for each folder whose number of pictures may not be the one that was meant.

    Parameters
    ----------
    sets : iterable of (str, ImageSetSpec, ImageSet)
        label, spec and set; those that are no folders are passed over.
    """
    for label, spec, found in sets:
        if spec.takes_folder and (line := _line(found)):
            yield f"image set '{label}': {line}"


def _line(found: ImageSet) -> str:
    try:
        ids = list(getattr(found, "ids", list)())
    except PriorbenchError:
        return ""  # who reads it tells
    inside = Counter(name.partition("/")[0] for name in ids if "/" in name)
    parts = [plural(len(ids), "picture")]
    if inside:
        count = inside.total()
        what = "all" if count == len(ids) else str(count)
        more = f", and {len(inside) - _NAMED} more" if len(inside) > _NAMED else ""
        some = ", ".join(f"{name} {number}" for name, number in list(inside.items())[:_NAMED])
        folders = plural(len(inside), "folder")
        parts.append(
            f"{what} of them in {folders} inside it ({some}{more}): recursive=false leaves these out"
        )
    if others := getattr(found, "ignored", 0):
        parts.append(
            f"{plural(others, 'other file')} {'is no picture' if others == 1 else 'are no pictures'}"
        )
    return "; ".join(parts) if len(parts) > 1 else ""
