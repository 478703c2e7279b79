"""A run and its store: what is there, what is to be made, who makes it, and what is kept of it."""
