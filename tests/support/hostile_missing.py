"""Cannot be imported in a worker, only in the process that plans."""

from __future__ import annotations

import os

if "PRIORBENCH_WORKER_CPUS" in os.environ:
    import a_package_that_is_not_there  # noqa: F401


class NeedsMissingImport:
    """Never made in a worker."""

    def denoise(self, observation):
        return observation.image.clone()
