"""Quality against time: what a fit reaches on its way, when, and what that costs on average.

It is about trajectories, not about results: leaderboards are about what stopping rules
return.
"""

from __future__ import annotations

from priorbench.ranking.targets.board import target_boards
from priorbench.ranking.targets.model import Asked, TargetBoard
from priorbench.ranking.targets.notation import Target, default_targets, parse_targets

__all__ = ["Asked", "Target", "TargetBoard", "default_targets", "parse_targets", "target_boards"]
