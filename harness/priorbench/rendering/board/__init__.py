"""Parts of a leaderboard that all its forms share: decimals of columns, names of rows, notes."""
