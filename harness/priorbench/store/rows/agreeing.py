"""Numbers of one record that must agree: each PSNR with its mean squared error, the best with all others."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from priorbench.contract.choice import DENOISING

#: in dB; the points of a curve are rounded to 5 digits, other numbers agree but for the last bit
_ROUNDING = 1e-4
#: a PSNR, the mean squared error that it is of, and what that is of
_PAIRS = (("psnr", "mse", "its mse"), ("noisy_psnr", "noise_energy", "its noise energy"))


def disagreement(values: Mapping[str, Any]) -> str:
    """Return which numbers of a record contradict each other; an empty string if none do.

    A PSNR is -10 log10 of its mean squared error, and none where that is 0. `noise_energy` is the error of
    the noisy image where nothing but noise was added. No PSNR that was looked at is above the best one of the
    fit. The result of a rule may be above it: some rules report a fit of their own, with other data.

    Parameters
    ----------
    values : Mapping[str, Any]
        the JSON form of a record, whose types were checked.
    """
    denoising = values.get("operator", DENOISING.name) == DENOISING.name
    for name, energy, told in _PAIRS if denoising else _PAIRS[:1]:
        if found := _differs(values.get(name), values.get(energy)):
            return f"its {name} {found} {told}"
    best = values.get("oracle_psnr")
    if best is None:
        return ""
    own = values.get("psnr") if values.get("oracle") or not values.get("stopping_rule") else None
    for value, told in ((own, "its psnr"), (_highest(values.get("curve")), "its curve")):
        if value is not None and value > best + _ROUNDING:
            return f"its oracle_psnr of {best:.7g} dB is less than {value:.7g} dB, which {told} has"
    return ""


def _differs(psnr: float | None, energy: float | None) -> str:
    if energy is None or (psnr is None and energy == 0):
        return ""
    if psnr is None:
        return f"is missing, but it is {_decibels(energy):.7g} dB by"
    if energy == 0:
        return f"of {psnr:.7g} dB contradicts the 0 of"
    expected = _decibels(energy)
    return "" if abs(psnr - expected) <= _ROUNDING else f"of {psnr:.7g} dB is {expected:.7g} dB by"


def _decibels(energy: float) -> float:
    return -10 * math.log10(energy)


def _highest(curve: Mapping[str, Any] | None) -> float | None:
    column = None if curve is None else curve["psnr"]
    return max((value for value in column if value is not None), default=None) if column else None
