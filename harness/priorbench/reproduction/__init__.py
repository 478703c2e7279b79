"""Re-makes the figures and tables of papers: what experiments ask for is run, judged, drawn and written."""
