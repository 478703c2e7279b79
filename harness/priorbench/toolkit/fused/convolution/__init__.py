"""Convolutions and products over pixels for the CPU, whose sums have one order on every processor."""
