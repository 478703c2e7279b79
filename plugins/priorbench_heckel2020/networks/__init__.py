"""The figures that need networks: 1, 4, 7, 8, 9, 10, 12, and the checklist of their systems."""
