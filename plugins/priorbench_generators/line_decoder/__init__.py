"""The 1-D decoder of Fig. 7, and its Jacobian: exact, and as the published code adds it up."""
