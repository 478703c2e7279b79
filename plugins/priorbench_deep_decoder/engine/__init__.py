"""A second way to compute the deep decoder on a CPU: same function, less work and far less memory traffic."""
