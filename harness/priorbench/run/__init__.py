"""A run: what has to be run, in which order, under which keys, and the loop that stores it."""
