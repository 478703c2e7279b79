"""The store and the ranking: writing a trial, reading, leaderboards of a thousand and of 100,000 records."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

from priorbench.caching import VARIABLE
from priorbench.contract.records import to_json
from priorbench.contract.requests import Run
from priorbench.ranking.leaderboard import leaderboard
from priorbench.store.database import Store
from priorbench.store.rows.earlier import request_of

from .synthetic_store import Shape, synthetic_records, write

#: 1,000 and 100,000 records
SMALL = Shape(methods=20, images=10, noises=5, curves=True)
LARGE = Shape(methods=20, images=1000, noises=5)
RUN = Run(id=f"{1:016x}", asked_at="2026-01-01T00:00:00.000000+00:00")


class Writing:
    """Seconds of storing the record of a trial, each in a transaction of its own."""

    trials = 20

    def setup(self) -> None:
        """Make an empty store, a run that asks for something, and a record with a curve."""
        self.store = Store("sqlite:///writing.db")
        self.record = next(record for record in synthetic_records(SMALL) if record.curve is not None)
        self.request = request_of(to_json(self.record))
        self.store.add_run(RUN)
        self.keys = count()

    def teardown(self) -> None:
        """Close the store."""
        self.store.close()

    def time_add(self) -> None:
        """Add the records of some trials, and what they answer, as a run does."""
        for number in islice(self.keys, self.trials):
            key = f"{number:032d}"
            self.store.add([replace(self.record, key=key)], answers=[(self.request, key, RUN.id)])


class Reading:
    """Seconds of reading a thousand records, and of ranking them."""

    def setup_cache(self) -> None:
        """Write the store."""
        write("sqlite:///small.db", SMALL)

    def setup(self) -> None:
        """Open the store."""
        self.store = Store("sqlite:///small.db", create=False)

    def teardown(self) -> None:
        """Close the store."""
        self.store.close()

    def time_records(self) -> None:
        """Read every record with its curve."""
        assert sum(1 for _ in self.store.records()) == len(SMALL)

    def time_leaderboard(self) -> None:
        """Read the scores and rank them."""
        assert len(leaderboard(self.store.scores())) == SMALL.noises


class LargeReading:
    """Seconds and memory of ranking 100,000 records, of which nothing is remembered."""

    repeat, rounds, warmup_time = 2, 2, 0.0
    timeout = 300.0

    def setup_cache(self) -> None:
        """Write the store: half a minute."""
        write("sqlite:///large.db", LARGE)

    setup_cache.timeout = 600.0  # type: ignore[attr-defined]

    def setup(self) -> None:
        """Open the store."""
        os.environ[VARIABLE] = "off"
        self.store = Store("sqlite:///large.db", create=False)

    def teardown(self) -> None:
        """Close the store."""
        self.store.close()

    def time_leaderboard(self) -> None:
        """Read the scores and rank them."""
        assert len(leaderboard(self.store.scores())) == LARGE.noises

    def peakmem_leaderboard(self) -> None:
        """Read the scores and rank them."""
        self.time_leaderboard()


class LargeRemembered(LargeReading):
    """Seconds and memory of ranking 100,000 records that were ranked before."""

    def setup(self) -> None:
        """Open the store, and have it remembered."""
        os.environ[VARIABLE] = str(Path("remembered").resolve())
        time.sleep(2.1)  # a file that just changed is not remembered
        self.store = Store("sqlite:///large.db", create=False)
        self.store.scores()
