"""Leaderboards and comparisons as text: tables, Markdown, CSV, JSON, LaTeX."""
