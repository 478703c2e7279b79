"""Experiments: repeat a paper's figures and tables and compare them with the published numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """One published number and the number found here.

    Attributes
    ----------
    statement : str
        what is claimed and where, for example ``"BM3D, mean PSNR over 100 images (Table 1)"``.
    published, measured : float
        the two numbers, in `unit`.
    tolerance : float
        how far apart they may be, in `unit`; from the paper's own spread, never from our result.
    unit : str, default ''
        for example ``"dB"``.
    """

    statement: str
    published: float
    measured: float
    tolerance: float
    unit: str = ""

    @property
    def holds(self) -> bool:
        """Whether the two agree within the tolerance; a value that is not a number never does."""
        return abs(self.measured - self.published) <= self.tolerance


class Experiment(Protocol):
    """Re-makes one figure or table."""

    def reproduce(self, folder: Path, *, quick: bool = False) -> Iterable[Claim]:
        """Write pictures and data, and yield a verdict for each published claim.

        Parameters
        ----------
        folder : Path
            an existing folder, for its files alone.
        quick : bool, default False
            take minutes instead of hours; claims that need the full run are left out, not loosened.
        """
        ...
