"""The tables of a store, and what is of an earlier schema brought to ours."""

from __future__ import annotations

import json
from itertools import islice

import sqlalchemy as sa

from priorbench.contract.records import SCHEMA
from priorbench.errors import PriorbenchError
from priorbench.store.asked import Numbers, add_answers, add_run, own_answers
from priorbench.store.documents import UnreadableError, document, fact
from priorbench.store.rows.earlier import is_earlier
from priorbench.store.rows.packing import pack
from priorbench.store.score_tables import has_scores, renew_scores
from priorbench.store.statements import Note, insert, is_sqlite, record_rows, stored_text
from priorbench.store.tables import ABOUT, FORM, META, RECORDS, SCORES


def schema_of(connection: sa.Connection, shown: str) -> int | None:
    """Return the schema that the store says it has; raise `PriorbenchError` for one newer than ours."""
    found = connection.execute(sa.select(ABOUT.c.value).where(ABOUT.c.name == "schema")).scalar()
    if found is not None and not (found.isdecimal() and int(found) <= FORM):
        raise PriorbenchError(f"the store {shown} has schema {found}, newer than this priorbench's {FORM}")
    return None if found is None else int(found)


def prepare(connection: sa.Connection, shown: str, note: Note) -> int:
    """Make the tables that are missing, and bring what is of an earlier schema to ours.

    Returns the number of records that were.
    """
    renewed = 0
    META.create_all(connection)
    form = schema_of(connection, shown)
    if form != FORM:
        connection.execute(sa.delete(ABOUT).where(ABOUT.c.name == "schema"))
        connection.execute(insert(connection, ABOUT), [{"name": "schema", "value": str(FORM)}])
        renewed = _renew_records(connection) if form is None or form < SCHEMA else 0
        renewed = max(renewed, _pack_records(connection))
    if not has_scores(connection):
        renew_scores(connection, note)
    return renewed


def _renew_records(connection: sa.Connection) -> int:
    """Write records of an earlier schema as facts of today, and what they say of their labels as requests.

    What cannot be read stays as it is. Returns how many there are.
    """
    earlier = []
    for row in record_rows(connection, curves=False):
        try:
            values = document(row.data, None)
        except UnreadableError:
            continue
        if is_earlier(values):
            earlier.append(values)
    answers, runs = own_answers(earlier)
    for run in runs:
        add_run(connection, run)
    numbers = Numbers()
    remaining = iter(answers)
    while some := list(islice(remaining, 1000)):
        add_answers(connection, some, numbers)
    statement = (
        sa.update(RECORDS).where(RECORDS.c.key == sa.bindparam("of")).values(data=sa.bindparam("text"))
    )
    new = [
        {"of": values["key"], "text": stored_text(connection, json.dumps(fact(values), allow_nan=False))}
        for values in earlier
    ]
    if new:
        connection.execute(statement, new)
        connection.execute(sa.delete(SCORES))
    return len(new)


def _pack_records(connection: sa.Connection) -> int:
    """Pack the texts of records that are not packed yet; what cannot be read stays as it is.

    Returns how many there are.
    """
    if not is_sqlite(connection):
        return 0
    statement = sa.update(RECORDS).where(RECORDS.c.number == sa.bindparam("of"))
    statement = statement.values(data=sa.bindparam("packed"))
    count, after = 0, -1
    columns = (RECORDS.c.number, RECORDS.c.data)
    plain = sa.func.json_valid(RECORDS.c.data) == sa.literal_column("1")
    query = sa.select(*columns).where(sa.func.typeof(RECORDS.c.data) == "text", plain)
    query = query.where(RECORDS.c.number > sa.bindparam("after")).order_by(RECORDS.c.number).limit(1000)
    while rows := connection.execute(query, {"after": after}).all():
        connection.execute(statement, [{"of": number, "packed": pack(text)} for number, text in rows])
        count, after = count + len(rows), rows[-1][0]
    return count
