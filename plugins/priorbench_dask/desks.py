"""Which worker has which trials: two for each of its threads, in order, so that planning stays lazy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from priorbench.remote import Order, Pictures, trials_text, wanted_by
from priorbench_dask.fleet import Fleet, Member
from priorbench_dask.flights import Flight

if TYPE_CHECKING:
    from distributed import Future

#: orders of a worker for each of its threads: one at work, one that waits there
_DEPTH = 2


class Desks:
    """What each worker of a fleet has been given, in the order in which it begins it.

    Parameters
    ----------
    run : str
        names the run.
    fleet : Fleet
        the workers.
    pictures : Pictures or None
        what sends pictures with the trials; None = they are on the workers.
    """

    def __init__(self, run: str, fleet: Fleet, pictures: Pictures | None) -> None:
        self._run, self._fleet, self._pictures = run, fleet, pictures
        self._given: dict[str, list[Flight]] = {}

    @property
    def flying(self) -> list[Flight]:
        """Everything that a worker has."""
        return [flight for given in self._given.values() for flight in given]

    @property
    def capacity(self) -> int:
        """How many flights all workers together may have."""
        return sum(self._places(member) for member in self._fleet.members.values())

    @property
    def free(self) -> bool:
        """Whether a worker may get one more."""
        return any(len(self._of(one)) < self._places(one) for one in self._fleet.members.values())

    def free_for(
        self, flight: Flight, requests: Mapping[str, Mapping[str, float]]
    ) -> tuple[Member | None, Mapping[str, float]]:
        """Return the worker that is to have a flight, and what it asks for there; None = it waits."""
        others = [address for address in requests if address not in flight.avoided]
        members = [self._fleet.members[address] for address in others or requests]
        if flight.suspect:
            free = [one for one in members if not self._of(one)]
        else:
            free = [
                one
                for one in members
                if len(self._of(one)) < self._places(one) and not any(own.suspect for own in self._of(one))
            ]
        if not free:
            return None, {}
        best = min(free, key=lambda one: len(self._of(one)) / one.threads)
        return best, requests[best.address]

    def order(self, flight: Flight, member: Member) -> Order:
        """Return the order of a flight for a worker; raise what reading a picture raises."""
        sends = self._pictures is not None
        pictures = {} if self._pictures is None else self._pictures.of(flight.group, member.sent)
        member.sent.update(pictures)
        return Order(
            run=self._run,
            trials=trials_text(flight.group),
            pictures=pictures,
            wanted=wanted_by(flight.group) if sends else (),
            alone=self._fleet.beside(member)[1] == 1,
        )

    def seat(self, flight: Flight, member: Member, future: Future[str] | None) -> None:
        """Take note that a worker has a flight."""
        flight.member, flight.future = member, future
        self._given.setdefault(member.address, []).append(flight)

    def leave(self, flight: Flight) -> None:
        """Take note that a worker has it no more, whatever it still says of it."""
        if flight.member is not None:
            given = self._given.get(flight.member.address, [])
            if flight in given:
                given.remove(flight)
        flight.attempt += 1
        flight.future = None

    def clear(self, address: str) -> list[Flight]:
        """Return what a worker had; it has nothing now."""
        return self._given.pop(address, [])

    def clear_all(self) -> list[Flight]:
        """Return what all had."""
        found = self.flying
        self._given.clear()
        return found

    def beginning(self) -> Iterator[Flight]:
        """Yield the flights that begin now: as many of a worker as it has threads, the first ones."""
        for given in self._given.values():
            for flight in given:
                member = flight.member
                if member is not None and not flight.begun and flight in given[: member.threads]:
                    flight.begun = True
                    yield flight

    def _of(self, member: Member) -> list[Flight]:
        return self._given.get(member.address, [])

    def _places(self, member: Member) -> int:
        return _DEPTH * member.threads
