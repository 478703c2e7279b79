"""The measured path: noise, clock, score, and the trial in a worker; its source is in every key."""
