"""Folders of one small picture under many names."""

from __future__ import annotations

from pathlib import Path

import picture_files as make

from priorbench.contract.images import Image, SkippedImage

PICTURE = make.encoded(make.photograph(16, 16))


def fill(root: Path, *names: str, data: bytes = PICTURE) -> Path:
    """Write the same picture under every name, folders included."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def outcome(image_set) -> tuple[list[str], dict[str, str]]:
    """Return the ids used, in order, and id -> reason of the rest."""
    items = list(image_set)
    used = [item.id for item in items if isinstance(item, Image)]
    skipped = {item.id: item.reason for item in items if isinstance(item, SkippedImage)}
    assert len(used) + len(skipped) == len(items), "every file exactly once"
    return used, skipped
