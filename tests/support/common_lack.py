"""A plugin of one file whose metric requires what is not there."""

from __future__ import annotations

from priorbench import MetricSpec, hookimpl


@hookimpl
def priorbench_metrics():
    needs = ("no-such | nor-such",)
    yield MetricSpec(name="lost-metric", factory="common_slips_beside:score", summary="s", requires=needs)
