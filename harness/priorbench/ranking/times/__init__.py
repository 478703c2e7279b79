"""Times of methods: means, ratios to another's, and the occasions on which they were taken."""

from __future__ import annotations

from priorbench.ranking.times.ratios import geometric_means, logarithms, time_ratios

__all__ = ["geometric_means", "logarithms", "time_ratios"]
