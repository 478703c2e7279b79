"""Pictures that are computed, to see what a generator fits fast: noise without structure, a checkerboard."""
