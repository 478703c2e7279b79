"""Ways to run trials on this machine: one after another, or in supervised worker processes."""
