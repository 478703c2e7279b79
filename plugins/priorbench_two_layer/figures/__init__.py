"""The data of figures of Heckel & Soltanolkotabi 2020 that need no network, as functions that return JSON
values.

`singular_vectors` is Fig. 3, `least_squares` Fig. 5, `dual_kernels` Fig. 6, `step_and_noise` Fig. 11;
`checkerboard` is the picture of Appendix B.1 and its curve, `power_spectrum` that of natural images.
"""
