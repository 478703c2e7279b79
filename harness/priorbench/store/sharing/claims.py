"""Claims of runs on what they make: of several runs on one store, one makes each record.

A claim is a lease. The run that has it renews it all the time, in a thread of its own; a run that died does
not, and after a minute others may take what it had claimed, on the same machine at once. Claims are made
while nobody else writes, by the clock of the server.
"""

from __future__ import annotations

import contextlib
import math
import os
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import sqlalchemy as sa

from priorbench.errors import PriorbenchError
from priorbench.store.database import Store
from priorbench.store.sharing.owner import is_gone, own_name
from priorbench.store.sharing.server import Clock, clock
from priorbench.store.tables import CLAIMS, RECORDS

#: seconds that a claim lasts if it is not renewed
LEASE = 60.0
#: environment variable: another number of seconds
LEASE_VARIABLE = "PRIORBENCH_LEASE"
#: a claim is renewed so many times while it lasts
_BEATS = 5
#: keys of one statement
_AT_A_TIME = 500
#: seconds after which nobody asks any more what a run did to a record that had failed
_OLD = 30 * 86400.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What became of keys that were to be claimed.

    Attributes
    ----------
    held : frozenset of str
        those that another run makes now.
    there : frozenset of str
        those that have a record.
    remade : frozenset of str
        of `there`, those that another run made again since this one began.
    """

    held: frozenset[str]
    there: frozenset[str]
    remade: frozenset[str]


def lease_seconds() -> float:
    """Return how long claims last: ``$PRIORBENCH_LEASE``, or a minute."""
    text = os.environ.get(LEASE_VARIABLE, "")
    try:
        seconds = float(text or LEASE)
    except ValueError:
        seconds = 0.0
    if not 0.5 <= seconds <= 86400:
        raise PriorbenchError(
            f"{LEASE_VARIABLE}={text}: how long a run holds a trial is from 0.5 to 86400 seconds"
        )
    return seconds


class Claims:
    """What a run holds. Where it was stopped for longer than its claims last, it notices; see `are_sure`.

    Parameters
    ----------
    store : Store
        where claims are kept.
    run : str
        id of the run.
    lease : float
        seconds that a claim lasts if it is not renewed.

    Attributes
    ----------
    lost : set of str
        keys that were held until another run took them.
    """

    def __init__(self, store: Store, run: str, *, lease: float = LEASE) -> None:
        self._store, self._run, self._owner, self._lease = store, run, own_name(), lease
        self.lost: set[str] = set()
        self._held: set[str] = set()
        self._done: dict[str, bool] = {}  # to be released -> it was made again
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._sure_until, self._awake_since = -math.inf, -math.inf
        self._ticked = _seconds()
        self._began = store.write(self._first)
        self._thread = threading.Thread(target=self._beat, name="claims", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """Return the claims."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give everything back."""
        self.close()

    @property
    def poll(self) -> float:
        """Seconds after which it is worth while to look again at what another run holds."""
        return min(1.0, self._lease / _BEATS)

    def are_sure(self) -> bool:
        """Say whether nobody else can have taken what is held: it was renewed in time."""
        return _seconds() < self._sure_until

    def take(self, groups: Sequence[Collection[str]], again: Collection[str] = ()) -> Taken:
        """Claim groups of keys, each as a whole or, where another run has a key of it, not at all.

        Parameters
        ----------
        groups : Sequence[Collection[str]]
            the keys of trials.
        again : Collection[str], optional
            those that are to be made although they have a record.
        """
        keys = [key for group in groups for key in group]

        def work(connection: sa.Connection) -> tuple[Taken, list[str]]:
            now = clock(connection)
            self._release(connection, now)
            found = self._look(connection, now, keys, again)
            free = [key for group in groups if found.held.isdisjoint(group) for key in group]
            mine = [key for key in dict.fromkeys(free) if key not in found.remade]
            self._write(connection, mine, now.now + self._lease)
            return found, mine

        with self._lock:
            since = self._tick()
            found, mine = self._store.write(work)
            self._done.clear()
            self._held.update(mine)
            self.lost.difference_update(mine)
            if self._held == set(mine):
                self._sure_until = since + self._lease
            return found

    def held(self, keys: Collection[str], again: Collection[str] = ()) -> frozenset[str]:
        """Return those of `keys` that another run makes now, and claim nothing."""
        return self._store.read(
            lambda connection: self._look(connection, clock(connection), list(keys), again).held
        )

    def release(self, keys: Collection[str], *, remade: bool = False) -> None:
        """Hold keys no longer; the store is told with whatever it is told next.

        Parameters
        ----------
        keys : Collection[str]
            which.
        remade : bool, default False
            other runs which are to make again what failed need not do so.
        """
        with self._lock:
            self._held.difference_update(keys)
            self._done.update(dict.fromkeys(keys, remade))

    def close(self) -> None:
        """Give everything back at once; where the store cannot be told, the leases end by themselves."""
        self._ended.set()
        self._thread.join()
        with self._lock, contextlib.suppress(PriorbenchError):
            self._store.write(self._last, patient=False)
            self._held.clear()

    def _first(self, connection: sa.Connection) -> float:
        now = clock(connection).now
        connection.execute(sa.delete(CLAIMS).where(CLAIMS.c.until < now - _OLD))
        return now

    def _last(self, connection: sa.Connection) -> None:
        self._release(connection, clock(connection))
        connection.execute(sa.delete(CLAIMS).where(CLAIMS.c.run == self._run, CLAIMS.c.remade == 0))

    def _look(
        self, connection: sa.Connection, now: Clock, keys: Sequence[str], again: Collection[str]
    ) -> Taken:
        """Say what others hold. What has a record is held only where it is to be made again."""
        there = {row.key for row in _rows(connection, RECORDS.c.key, RECORDS.c.key, keys=keys)}
        others = [
            row
            for row in _rows(connection, CLAIMS.c.key, *CLAIMS.c, keys=keys)
            if row.run != self._run and (row.key not in there or row.key in again)
        ]
        # Where nobody could renew anything for a while, because the server or this machine was stopped,
        # everybody gets the time to do so.
        lenient = now.now < now.since + self._lease or _seconds() < self._awake_since + self._lease / 2
        return Taken(
            held=frozenset(
                row.key
                for row in others
                if not row.remade and (lenient or row.until > now.now) and not is_gone(row.owner)
            ),
            there=frozenset(there),
            remade=frozenset(row.key for row in others if row.remade and row.until >= self._began),
        )

    def _write(self, connection: sa.Connection, keys: Sequence[str], until: float) -> None:
        for some in _parts(keys):
            connection.execute(sa.delete(CLAIMS).where(CLAIMS.c.key.in_(some)))
        if keys:
            own = {"run": self._run, "owner": self._owner, "until": until, "remade": 0}
            connection.execute(sa.insert(CLAIMS), [{"key": key, **own} for key in keys])

    def _release(self, connection: sa.Connection, now: Clock) -> None:
        own = CLAIMS.c.run == self._run
        for some in _parts([key for key, remade in self._done.items() if not remade]):
            connection.execute(sa.delete(CLAIMS).where(own, CLAIMS.c.key.in_(some)))
        for some in _parts([key for key, remade in self._done.items() if remade]):
            done = sa.update(CLAIMS).where(own, CLAIMS.c.key.in_(some))
            connection.execute(done.values(until=now.now, remade=1))

    def _beat(self) -> None:
        """Renew what is held, for ever; sooner again where it failed."""
        pause = self._lease / _BEATS
        while not self._ended.wait(pause):
            try:
                self._renew()
                pause = self._lease / _BEATS
            except PriorbenchError:  # whoever stores something is told
                pause = self._lease / _BEATS / 4

    def _tick(self) -> float:
        """Take note of the time, and of it if this process was stopped until now; return the time."""
        now = _seconds()
        if now - self._ticked > self._lease / 2:
            self._awake_since = now
        self._ticked = now
        return now

    def _renew(self) -> None:
        def work(connection: sa.Connection) -> set[str]:
            now = clock(connection)
            self._release(connection, now)
            own = (CLAIMS.c.run == self._run, CLAIMS.c.remade == 0)
            connection.execute(sa.update(CLAIMS).where(*own).values(until=now.now + self._lease))
            return set(connection.execute(sa.select(CLAIMS.c.key).where(*own)).scalars())

        with self._lock:
            since = self._tick()
            if not self._held and not self._done:
                return
            left = self._store.write(work, patient=False)
            self._done.clear()
            self.lost |= self._held - left
            self._held &= left
            self._sure_until = since + self._lease


def _rows(connection: sa.Connection, by: Any, *columns: Any, keys: Sequence[str]) -> Iterator[Any]:
    for some in _parts(keys):
        yield from connection.execute(sa.select(*columns).where(by.in_(some)))


def _parts(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    return (keys[first : first + _AT_A_TIME] for first in range(0, len(keys), _AT_A_TIME))


def _asleep_too() -> Callable[[], float]:
    """Return a clock that goes on while the machine sleeps, where there is one."""
    number = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic if number is None else lambda: time.clock_gettime(number)


_seconds = _asleep_too()
