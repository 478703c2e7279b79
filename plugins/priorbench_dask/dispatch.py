"""Gives trials to workers, takes their records, and tries again what the infrastructure lost."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from priorbench import Record, Started
from priorbench.errors import PriorbenchError
from priorbench.remote import NOT_RUN, AnswerError, Group, Limits, message_of, one_line, records_of
from priorbench_dask.connection import Connection, UnreachableError
from priorbench_dask.desks import Desks
from priorbench_dask.fleet import Fleet, offers
from priorbench_dask.flights import Flight, marked, requests_of

#: seconds between two looks at the workers
_LOOK = 1.0
#: trials in a row that a worker could not run, after which it is asked again what it has
_STUMBLES = 3
#: makes the records of trials without a result: the trials, the reason, and what was printed
Failed = Callable[[Group, str, str | None], list[tuple[Record, ...]]]
#: one line for a person
Say = Callable[[str], None]


class Dispatch:
    """The way of a run's trials through a cluster.

    Parameters
    ----------
    connection, fleet : Connection or Fleet
        the scheduler, and its workers.
    desks : Desks
        who is given what.
    limits : Limits
        of a trial.
    failed : callable
        makes records where there is no result.
    wait : float
        seconds to wait for a worker that can run what is left.
    say : callable
        told what a person should know.
    """

    def __init__(
        self,
        connection: Connection,
        fleet: Fleet,
        desks: Desks,
        *,
        limits: Limits,
        failed: Failed,
        wait: float,
        say: Say,
    ) -> None:
        self._connection, self._fleet, self._desks = connection, fleet, desks
        self._limits, self._failed, self._wait, self._say = limits, failed, wait, say
        self._waiting: deque[Flight] = deque()
        self._landed: SimpleQueue[tuple[Flight, int, object]] = SimpleQueue()
        self._looked = self._could = time.monotonic()

    def run(self, groups: Iterator[Group], started: Started) -> Iterator[tuple[Record, ...]]:
        """Yield the records of each trial when it ends; a group is read only when a worker is free for it."""
        more = True
        while True:
            more = self._fill(groups, more=more)
            for flight in self._desks.beginning():
                for trial in flight.group:
                    started(trial)
            if not (self._waiting or self._desks.flying or more):
                return
            for flight, outcome in self._arrivals():
                yield from self._ended(flight, outcome)
            if time.monotonic() - self._looked >= _LOOK:
                yield from self._look()

    def cancel(self) -> None:
        """Take back everything that is on its way."""
        self._connection.cancel([one.future for one in self._desks.flying if one.future is not None])

    def _fill(self, groups: Iterator[Group], *, more: bool) -> bool:
        """Give workers what waits, and new groups; say whether there may be more of them."""
        while True:
            for flight in [*self._waiting]:
                member, request = self._desks.free_for(flight, requests_of(flight, self._fleet.members))
                if member is not None:
                    self._waiting.remove(flight)
                    self._launch(flight, member, request)
            if not more or len(self._waiting) >= max(1, self._desks.capacity) or not self._desks.free:
                return more
            group = next(groups, None)
            if group is None:
                more = False
            else:
                self._waiting.append(Flight(group=group))

    def _launch(self, flight: Flight, member: Any, request: Mapping[str, float]) -> None:
        flight.saw(self._fleet.beside(member))
        try:
            order = self._desks.order(flight, member)
        except Exception as error:  # a picture that cannot be sent was there when the run was planned
            self._landed.put((flight, flight.attempt, error))
            self._desks.seat(flight, member, None)
            return
        done = partial(self._arrived, flight, flight.attempt)
        try:
            future = self._connection.submit(order, member.address, request, done)
        except Exception:  # the line is lost; the next look says so
            future = None
            self._landed.put((flight, flight.attempt, CancelledError()))
        self._desks.seat(flight, member, future)

    def _arrived(self, flight: Flight, attempt: int, outcome: object) -> None:
        self._landed.put((flight, attempt, outcome))

    def _arrivals(self) -> Iterator[tuple[Flight, object]]:
        """Wait for an answer, not for long; yield all that are there."""
        try:
            found = self._landed.get(timeout=max(0.05, _LOOK - (time.monotonic() - self._looked)))
            while True:
                flight, attempt, outcome = found
                if attempt == flight.attempt and flight.member is not None:
                    yield flight, outcome
                found = self._landed.get_nowait()
        except Empty:
            return

    def _ended(self, flight: Flight, outcome: object) -> Iterator[tuple[Record, ...]]:
        """Take the outcome of an order: records, or why there are none and what follows from that."""
        member = flight.member
        assert member is not None
        flight.saw(self._fleet.beside(member))
        if isinstance(outcome, (CancelledError, asyncio.CancelledError)):  # the scheduler forgot it
            yield from self._again([flight], "")
            return
        try:
            if isinstance(outcome, BaseException):
                raise ValueError(f"{type(outcome).__name__}: {one_line(outcome)}")
            message = message_of(outcome)
            if "unchecked" in message:
                self._fleet.forget(member.address)
                yield from self._lost(member.address)
            elif "disagrees" in message:
                self._refuse(member.address, str(message["disagrees"]))
                yield from self._again(self._taken_from(member.address), "")
            elif "lacks" in message:
                member.sent.difference_update(message["lacks"])
                yield from self._again([flight], "")
            elif "failed" in message:
                printed = message.get("printed")
                yield from self._again([flight], f"on {member.address} {message['failed']}", printed)
            else:
                yield from self._recorded(flight, records_of(message, flight.group))
        except (ValueError, TypeError, AnswerError) as error:
            yield from self._again([flight], f"on {member.address} {one_line(error)}")

    def _recorded(self, flight: Flight, found: Sequence[tuple[Record, ...]]) -> Iterator[tuple[Record, ...]]:
        if len(flight.group) == 1 and found[0][0].status == NOT_RUN:
            yield from self._stumbled(flight, str(found[0][0].error), found[0][0].printed)
            return
        self._desks.leave(flight)
        if len(flight.group) > 1 and any(record.status != "ok" for own in found for record in own):
            # one of them, or their company: each is to get the record that it would have had alone
            self._waiting.extendleft(Flight(group=(trial,), begun=True) for trial in flight.group)
            return
        if flight.member is not None:
            flight.member.stumbles = 0
        for records in found:
            yield marked(flight, records, self._limits)

    def _stumbled(self, flight: Flight, reason: str, printed: str | None) -> Iterator[tuple[Record, ...]]:
        """Have a trial that a machine could not run tried elsewhere; after several, ask the worker again.

        Its code may have changed: it would be free at once, and get one trial after another.
        """
        member = flight.member
        assert member is not None
        member.stumbles += 1
        yield from self._again([flight], f"on {member.host} ({member.address}): {reason}", printed)
        if member.stumbles >= _STUMBLES:
            self._fleet.forget(member.address)
            yield from self._again(self._taken_from(member.address), "")

    def _again(
        self, flights: Sequence[Flight], failure: str, printed: object = None
    ) -> Iterator[tuple[Record, ...]]:
        """Let flights wait for another worker; yield the records of those that were tried often enough."""
        for flight in reversed(flights):
            self._desks.leave(flight)
            if failure:
                flight.failures.append(failure)
                flight.avoided.update(() if flight.member is None else (flight.member.address,))
            if flight.given_up:
                told = printed if isinstance(printed, str) else None
                yield from self._failed(flight.group, flight.reason, told)
            else:
                self._waiting.appendleft(flight)

    def _taken_from(self, address: str) -> list[Flight]:
        """Take back what a worker has; return it."""
        flights = self._desks.clear(address)
        self._connection.cancel([flight.future for flight in flights if flight.future is not None])
        return flights

    def _lost(self, address: str) -> Iterator[tuple[Record, ...]]:
        """Try again what a lost worker had; what it was at may have been what ended it."""
        flights = self._taken_from(address)
        threads = flights[0].member.threads if flights and flights[0].member else 0
        at_work = flights[:threads]
        yield from self._again(flights[threads:], "")
        for flight in at_work:
            flight.suspect = True
        yield from self._again(at_work, f"worker {address} was lost while it ran")

    def _look(self) -> Iterator[tuple[Record, ...]]:
        """See which workers have come and gone."""
        self._looked = time.monotonic()
        try:
            gone, refused = self._fleet.look()
        except UnreachableError:
            self._say(f"the scheduler {self._connection.address} does not answer: waiting for it")
            yield from self._again(self._desks.clear_all(), "")
            self._fleet.forget_all()
            self._connection.reopen()
            self._could = time.monotonic()
            return
        for line in refused:
            self._say(f"{line}; it gets no trial")
        for member in gone:
            yield from self._lost(member.address)
        self._check_progress()

    def _refuse(self, address: str, reason: str) -> None:
        self._fleet.refuse(address, reason)
        self._say(f"worker {address} differs from what the run was planned with: {reason}; it gets no trial")

    def _check_progress(self) -> None:
        """Raise `PriorbenchError` where there has been no worker for what waits, for too long."""
        stuck = [one for one in self._waiting if not requests_of(one, self._fleet.members)]
        nobody = not self._fleet.members and not self._desks.flying
        if self._fleet.asking or not (stuck or nobody):
            self._could = time.monotonic()
        elif time.monotonic() - self._could > self._wait:
            there = offers([*self._fleet.members.values()]) or "none"
            gone = "".join(f"; {address} {reason}" for address, reason in self._fleet.refused.items())
            device = f" for {stuck[0].device}" if stuck else ""
            raise PriorbenchError(
                f"no worker{device} has been there for {self._wait:g} s (there are: {there}{gone}): what had "
                "ended is in the store; run the same command again when there are workers"
            )
