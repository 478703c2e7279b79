"""The asv suite: speed, memory and quality of every registered method, and the cost of the harness itself.

asv imports every module of this package, in a process that then forks for each benchmark. The conditions are
those of a worker process, and they are set here because they have to be there before torch is imported.
"""

from __future__ import annotations

import os
from pathlib import Path

import priorbench
from priorbench.machine.settings import keep_heap, worker_environment

_path = os.environ.get("ASV_PYTHONPATH", "")  # set where a commit is measured, not the working tree
if _path and not any(Path(priorbench.__file__).is_relative_to(folder) for folder in _path.split(os.pathsep)):
    raise ImportError(f"priorbench comes from {priorbench.__file__}, not from the commit that is measured")

os.environ.update(worker_environment(threads=1))
keep_heap()  # the C library has read its part of those variables already

import torch  # noqa: E402

torch.set_num_threads(1)
