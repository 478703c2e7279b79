"""Suites: read, checked all at once, resolved to choices."""
