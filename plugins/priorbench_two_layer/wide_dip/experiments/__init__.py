"""Experiments on the wide deep inverse prior, each a function of a seed that returns JSON values.

`cell` is one cell of Fig. 1 of Buskulic, Queau & Fadili 2023, `sweeps` varies what the paper's theory speaks
of (kappa(A), d, m, n, activation), `signal_space` looks at the error of the signal and at ker A, `monitoring`
follows sigma_min and the Lipschitz constant of the Jacobian, `noisy_flow` checks eq. 6 and eq. 8.
"""
