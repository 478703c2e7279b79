"""Pictures as bytes, to be sent: pixels, and what is told of them. It does without torch."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from priorbench.contract.images import Image, NoisyImage

_LENGTH = 8
Picture = TypeVar("Picture", Image, NoisyImage)


def packed(picture: Image | NoisyImage) -> bytes:
    """Return a picture as bytes: a line of JSON with its length before it, and the pixels."""
    facts: dict[str, Any] = {"notes": list(picture.notes)}
    if isinstance(picture, NoisyImage):
        facts["sigma"] = picture.sigma
    head = json.dumps(facts).encode()
    pixels = io.BytesIO()
    np.save(pixels, np.ascontiguousarray(picture.pixels, dtype="<f4"), allow_pickle=False)
    return len(head).to_bytes(_LENGTH) + head + pixels.getvalue()


def unpacked_image(data: bytes, image_id: str, digest: str) -> Image:
    """Return the clean picture that `packed` wrote; raise `ValueError` where it is another one."""
    facts, pixels = _parts(data)
    return _checked(Image(id=image_id, pixels=pixels, notes=_notes(facts)), digest)


def unpacked_noisy(data: bytes, digest: str) -> NoisyImage:
    """Return the noisy picture that `packed` wrote; raise `ValueError` where it is another one."""
    facts, pixels = _parts(data)
    sigma = facts.get("sigma")
    if sigma is not None and (isinstance(sigma, bool) or not isinstance(sigma, (int, float))):
        raise ValueError("its sigma is no number")
    return _checked(NoisyImage(pixels=pixels, sigma=sigma, notes=_notes(facts)), digest)


def check_digest(data: bytes, digest: str) -> None:
    """Raise `ValueError` where bytes are not the picture, clean or noisy, with this digest."""
    facts, _ = _parts(data)
    if "sigma" in facts:
        unpacked_noisy(data, digest)
    else:
        unpacked_image(data, "", digest)


def _parts(data: bytes) -> tuple[Mapping[str, Any], NDArray[np.float32]]:
    end = _LENGTH + int.from_bytes(data[:_LENGTH])
    facts = json.loads(data[_LENGTH:end])
    if not isinstance(facts, dict):
        raise ValueError("it is no picture")
    pixels = np.load(io.BytesIO(data[end:]), allow_pickle=False)
    if pixels.dtype != np.float32 or pixels.ndim != 3:
        raise ValueError(f"it has {pixels.dtype} of shape {pixels.shape}")
    return facts, pixels


def _notes(facts: Mapping[str, Any]) -> tuple[str, ...]:
    notes = facts.get("notes", [])
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        raise ValueError("its notes are no texts")
    return tuple(notes)


def _checked(picture: Picture, digest: str) -> Picture:
    if picture.sha256 != digest:
        raise ValueError(f"its digest is {picture.sha256[:16]}, not {digest[:16]}")
    return picture
