"""What may be said of methods from the images that were tried: who is ranked, intervals, tests, ranks."""
