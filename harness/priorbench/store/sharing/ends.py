"""How runs ended: noted by the run itself, so that one that was killed is known by what it did not note."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum

import sqlalchemy as sa

from priorbench.contract.requests import Run
from priorbench.store.database import Store
from priorbench.store.sharing.owner import is_gone
from priorbench.store.sharing.server import clock
from priorbench.store.tables import CLAIMS, RUNS

#: name of the option of a run that says how it ended; empty until then
ENDED = "ended"


class State(StrEnum):
    """What became of a run."""

    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    AT_WORK = "at work"
    UNFINISHED = "unfinished"


def note_end(store: Store, run: str, state: State) -> None:
    """Note how a run ended; what is no run of the store any more is left alone.

    Parameters
    ----------
    store : Store
        that the run wrote to.
    run : str
        its id.
    state : State
        finished or interrupted.
    """

    def work(connection: sa.Connection) -> None:
        own = RUNS.c.id == run
        found = connection.execute(sa.select(RUNS.c.data).where(own)).scalar_one_or_none()
        try:
            about = json.loads(found or "")
            about["options"][ENDED] = state.value
        except (ValueError, TypeError, KeyError):
            return  # a damaged row is told where it is read
        connection.execute(sa.update(RUNS).where(own).values(data=json.dumps(about)))

    store.write(work, patient=False)  # who interrupts a run does not wait for a server that is away


def states_of(store: Store, runs: Iterable[Run]) -> dict[str, State | None]:
    """Return what became of runs, by their ids; None where nobody noted it, as in stores from before.

    One that noted no end is at work as long as it holds trials that nobody else may make. Else it was killed,
    or has just begun.
    """
    noted = {run.id: run.options.get(ENDED) for run in runs}
    held = _holding(store) if "" in noted.values() else frozenset[str]()
    return {run: _state(run, ended, held) for run, ended in noted.items()}


def _state(run: str, ended: object, held: frozenset[str]) -> State | None:
    if ended == "":
        return State.AT_WORK if run in held else State.UNFINISHED
    return next((state for state in (State.FINISHED, State.INTERRUPTED) if state.value == ended), None)


def _holding(store: Store) -> frozenset[str]:
    """Return the ids of runs that hold trials now."""

    def work(connection: sa.Connection) -> frozenset[str]:
        now = clock(connection).now
        query = sa.select(CLAIMS.c.run, CLAIMS.c.owner).distinct()
        rows = connection.execute(query.where(CLAIMS.c.remade == 0, CLAIMS.c.until > now))
        return frozenset(row.run for row in rows if not is_gone(row.owner))

    return store.read(work)
