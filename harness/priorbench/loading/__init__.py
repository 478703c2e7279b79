"""Plugins: found, checked one at a time, listed by kind and name."""
