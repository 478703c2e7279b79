"""BM3D as a plugin; it is told the real noise of the picture."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import DenoiserSpec, hookimpl


@hookimpl
def priorbench_denoisers() -> Iterator[DenoiserSpec]:
    """Yield BM3D."""
    yield DenoiserSpec(
        name="bm3d",
        factory="priorbench_bm3d.denoiser:BM3D",
        summary="block matching and 3-D collaborative filtering, grey and colour",
        citation=(
            "K. Dabov, A. Foi, V. Katkovnik, K. Egiazarian, Image denoising by sparse 3-D transform-domain "
            "collaborative filtering, IEEE Transactions on Image Processing 16 (2007); Y. Mäkinen, "
            "L. Azzari, A. Foi, Collaborative filtering of correlated noise: exact transform-domain variance "
            "for improved shrinkage and patch matching, IEEE Transactions on Image Processing 29 (2020)"
        ),
        licence="Tampere University, non-commercial use only",
        requires=("bm3d",),
        install="pip install 'priorbench[bm3d]'",
        noises=("gaussian", "poisson", "poisson-gaussian", "given"),
        iterative=False,
    )
