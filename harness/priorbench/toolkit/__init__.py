"""Helpers for authors of methods: use them or not."""
