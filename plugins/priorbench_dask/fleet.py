"""The workers of a cluster as a run sees them: asked when they come, and which trials each may get."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from priorbench.remote import Question, differences, fingerprint, message_of, one_line
from priorbench_dask.connection import Connection

#: names of abstract resources of workers that trials ask for
_GPU, _CPU = "GPU", "CPU"
#: how often a worker is asked that does not answer
_TRIES = 3


@dataclass(kw_only=True, slots=True)
class Member:
    """A worker that agrees with the plan.

    Attributes
    ----------
    address, host, machine : str
        where it is; `machine` is one for all containers of a machine.
    threads : int
        trials that it runs at the same time.
    resources : Mapping[str, float]
        abstract resources that it declares.
    environments : Mapping[str, str]
        device -> fingerprint of the environment of its records.
    absent : Mapping[str, str]
        device that it does not have -> why.
    sent : set of str
        digests of pictures that it has been sent.
    stumbles : int, default 0
        trials in a row that its machine could not run.
    """

    address: str
    host: str
    machine: str
    threads: int
    resources: Mapping[str, float]
    environments: Mapping[str, str]
    absent: Mapping[str, str]
    sent: set[str] = field(default_factory=set)
    stumbles: int = 0

    def request(self, device: str, threads: int) -> Mapping[str, float] | None:
        """Return the resources that a trial asks of this worker; None where it cannot run here.

        A trial on a GPU asks for ``GPU=1``, another one for ``CPU`` by its threads, of workers that declare
        one of the two.
        """
        if device not in self.environments:
            return None
        if not {_GPU, _CPU} & self.resources.keys():
            return {}
        tag, amount = (_CPU, float(threads)) if device == "cpu" else (_GPU, 1.0)
        return {tag: amount} if self.resources.get(tag, 0) >= amount else None

    def offer(self) -> str:
        """Say where it is and what it offers."""
        tags = ", ".join(f"{name}={amount:g}" for name, amount in sorted(self.resources.items()))
        gone = "".join(f", no {device}: {reason}" for device, reason in self.absent.items())
        return f"{self.address} on {self.host} ({tags or 'no resources declared'}{gone})"


class Fleet:
    """The workers of a cluster.

    Parameters
    ----------
    connection : Connection
        to the scheduler.
    question : Question
        what each is asked.

    Attributes
    ----------
    members : dict[str, Member]
        those that agree, by address.
    refused : dict[str, str]
        those that do not, with the reason.
    environments : dict[str, Mapping[str, Any]]
        what members said of their machines, by fingerprint.
    """

    def __init__(
        self, connection: Connection, question: Question, environments: dict[str, Mapping[str, Any]]
    ) -> None:
        self._connection, self._question, self.environments = connection, question, environments
        self.members: dict[str, Member] = {}
        self.refused: dict[str, str] = {}
        self._present: Mapping[str, int] = {}
        self._tries: dict[str, int] = {}
        self._asked: tuple[tuple[str, ...], Future[Mapping[str, Any]]] | None = None

    @property
    def asking(self) -> bool:
        """Whether an answer is awaited, or somebody is still to be asked."""
        return self._asked is not None or bool(self._strangers())

    def look(self) -> tuple[list[Member], list[str]]:
        """See who is there; return the members that are gone, and the refusals that are new.

        New workers are asked in a thread, so that the others go on.

        Raises
        ------
        UnreachableError
            If the scheduler does not answer.
        """
        self._present = self._connection.workers()
        refused = self._hear()
        gone = [self.members.pop(address) for address in [*self.members] if address not in self._present]
        for address in [*self.refused]:
            if address not in self._present:
                del self.refused[address]
        strangers = self._strangers()
        if strangers and self._asked is None:
            self._asked = strangers, self._ask(strangers)
        return gone, refused

    def forget(self, address: str) -> Member | None:
        """Take a worker for one that was never asked."""
        return self.members.pop(address, None)

    def refuse(self, address: str, reason: str) -> Member | None:
        """Give no more to a worker."""
        self.refused[address] = reason
        return self.members.pop(address, None)

    def forget_all(self) -> list[Member]:
        """Do so with all, as after another start of the scheduler."""
        gone, self._asked = [*self.members.values()], None
        self.members.clear()
        self.refused.clear()
        return gone

    def beside(self, member: Member) -> tuple[int, int]:
        """Return how many workers of the cluster are on a member's machine, and their threads in all."""
        there = [one for one in self.members.values() if one.machine == member.machine]
        return len(there), sum(one.threads for one in there)

    def suiting(self, device: str, threads: int) -> Iterator[tuple[Member, Mapping[str, float]]]:
        """Yield the members that can run a trial, with the resources that it asks for."""
        for member in self.members.values():
            request = member.request(device, threads)
            if request is not None:
                yield member, request

    def _ask(self, workers: Sequence[str]) -> Future[Mapping[str, Any]]:
        answers: Future[Mapping[str, Any]] = Future()

        def ask() -> None:
            try:
                answers.set_result(self._connection.ask(self._question.to_text(), workers))
            except BaseException as error:
                answers.set_exception(error)

        # not a pool: Python would wait for its threads at the end, also for one that nobody answers
        threading.Thread(target=ask, name="priorbench-ask", daemon=True).start()
        return answers

    def _strangers(self) -> tuple[str, ...]:
        known = {*self.members, *self.refused, *(self._asked[0] if self._asked else ())}
        return tuple(address for address in self._present if address not in known)

    def _hear(self) -> list[str]:
        """Take in what workers have answered; return the lines of those that are refused."""
        if self._asked is None or not self._asked[1].done():
            return []
        asked, future = self._asked
        self._asked = None
        try:
            answers: Mapping[str, Any] = future.result()
        except Exception as error:  # nobody was reached
            answers = dict.fromkeys(asked, error)
        lines = []
        for address in asked:
            reason = self._admit(address, answers.get(address, OSError("it gave no answer")))
            if reason:
                self.refused[address] = reason
                lines.append(f"worker {address} {reason}")
        return lines

    def _admit(self, address: str, answer: Any) -> str:
        """Make a worker a member, if it agrees with the plan; otherwise return why not."""
        if isinstance(answer, OSError):  # it may have ended meanwhile, or be slow
            self._tries[address] = self._tries.get(address, 0) + 1
            gone = self._tries[address] < _TRIES
            return "" if gone else f"does not answer: {one_line(answer)}"
        if isinstance(answer, ModuleNotFoundError):
            return f"lacks a package: {answer}: install there what is installed here, with this plugin"
        try:
            found = message_of(answer)
            if "fault" in found:
                return f"cannot be used: {found['fault']}"
            reasons = [*differences(self._question.needs, found)]
            if reasons:
                return f"differs from what the run was planned with: {'; '.join(reasons)}"
            if found["images"]:
                faults = "; ".join(f"'{name}': {fault}" for name, fault in found["images"].items())
                return f"on {found['host']} lacks image sets: {faults} (or send them: --ship-images)"
            self.members[address] = self._member(address, found)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            told = f"{type(answer).__name__}: {answer}" if isinstance(answer, Exception) else error
            return f"gives no answer that can be used: {one_line(told)}"
        return ""

    def _member(self, address: str, found: Mapping[str, Any]) -> Member:
        there = {device: one for device, one in found["environments"].items() if isinstance(one, dict)}
        marks = {device: fingerprint(environment) for device, environment in there.items()}
        asked = self._question.needs.device
        self.environments.update({marks[device]: there[device] for device in there})
        if asked in marks:  # as everywhere, a record has the environment of the device of its run
            marks = dict.fromkeys(marks, marks[asked])
        return Member(
            address=address,
            host=str(found["host"]),
            machine=str(found["machine"]),
            threads=int(found["threads"]),
            resources={str(name): float(amount) for name, amount in found["resources"].items()},
            environments=marks,
            absent={name: str(one) for name, one in found["environments"].items() if name not in there},
        )


def offers(members: Sequence[Member]) -> str:
    """Say what workers offer, in one line."""
    return "; ".join(member.offer() for member in members)
