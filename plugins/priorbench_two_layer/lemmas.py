"""The lemmas of Heckel & Soltanolkotabi 2020: the generator's start, its Jacobian and how far that moves.

Lemmas 1, 2, 4 and 8, equations 42 and 43, and Theorem 6 are not here: the description that this code is made
from names them and does not state them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from priorbench.toolkit.checks import at_least, within

if TYPE_CHECKING:
    from priorbench_two_layer.circulant import Circulant


def start_energy(circulant: Circulant, omega: float) -> float:
    """Return E ||G(C_0)||^2 = n omega^2 ||u||^2 (1/2 - 1/(2 pi)), weights N(0, omega^2).

    Entries are correlated, so that single draws differ from it by much more than 1 / sqrt(n).
    """
    return circulant.n * omega**2 * circulant.energy * (0.5 - 0.5 / math.pi)


def lemma_3(circulant: Circulant, k: int, delta: float) -> float:
    """Return ||U||^2 sqrt(log(2 n / delta) / k): how ||J J^T - Sigma(U)|| falls, up to a constant.

    sum_j v_j^4 = 1 / k. The probability is 1 - delta.
    """
    at_least(1, k=k)
    within(0, 1, delta=delta)
    return circulant.norm**2 * math.sqrt(math.log(2 * circulant.n / delta) / k)


def lemma_5(circulant: Circulant, v_norm: float = 1.0) -> float:
    """Return ||v|| ||U||, the bound on ||J(C)|| for every C."""
    return v_norm * circulant.norm


def lemma_6(circulant: Circulant, omega: float, delta: float) -> float:
    """Return omega sqrt(8 log(2 n / delta)) ||U||_F, the bound on ||G(C_0)|| with probability 1 - delta."""
    within(0, 1, delta=delta)
    frobenius = math.sqrt(circulant.n * circulant.energy)
    return omega * math.sqrt(8 * math.log(2 * circulant.n / delta)) * frobenius


def lemma_7(circulant: Circulant, k: int, radius: float) -> float:
    """Return ||v||_inf 2 (k R)^(1/3) ||U||: bounds ||J(C) - J(C_0)|| for ||C - C_0|| <= omega R.

    Parameters
    ----------
    circulant : Circulant
        U.
    k : int
        width; ||v||_inf = 1 / sqrt(k).
    radius : float
        R, at most sqrt(k) / 2; the probability is 1 - n exp(-R^(4/3) k^(7/3) / 2).
    """
    at_least(1, k=k)
    if not 0 <= radius <= math.sqrt(k) / 2:
        raise ValueError(f"R must lie in [0, sqrt(k) / 2] = [0, {math.sqrt(k) / 2:.6g}], not {radius}")
    return 2 * math.cbrt(k * radius) / math.sqrt(k) * circulant.norm
