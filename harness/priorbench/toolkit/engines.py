"""Two ways to compute the same network: plain PyTorch anywhere, and fused kernels on a CPU."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

import torch

from priorbench.errors import PriorbenchError

Engine = Literal["auto", "plain", "fused"]


def use_fused(engine: Engine, device: torch.device) -> bool:
    """Say whether a method's `engine` parameter means the fused kernels on this device.

    Raises
    ------
    PriorbenchError
        Where fused kernels were asked for and there are none.
    """
    missing = None
    if device.type != "cpu":
        missing = f"it runs on the CPU only, not on {device}"
    elif find_spec("numba") is None:
        missing = "numba is not installed: pip install numba"
    elif engine != "plain" and not _fuses():
        missing = "the processor has no fused multiply-add (x86 has it together with AVX2)"
    if engine == "fused" and missing:
        raise PriorbenchError(f"engine 'fused': {missing}; 'auto' takes 'plain' there")
    return engine != "plain" and missing is None


def _fuses() -> bool:
    from priorbench.toolkit.fused.vectors import fuses

    return fuses()
