"""Optional helpers for authors of methods."""
