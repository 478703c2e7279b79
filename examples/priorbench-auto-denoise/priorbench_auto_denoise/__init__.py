"""The Deep Image Prior of the package auto-denoise: what is registered, without importing it."""

from priorbench import DenoiserSpec, hookimpl


@hookimpl
def priorbench_denoisers():
    """Yield the method."""
    yield DenoiserSpec(
        name="auto-denoise-dip",
        factory="priorbench_auto_denoise.method:AutoDenoiseDIP",
        summary="Deep Image Prior of auto-denoise: a U-net, stopped by held-out pixels",
        citation=(
            "D. Ulyanov, A. Vedaldi and V. Lempitsky, Deep Image Prior, CVPR 2018; "
            "implementation: N. Viganò, auto-denoise"
        ),
        licence="MIT",
        requires=("auto-denoise",),
        devices=("cpu", "cuda"),
        stochastic=True,
        min_size=16,
        iterative=False,
    )
