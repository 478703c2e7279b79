"""Runs whose processes are killed at random; what is stored must be whole in the end."""
