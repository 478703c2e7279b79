"""Linear operators of inverse problems as a plugin: mask, downsampling, dense Gaussian, those of deepinv."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import OperatorSpec, hookimpl

_DIP = "D. Ulyanov, A. Vedaldi, V. Lempitsky, Deep Image Prior, CVPR 2018"


@hookimpl
def priorbench_operators() -> Iterator[OperatorSpec]:
    """Yield the operators."""
    yield OperatorSpec(
        name="mask",
        factory="priorbench_operators.mask:MaskModel",
        summary="inpainting: only some pixels are seen, drawn at random or read from a file",
        citation=_DIP,
        licence="MIT",
        level=("keep",),
    )
    yield OperatorSpec(
        name="downsample",
        factory="priorbench_operators.downsample:DownsampleModel",
        summary="super-resolution: Lanczos filter against aliasing, then every n-th pixel",
        citation=_DIP,
        licence="MIT",
    )
    yield OperatorSpec(
        name="dense-gaussian",
        factory="priorbench_operators.dense_gaussian:DenseGaussianModel",
        summary="compressive sensing: a dense matrix of independent Gaussian numbers; small images only",
        licence="MIT",
        level=("ratio", "std"),
    )
    yield OperatorSpec(
        name="deepinv",
        factory="priorbench_operators.physics:PhysicsModel",
        summary="any linear physics object of the package deepinv, by name",
        citation="J. Tachella et al., DeepInverse: a Python package for imaging inverse problems, 2025",
        licence="BSD-3-Clause (deepinv)",
        requires=("deepinv",),
        install="pip install 'priorbench[deepinv]'",
    )
