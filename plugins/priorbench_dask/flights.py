"""Groups of trials on their way: waiting, with a worker, and what becomes of the records of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from priorbench import Record
from priorbench.remote import Group, Limits, plural
from priorbench_dask.fleet import Member

if TYPE_CHECKING:
    from distributed import Future

#: how often a trial is given to a worker at most: a failure of the infrastructure is tried again twice
MOST = 3


@dataclass(kw_only=True, slots=True, eq=False)
class Flight:
    """A group of trials that are run as one, and its way.

    Attributes
    ----------
    group : Group
        the trials.
    failures : list of str
        what the infrastructure did to it, once for each time.
    avoided : set of str
        workers that it failed on: others are tried first.
    suspect : bool, default False
        a worker was lost while it ran: from then on it has a worker alone, so that no other trial is lost
        with it.
    attempt : int, default 0
        number of the present order; answers to earlier ones do not count.
    begun : bool, default False
        it was told that it runs.
    member : Member or None, optional
        where it is.
    beside : tuple of int, default (1, 1)
        most workers of the cluster, and their threads, that were on that machine.
    future : Future or None, optional
        of dask.
    """

    group: Group
    failures: list[str] = field(default_factory=list)
    avoided: set[str] = field(default_factory=set)
    suspect: bool = False
    attempt: int = 0
    begun: bool = False
    member: Member | None = None
    beside: tuple[int, int] = (1, 1)
    future: Future[str] | None = None

    @property
    def device(self) -> str:
        """Where its trials run."""
        return self.group[0].device

    @property
    def threads(self) -> int:
        """CPU threads of its trials."""
        return self.group[0].threads

    @property
    def given_up(self) -> bool:
        """Whether it was tried often enough."""
        return len(self.failures) >= MOST

    @property
    def reason(self) -> str:
        """Why it was given up."""
        return f"tried {plural(len(self.failures), 'time')} on the cluster: {'; '.join(self.failures)}"

    def saw(self, beside: tuple[int, int]) -> None:
        """Take note of how many workers were on its machine."""
        self.beside = max(self.beside, beside, key=lambda pair: pair[1])


def marked(flight: Flight, records: Sequence[Record], limits: Limits) -> tuple[Record, ...]:
    """Return the records of a trial with limits, the environment of its worker, and what disturbed it."""
    member, (workers, threads) = flight.member, flight.beside
    assert member is not None
    beside = ""
    if threads > 1:
        of = "" if threads == workers else f" with {threads} threads in all"
        beside = f"{plural(workers, 'dask worker')}{of} ran on this host"
    return tuple(
        replace(
            record,
            limits=limits.to_json(),
            environment=member.environments[flight.device],
            tainted="; ".join(filter(None, (beside, record.tainted))) or None,
        )
        for record in records
    )


def requests_of(flight: Flight, members: Mapping[str, Member]) -> dict[str, Mapping[str, float]]:
    """Return the members that can run a flight, by address, with the resources that it asks for."""
    asked = ((one, one.request(flight.device, flight.threads)) for one in members.values())
    return {one.address: request for one, request in asked if request is not None}
