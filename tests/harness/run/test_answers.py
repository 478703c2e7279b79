"""What a run asked for stays whole where something is taken out of its store in the meantime."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from sample_records import record as sample_record

from priorbench.contract.records import Record
from priorbench.contract.requests import Run
from priorbench.errors import PriorbenchError
from priorbench.run.storing.answers import AnswerBook
from priorbench.store.asked import Asked
from priorbench.store.database import Store
from priorbench.store.forgetting import forget


def record(key: str) -> Record:
    """Return the record of an image of its own."""
    return sample_record(key, image=key, psnr=30.0)


NOW = Run(id="now", asked_at="2026-03-01T00:00:00.000000+00:00")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store of two records."""
    found = Store(f"sqlite:///{tmp_path}/priorbench.db")
    found.add([record("one"), record("two")])
    yield found
    found.close()


def asked(store: Store) -> Asked:
    found = store.asked()
    assert found is not None
    return found


def forget_all(store: Store, found: Asked) -> None:
    forget(store, found, np.ones(len(found.key), dtype=bool))


def test_what_a_run_found_and_somebody_took_out_is_told(store: Store) -> None:
    book = AnswerBook(store, NOW)
    book.ask(["one"], asked(store).requests, [False])
    forget_all(store, asked(store))
    with pytest.raises(PriorbenchError, match="1 record that this run found in the store was taken out"):
        book.close()
    assert len(asked(store).key) == 0


def test_a_run_that_goes_on_keeps_its_name_when_all_it_had_is_forgotten(store: Store) -> None:
    [request] = asked(store).requests
    store.add_run(NOW)
    store.add([record("first")], answers=[(request, "first", NOW.id)])
    forget_all(store, asked(store))
    store.add([record("second")], answers=[(request, "second", NOW.id)])
    left = asked(store)
    assert ([run.id for run in left.runs], list(left.key)) == (["now"], ["second"])


@pytest.mark.parametrize("table", ["records", "requests", "runs"])
def test_answers_that_refer_to_nothing_are_told(store: Store, table: str) -> None:
    asked(store)
    assert not store.damage
    store.write(lambda connection: connection.execute(sa.text(f"DELETE FROM {table}")))
    asked(store)
    assert [one.reason for one in store.damage.values()] == ["there are 2, which no board shows"]


def test_what_is_asked_for_while_it_is_forgotten_stays(store: Store) -> None:
    before = asked(store)
    store.add_run(NOW)
    store.add_answers([(before.requests[0], "one", NOW.id)])
    forget_all(store, before)
    left = asked(store)
    assert (list(left.key), left.requests, len(store)) == (["one"], before.requests, 1)
