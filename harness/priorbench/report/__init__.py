"""The report: a store's leaderboards as one HTML page that needs no network."""

from __future__ import annotations

from priorbench.report.page import html_report

__all__ = ["html_report"]
