"""Columns of a store in memory: keys, scores as they are read, and what is remembered of them."""
