"""Classical methods as a plugin: identity, least squares, total variation, wavelets, non-local means."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import DenoiserSpec, hookimpl

_LICENCE = "BSD-3-Clause (scikit-image)"


@hookimpl
def priorbench_denoisers() -> Iterator[DenoiserSpec]:
    """Yield four denoisers, and two methods for any linear operator."""
    yield DenoiserSpec(
        name="identity",
        factory="priorbench_classical.identity:Identity",
        summary="the noisy image itself: the floor of every table",
        citation="none: a control",
        licence="MIT",
        iterative=False,
    )
    yield DenoiserSpec(
        name="tv",
        factory="priorbench_classical.tv:TotalVariation",
        summary="total variation, weight by the discrepancy principle",
        citation=(
            "L. Rudin, S. Osher, E. Fatemi, Nonlinear total variation based noise removal algorithms, "
            "Physica D 60 (1992); A. Chambolle, An algorithm for total variation minimization and "
            "applications, Journal of Mathematical Imaging and Vision 20 (2004)"
        ),
        licence=_LICENCE,
        iterative=False,
    )
    yield DenoiserSpec(
        name="wavelet",
        factory="priorbench_classical.wavelet:WaveletShrinkage",
        summary="BayesShrink in the wavelet domain, cycle-spun",
        citation=(
            "S. G. Chang, B. Yu, M. Vetterli, Adaptive wavelet thresholding for image denoising and "
            "compression, IEEE Transactions on Image Processing 9 (2000); R. R. Coifman, D. L. Donoho, "
            "Translation-invariant de-noising, Wavelets and Statistics (1995)"
        ),
        licence=_LICENCE,
        iterative=False,
    )
    yield DenoiserSpec(
        name="nl-means",
        factory="priorbench_classical.nl_means:NonLocalMeans",
        summary="non-local means, 5 x 5 patches",
        citation=(
            "A. Buades, B. Coll, J.-M. Morel, A non-local algorithm for image denoising, CVPR 2005; "
            "J. Darbon et al., Fast nonlocal filtering applied to electron cryomicroscopy, ISBI 2008"
        ),
        licence=_LICENCE,
        min_size=2,
        iterative=False,
    )
    yield DenoiserSpec(
        name="pseudo-inverse",
        factory="priorbench_classical.pseudo_inverse:PseudoInverse",
        summary="least squares of least norm, A^+ y: the floor of the tables of inverse problems",
        citation="none: a control",
        licence="MIT",
        accepts_operator=True,
        accepts_mask=True,
        iterative=False,
    )
    yield DenoiserSpec(
        name="tv-constrained",
        factory="priorbench_classical.tv_constrained:ConstrainedTotalVariation",
        summary="least total variation that explains y = A x + noise up to the noise level, any operator A",
        citation=(
            "A. Chambolle, T. Pock, A first-order primal-dual algorithm for convex problems with "
            "applications to imaging, Journal of Mathematical Imaging and Vision 40 (2011)"
        ),
        licence="MIT",
        devices="any",
        needs_sigma=True,
        accepts_operator=True,
        accepts_mask=True,
        iterative=False,
    )
