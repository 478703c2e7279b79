"""Trials on a cluster of dask workers, as a plugin."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import ExecutorSpec, hookimpl


@hookimpl
def priorbench_executors() -> Iterator[ExecutorSpec]:
    """Yield the executor."""
    yield ExecutorSpec(
        name="dask",
        factory="priorbench_dask.executor:DaskExecutor",
        summary="workers of a dask cluster: on this machine, on others, on SLURM",
        elsewhere=True,
        licence="BSD-3-Clause (dask, distributed)",
        requires=("distributed",),
        install="pip install 'priorbench[dask]'",
    )
