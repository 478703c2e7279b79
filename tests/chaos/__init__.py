"""Runs on a real cluster whose processes are killed at random."""
