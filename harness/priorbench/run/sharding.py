"""Which part of a run a trial belongs to."""

from __future__ import annotations

import hashlib
import json

from priorbench.contract.choice import Choice


def in_shard(
    shard: tuple[int, int] | None,
    image_sha256: str,
    operator: Choice,
    noise: Choice,
    denoiser: Choice,
    repetition: int,
) -> bool:
    """Say whether a trial belongs to shard (i, n), from what the trial is; None = all.

    Not from its number: on a machine that cannot read one picture, all later numbers are others.
    """
    if shard is None:
        return True
    chosen = [[choice.name, choice.parameters] for choice in (operator, noise, denoiser)]
    text = json.dumps([image_sha256, *chosen, repetition], sort_keys=True, default=list)
    index, count = shard
    number = int.from_bytes(hashlib.sha256(text.encode("utf-8", "backslashreplace")).digest())
    return number % count == index - 1
