"""Wide deep inverse prior: g(u, W) = V phi(W u) / sqrt(k) with fixed random V, fitted to y = A x + noise.

N. Buskulic, Y. Queau and J. Fadili, "Convergence Guarantees of Overparametrized Wide Deep Inverse Prior",
2023. The loss is L(W) = ||A g - y||^2 / (2 m). `problem` draws instances, `reduced` fits them through h = W
u, `full` fits W itself, `reachability` decides whether the loss can reach zero, `flow` integrates the
gradient flow in m dimensions, `monitors` and `bounds` are the paper's lemmas and theorem, `solver` is the
method for images.
"""
