"""``priorbench doctor`` and ``prepare``: what this machine is, and making it ready."""
