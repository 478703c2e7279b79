"""Layers for the CPU with gradients written by hand, for authors of untrained networks.

Needs numba. What a layer computes is what the plain PyTorch expression in its docstring computes.
"""
