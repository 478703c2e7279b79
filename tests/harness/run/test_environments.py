"""Records of other machines point to their environments, and never to that of the process that planned."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sample_records import record as sample_record

from priorbench.contract.records import NOT_RUN
from priorbench.errors import PriorbenchError
from priorbench.machine.description import describe, fingerprint
from priorbench.run.storing.environments import Environments
from priorbench.store.database import Store

THERE = {"processor": "another one", "cores": 512}


class Elsewhere:
    """An executor that ran one trial on another machine."""

    def __init__(self, environments):
        self.environments = environments

    def run(self, trials, started):
        yield from ()

    def close(self):
        pass

    def prepare(self, needs):
        pass


class Here:
    def run(self, trials, started):
        yield from ()

    def close(self):
        pass


@pytest.fixture
def store(tmp_path):
    store = Store(str(tmp_path / "it.db"))
    yield store
    store.close()


def test_a_record_has_the_environment_of_the_machine_that_ran_it(store):
    mark = fingerprint(THERE)
    environments = Environments(store, Elsewhere({mark: THERE}), threads=1, device="cuda")
    assert environments.of(replace(sample_record(), environment=mark)) == mark
    # that of this machine, which has no such device, is not even looked at
    assert store.environments() == {mark: THERE}


def test_an_executor_for_this_machine_has_nothing_to_say_of_it(store):
    environments = Environments(store, Here(), threads=1, device="cpu")
    mark = environments.of(replace(sample_record(), environment="whatever"))
    assert mark == fingerprint(describe(1, "cpu"))
    assert [*store.environments()] == [mark]


@pytest.mark.parametrize("told", [{}, {"0123456789ab": THERE}])
def test_a_record_of_an_unknown_machine_is_not_stored(store, told):
    environments = Environments(store, Elsewhere(told), threads=1, device="cpu")
    record = replace(sample_record(), environment="0123456789ab")
    with pytest.raises(PriorbenchError, match="does not say on which machine"):
        environments.of(record)
    assert environments.of(replace(record, status=NOT_RUN)) == "0123456789ab"
