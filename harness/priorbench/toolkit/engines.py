"""Two ways to compute the same network: plain PyTorch anywhere, and fused kernels on a CPU."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

import torch

from priorbench.errors import PriorbenchError
from priorbench.toolkit.bfloat16 import Precision

Engine = Literal["auto", "plain", "fused"]


def use_fused(
    engine: Engine, device: torch.device, precision: Precision = "float32", *, rounds: bool = True
) -> bool:
    """Say whether a method's `engine` parameter means the fused kernels on this device.

    In bfloat16 there are no others on a CPU, and none where they do not say that they `rounds`.

    Raises
    ------
    PriorbenchError
        Where fused kernels were asked for, or are needed, and there are none.
    """
    missing = None
    if precision == "bfloat16" and device.type == "cpu" and not rounds:
        raise PriorbenchError(
            "precision 'bfloat16': on CPUs it is hardly faster for this method: take 'float32'"
        )
    if device.type != "cpu":
        missing = f"it runs on the CPU only, not on {device}"
    elif find_spec("numba") is None:
        missing = "numba is not installed: pip install numba"
    elif engine != "plain" and not _fuses():
        missing = "the processor has no fused multiply-add (x86 has it together with AVX2)"
    if precision == "bfloat16" and device.type == "cpu":
        if missing is None and engine == "plain":
            missing = "engine 'plain' has no such products on a CPU: take 'auto'"
        elif missing is None and not _multiplies_bfloat16():
            missing = "the processor, as numba sees it, has no AVX512-BF16 instructions"
        if missing:
            raise PriorbenchError(f"precision 'bfloat16': {missing}")
    if engine == "fused" and missing:
        raise PriorbenchError(f"engine 'fused': {missing}; 'auto' takes 'plain' there")
    return engine != "plain" and missing is None


def _multiplies_bfloat16() -> bool:
    from priorbench.toolkit.fused.vectors import FEATURES

    return "+avx512bf16" in FEATURES


def _fuses() -> bool:
    from priorbench.toolkit.fused.vectors import fuses

    return fuses()
