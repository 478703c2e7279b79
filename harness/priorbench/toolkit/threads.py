"""Threads of a fit whose network has threads of its own, see `priorbench.toolkit.fused.team`.

torch's threads, once woken, look for more work for some milliseconds. They take the processors from a team's
threads, which have the large work. So in such a fit torch's own operations, which are small, use one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

import torch
from torch import nn

_ALLOWED: ContextVar[int | None] = ContextVar("threads", default=None)


def allowed_threads() -> int:
    """Return how many threads a team may have: as many as torch has, outside of `own_threads`."""
    return _ALLOWED.get() or torch.get_num_threads()


def threads_of(*networks: nn.Module) -> Callable[[], AbstractContextManager[None]]:
    """Return what makes the context in which to run these networks: `own_threads` where one has a team.

    Such a part of a network has an attribute ``has_team``, which is true.
    """
    has_team = any(getattr(part, "has_team", False) for network in networks for part in network.modules())
    return own_threads if has_team else nullcontext


@contextmanager
def own_threads() -> Iterator[None]:
    """Let teams have the threads that torch has, and torch one."""
    allowed = allowed_threads()
    before, token = torch.get_num_threads(), _ALLOWED.set(allowed)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        _ALLOWED.reset(token)
