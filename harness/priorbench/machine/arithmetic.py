"""Which products a machine can do in bfloat16 by itself; where it cannot, they are never imitated."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

#: the value of a method's parameter (`priorbench.contract.specs.DenoiserSpec.arithmetic`) that means this
BFLOAT16 = "bfloat16"
#: no product
NONE = "none"
#: what the system calls the instructions that multiply pairs of bfloat16 and add to float32
_PAIRS = "avx512_bf16"
_CPUINFO = Path("/proc/cpuinfo")
_NOWHERE: Mapping[str, str] = MappingProxyType({})


@functools.cache
def processor_flags() -> frozenset[str]:
    """Return what the system says that the processor can do; nothing where it does not say."""
    try:
        lines = _CPUINFO.read_text().splitlines()
    except OSError:
        return frozenset()
    told = (line.partition(":") for line in lines)
    return frozenset(next((values.split() for name, _, values in told if name.strip() == "flags"), []))


def bfloat16_product(device: str) -> str:
    """Return what does a product of bfloat16 factors with float32 sums on a torch device.

    The name is part of keys: other products add in another order, and give other bits.

    Returns
    -------
    str
        ``"avx512_bf16"``, ``"cuda"``, or ``"none"``.
    """
    kind = device.partition(":")[0]
    if kind == "cuda":
        return kind
    return _PAIRS if kind == "cpu" and _PAIRS in processor_flags() else NONE


def product_named(
    parameter: str, parameters: Mapping[str, Any], device: str, refused: Mapping[str, str] = _NOWHERE
) -> str:
    """Return what will do a method's products where its bits depend on that; else nothing.

    Parameters
    ----------
    parameter : str
        `priorbench.contract.specs.DenoiserSpec.arithmetic` of the method; empty = it has none.
    parameters : Mapping[str, Any]
        its parameters.
    device : str
        torch device.
    refused : Mapping[str, str], optional
        `priorbench.contract.specs.DenoiserSpec.arithmetic_refused` of the method.
    """
    if not parameter or parameters.get(parameter) != BFLOAT16:
        return ""
    return NONE if device.partition(":")[0] in refused else bfloat16_product(device)


def arithmetic_refusal(
    parameter: str, parameters: Mapping[str, Any], device: str, refused: Mapping[str, str] = _NOWHERE
) -> str | None:
    """Return why this machine does not compute as a method's parameters ask, in one line, or None.

    The arguments are those of `product_named`.
    """
    product = product_named(parameter, parameters, device, refused)
    if not product or (device_has_bfloat16(device) if product == "cuda" else product != NONE):
        return None
    own = refused.get(device.partition(":")[0])
    if own:
        return f"asks for products in bfloat16 ({parameter}={BFLOAT16}): {own}; take {parameter}=float32"
    where = "this processor has no AVX512-BF16 instructions" if device == "cpu" else f"{device} has none"
    return (
        f"asks for products in bfloat16 ({parameter}={BFLOAT16}), which are done by the hardware or not at "
        f"all: {where}; take {parameter}=float32, or a machine that has them (see 'priorbench doctor')"
    )


@functools.cache
def device_has_bfloat16(device: str) -> bool:
    """Say whether a CUDA device has bfloat16 in hardware; imports torch."""
    import torch

    if not torch.cuda.is_available():
        return False
    with torch.cuda.device(torch.device(device)):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
