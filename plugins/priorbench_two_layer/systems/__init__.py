"""Check values of Heckel & Soltanolkotabi 2020's theory, each as a function of a seed that returns JSON
values.

`spectra` is of operators and Jacobians, `trajectories` of fits against their linearisation, `statements` of
lemmas and theorems as inequalities, `pictures` of the checkerboard and of photographs.
"""
