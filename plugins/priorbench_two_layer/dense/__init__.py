"""The two-layer generator ReLU(U C) v with any matrix U, dense, for small n: instruments, not methods.

`matrix` has the spectrum that Theorem 3 needs, `descent` the fit of C and, if asked, of v; `trajectory`
compares a fit with its linearisation (Theorems 3 and 5), `reference` makes the reference Jacobian of the
proof, and `fixed_weights` shows that trained output weights widen no range.
"""
