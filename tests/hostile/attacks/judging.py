"""What a record says of an attack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attacks.outcomes import Seen, possible

#: dB: no method has this against noise
EXACT = 60.0
#: marks of a timing that have nothing to do with the method
_MACHINE = ("other processes used", "too hot", "quota", "workers ran at the same time", "run was stopped for")


def is_exact(record: Mapping[str, Any]) -> bool:
    """Say whether a record has a score that no method has."""
    if record["status"] != "ok":
        return False
    return record["mse"] == 0 if record["psnr"] is None else record["psnr"] > EXACT


def is_honest(record: Mapping[str, Any]) -> bool:
    """Say whether a good record has the score of the noisy image, which came back and was clipped."""
    return record["status"] == "ok" and abs((record["psnr"] or 0) - (record["noisy_psnr"] or 0)) < 0.5


def marks(record: Mapping[str, Any], *, of_the_machine: bool = False) -> list[str]:
    """Return what marks a record's timing, without what others on the machine did."""
    parts = [part.strip() for part in (record["tainted"] or "").split(";") if part.strip()]
    return [one for one in parts if of_the_machine or not any(word in one for word in _MACHINE)]


def told(record: Mapping[str, Any]) -> str:
    """Return a record in some words."""
    words = [record["status"], record["error"] or ""]
    if record["status"] == "ok":
        words = [
            "ok",
            f"{record['psnr']} dB",
            f"{record['wall_seconds']:.4f} s",
            record["tainted"] or "unmarked",
        ]
    return ", ".join(filter(None, words))


def on_image(family: str, trick: Any, records: Sequence[Mapping[str, Any]], reached: str | None) -> Seen:
    """Judge an attack on the clean image or the noise: exact, or what was agreed on, is a success."""
    for record in records:
        if is_exact(record) or (reached and record["output_sha256"] == reached):
            return gained(family, trick, f"it got it: {told(record)}")
    if len(records) < trick.turns:
        return seen(family, trick, "weak", f"{len(records)} records of {trick.turns} trials")
    return seen(family, trick, "held", told(records[-1]))


def gained(family: str, trick: Any, why: str) -> Seen:
    """Return what it means that an attack reached its goal."""
    if trick.right == "stated":
        outcome, more = possible(trick.stated, trick.otherwise)
        return seen(family, trick, outcome, f"{why}; {more}")
    return seen(family, trick, "broken", why)


def seen(family: str, trick: Any, outcome: str, why: str) -> Seen:
    """Return how an attack of a book ended."""
    return Seen(name=f"{family}/{trick.name}", right=trick.right, outcome=outcome, why=why)
