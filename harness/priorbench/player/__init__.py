"""Whoever runs methods: it knows y and what may be known of the noise, and nothing else.

In chess, the player gets the position, and the judge keeps the book: see `priorbench.worker` for the judge.
"""
