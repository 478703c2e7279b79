"""Pictures with real noise: sets that bring noisy pictures of their own."""
