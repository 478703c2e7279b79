"""The board across boards: ranks averaged over image sets, noises and operators; never dB.

A dB under weak noise is not a dB under strong noise, so that a mean of dB over unlike boards is the mean of
nothing. Places can be averaged: on every board they are counted among the same methods.
"""

from priorbench.ranking.overall.averaging import overall
from priorbench.ranking.overall.rows import OnBoard, Overall, OverallRow

__all__ = ["OnBoard", "Overall", "OverallRow", "overall"]
