"""What is remembered from one run to the next, so that it need not be found out again."""
