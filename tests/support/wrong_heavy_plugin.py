"""A plugin that imports torch where it registers."""

from __future__ import annotations

import torch  # noqa: F401

from priorbench import DenoiserSpec, hookimpl


@hookimpl
def priorbench_denoisers():
    yield DenoiserSpec(
        name="wrong-lazy-registration",
        factory="wrong_methods:Nothing",
        summary="lazy-registration",
        citation="unpublished",
        licence="MIT",
    )
