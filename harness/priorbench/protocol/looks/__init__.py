"""What a fit shows: looks at its iterates, averages of them, and the rules that judge them."""
