"""Reads, checks and completes the parameters of a factory."""
