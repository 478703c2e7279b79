"""The scores of a store: remembered, or as they are stored, where they are whole."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from priorbench.store.asked import Asked, is_loose, read_asked, tell_loose
from priorbench.store.columns.recalling import Resting, recalled, remember
from priorbench.store.columns.remembered import place
from priorbench.store.documents import Damage
from priorbench.store.opening import Database
from priorbench.store.score_tables import SCORE_TABLES, has_scores, read_scores
from priorbench.store.scores import Scores
from priorbench.store.statements import Note


def stored_scores(
    database: Database, note: Note, damage: Mapping[str, Damage]
) -> tuple[Asked | None, Scores | None]:
    """Return what was asked for, where it had to be read, and the scores; None if they are not all stored.

    Parameters
    ----------
    database : Database
        of the store; it has answers.
    note : callable
        is told what cannot be read, and where.
    damage : Mapping
        what was noted so far: scores of a damaged store are not remembered.
    """
    with database.connection() as connection:
        rest = resting(database)
        found = None if rest is None else recalled(connection, rest, note)
        if found is not None:
            return None, found
        asked = read_asked(connection, note)
        found = _as_stored(database, connection, asked, note)
        if found is None or is_loose(connection, found.asked, len(found.keys)):
            tell_loose(connection, note)
        elif rest is not None and not damage and rest == resting(database):
            found = remember(rest, found)
        return asked, found


def _as_stored(database: Database, connection: sa.Connection, asked: Asked, note: Note) -> Scores | None:
    """Return the scores as they are stored; None if they are not, or not all of them, or damaged."""
    if any(map(database.lacks, SCORE_TABLES)) or not has_scores(connection):
        return None
    try:
        return read_scores(connection, asked, note)
    except (ValueError, TypeError):  # numbers that are none, references to nothing
        return None


def resting(database: Database) -> Resting | None:
    """Return where the scores are remembered of a store that only is read, and at rest."""
    path, stamp = database.path, database.at_rest()
    file = None if path is None or stamp is None else place(path)
    return None if file is None or stamp is None else Resting(file, stamp)
