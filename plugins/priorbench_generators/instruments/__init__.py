"""What is measured on untrained networks: weights on the move, sensitivity at the start, fits that failed."""
