"""A plugin in one file: a method that forgets to divide by 255."""

from __future__ import annotations

from priorbench import DenoiserSpec, hookimpl


class Far:
    """Gives an output on the scale to 255."""

    def denoise(self, observation):
        return 255 * observation.image


@hookimpl
def priorbench_denoisers():
    yield DenoiserSpec(
        name="far", factory="far_scale:Far", summary="s", citation="none", licence="MIT", iterative=False
    )
