"""What a run will meet, as far as it can be said before it begins."""
