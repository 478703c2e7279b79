"""The book of a run: what it asked for, and which records answer it, found, run now, or on their way."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Self

from priorbench.contract.records import Record
from priorbench.contract.requests import Request, Run
from priorbench.errors import PriorbenchError
from priorbench.store.asked import Answer
from priorbench.store.database import Store
from priorbench.words import plural

#: answers found in the store are written so many at a time: each transaction costs a wait for the disk
_AT_A_TIME = 1000


class AnswerBook:
    """Keeps what is asked for until there is a record, then stores that this answers it.

    Parameters
    ----------
    store : Store
        Where requests go.
    run : Run
        This run.
    """

    def __init__(self, store: Store, run: Run) -> None:
        self._store, self._run = store, run
        self._coming: dict[str, list[Request]] = {}
        self._found: list[Answer] = []
        self._settled: set[str] = set()  # failed in this run, or made by another one
        self._gone: set[str] = set()
        store.add_run(run)

    def __enter__(self) -> Self:
        """Return the book."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Store what is not stored yet, also where the run ends with an error, which is the one to tell."""
        with contextlib.nullcontext() if kind is None else contextlib.suppress(PriorbenchError):
            self.close()

    def ask(self, keys: Sequence[str], requests: Sequence[Request], wanted: Sequence[bool]) -> list[bool]:
        """Take note of what a trial is asked for; say of each key whether it is still to be run.

        A key that is on its way, because the suite has its method under another label or its image in another
        set, is not run twice; nor is one that failed in this run, which tries failures again.
        """
        wanted = [want and key not in self._settled for key, want in zip(keys, wanted, strict=True)]
        run = [want and key not in self._coming for key, want in zip(keys, wanted, strict=True)]
        for key, request, want in zip(keys, requests, wanted, strict=True):
            if want:
                self._coming.setdefault(key, []).append(request)
            else:
                self._found.append((request, key, self._run.id))
        if len(self._found) >= _AT_A_TIME:
            self._write()
        return run

    def first(self, key: str) -> Request:
        """Return what a record on its way was first asked for as."""
        return self._coming[key][0]

    def answered(self, records: Sequence[Record]) -> list[Answer]:
        """Return what records answer; they are not on their way any more."""
        self._settled.update(record.key for record in records if record.status != "ok")
        keys = [record.key for record in records]
        return [(request, key, self._run.id) for key in keys for request in self._coming.pop(key)]

    def found(self, keys: Sequence[str]) -> None:
        """Take note that records of these keys, which were on their way, are in the store: another run's."""
        for key in keys:
            self._found += [(request, key, self._run.id) for request in self._coming.pop(key, ())]
        self._settled.update(keys)
        if len(self._found) >= _AT_A_TIME:
            self._write()

    def close(self) -> None:
        """Store what is not stored yet.

        Raises
        ------
        PriorbenchError
            If records that were found have been taken out of the store since.
        """
        self._write()
        if self._gone:
            raise PriorbenchError(
                f"{plural(len(self._gone), 'record')} that this run found in the store"
                f" {'was' if len(self._gone) == 1 else 'were'} taken out of it since: start the run again"
            )

    def _write(self) -> None:
        found, self._found = self._found, []
        self._gone |= self._store.add_answers(found)
