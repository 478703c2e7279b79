"""Names of torch devices, checked against what this machine has."""

from __future__ import annotations

from priorbench.errors import PriorbenchError


def resolve_device(name: str) -> str:
    """Return the torch device to run on; ``auto`` is the accelerator if there is one.

    Raises
    ------
    PriorbenchError
        If torch does not know the device or it is not there.
    """
    if name == "cpu":
        return name
    import torch

    there = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    if name == "auto":
        return there.type if there is not None else "cpu"
    kind, colon, index = name.partition(":")
    try:
        known = torch.device(kind).type == kind and (not colon or (index.isascii() and index.isdecimal()))
    except RuntimeError:
        known = False
    if not known:
        raise PriorbenchError(f"unknown device '{name}': use auto, cpu, cuda, cuda:1, mps or xpu")
    counts = {"cpu": 1}
    if there is not None:
        counts[there.type] = torch.accelerator.device_count()
    # not torch.device(name).index: torch keeps 8 bits of it, and 999 becomes -25
    if int(index or 0) >= counts.get(kind, 0):
        have = ", ".join(_shown(kind, count) for kind, count in counts.items())
        raise PriorbenchError(f"device '{name}' is not there: this machine and this torch have {have}")
    return kind if kind == "cpu" or not colon else f"{kind}:{int(index)}"


def device_count(kind: str) -> int:
    """Return how many devices of a kind this process sees."""
    if kind == "cpu":
        return 1
    import torch

    there = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    return torch.accelerator.device_count() if there is not None and there.type == kind else 0


def _shown(kind: str, count: int) -> str:
    if kind == "cpu":
        return "cpu"
    return f"{kind}:0" if count == 1 else f"{kind}:0 to {kind}:{count - 1}"
