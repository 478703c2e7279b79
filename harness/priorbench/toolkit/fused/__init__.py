"""For authors of untrained networks: layers for the CPU with their gradients written out, in few passes.

Needs numba. What a layer computes is what the plain PyTorch expression in its docstring computes.
"""
