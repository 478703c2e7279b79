"""A short round of `tests.chaos.shared_store`: runs that are killed, a restart, and each trial runs once."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from database_server import Server
from tests.chaos.shared_store import Field, one_round


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give a folder for each executor: the run alone, with which its rounds are compared, is done once."""
    return functools.cache(tmp_path_factory.mktemp)


@pytest.mark.slow(seconds=40)
@pytest.mark.parametrize("executor", ["serial", "local"])
def test_each_trial_runs_once_whatever_is_killed(new_url, request, folder_of, executor):
    url = new_url()
    server: Server | None = None if url.startswith("sqlite") else request.getfixturevalue("server")
    field = Field(folder=folder_of(executor), trials=30, seconds=0.1, executor=executor)
    found = one_round(field, url, server, random.Random(7))
    assert found.good and found.trials == 30, found
