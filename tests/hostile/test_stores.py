"""Stores of strangers are data: nothing in them runs, unpacks without end, or is obeyed."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import zlib

import pytest
from attacks.files import Family, Ground, refused, small_run, survived
from attacks.outcomes import check
from attacks.runs import Arena
from sample_records import columns_of

from priorbench.store.database import Store

FAMILY = Family(name="store")


def made(ground: Ground, *statements: str | tuple[str, tuple]) -> str:
    """Make a store with two good records, and do something to it."""
    path = ground.folder / "foreign.db"
    store = Store(f"sqlite:///{path}")
    store.add(columns_of({"alpha": [31.0], "beta": [29.0]}))
    store.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = DELETE")
    for one in statements:
        text, values = one if isinstance(one, tuple) else (one, ())
        with contextlib.closing(connection.execute(text, values)):
            pass
    connection.commit()
    connection.close()
    return str(path)


def read(ground: Ground, path: str) -> tuple[str, str]:
    """Read a store with each command that reads; return the worst end."""
    ends = [
        survived(ground.here(*words))
        for words in (
            ("leaderboard", "--store", path),
            ("export", "--store", path),
            ("runs", "--store", path),
            ("leaderboard", "--store", path, "--format", "html", "-o", str(ground.folder / "page.html")),
            ("merge", path, "--store", str(ground.folder / "mine.db")),
        )
    ]
    return max(ends, key=lambda one: one[0] == "broken")


@FAMILY.attack()
def view_in_the_place_of_records(ground):
    path = made(ground, "ALTER TABLE records RENAME TO r", "CREATE VIEW records AS SELECT * FROM r")
    return refused(ground.here("leaderboard", "--store", path), "view")


@FAMILY.attack()
def view_without_end(ground):
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    path = made(ground, "ALTER TABLE runs RENAME TO r", f"CREATE VIEW runs AS {endless}")
    return refused(ground.apart("leaderboard", "--store", path))


@FAMILY.attack()
def trigger_that_deletes(ground):
    path = made(ground, "CREATE TRIGGER t AFTER INSERT ON records BEGIN DELETE FROM records; END")
    ground.here("import", "nothing.jsonl", "--store", path)
    return refused(ground.here("merge", path, "--store", str(ground.folder / "mine.db")), "trigger")


@FAMILY.attack()
def trigger_in_the_store_that_is_written(ground):
    path = made(ground, "CREATE TRIGGER t AFTER INSERT ON records BEGIN DELETE FROM records; END")
    return refused(ground.here(*small_run(path)), "trigger")


@FAMILY.attack()
def virtual_table_in_the_place_of_records(ground):
    path = made(
        ground,
        "DROP TABLE records",
        "CREATE VIRTUAL TABLE records USING fts5(number, key, status, data, curve)",
    )
    return read(ground, path)


@FAMILY.attack()
def table_of_what_is_computed(ground):
    path = made(
        ground, "DROP TABLE runs",
        "CREATE TABLE runs (id TEXT, asked_at TEXT AS (hex(zeroblob(100000000))), data TEXT)",
        "INSERT INTO runs (id, data) VALUES ('a', '{}')",
    )  # fmt: skip
    return survived(ground.apart("runs", "--store", path))


@FAMILY.attack()
def index_with_an_expression(ground):
    return read(ground, made(ground, "CREATE INDEX i ON records (upper(data))"))


@FAMILY.attack()
def constraint_that_never_holds(ground):
    path = made(ground, "ALTER TABLE records ADD COLUMN more TEXT CHECK (more <> more)")
    return read(ground, path)


@FAMILY.attack()
def curve_of_two_hundred_megabytes(ground):
    bomb = zlib.compress(b" " * 200_000_000, 9)
    return survived(
        ground.apart("export", "--store", made(ground, ("UPDATE records SET curve = ?", (bomb,))))
    )


@FAMILY.attack()
def curve_in_a_page(ground):
    bomb = zlib.compress(b" " * 200_000_000, 9)
    path = made(ground, ("UPDATE records SET curve = ?", (bomb,)))
    return survived(ground.apart("leaderboard", "--store", path, "--format", "html", "-o", "page.html"))


@FAMILY.attack()
def text_of_fifty_megabytes(ground):
    path = made(
        ground, ("UPDATE records SET data = ? WHERE number = 1", ('{"a": "' + "x" * 50_000_000 + '"}',))
    )
    return survived(ground.apart("leaderboard", "--store", path))


@FAMILY.attack()
def zeros_of_a_gigabyte(ground):
    path = made(ground, "UPDATE records SET data = zeroblob(900000000) WHERE number = 1")
    return survived(ground.apart("export", "--store", path))


@FAMILY.attack()
def bytes_where_text_should_be(ground):
    return read(ground, made(ground, "UPDATE records SET data = X'FFFE00', status = X'FF' WHERE number = 1"))


@FAMILY.attack()
def numbers_where_text_should_be(ground):
    return read(
        ground, made(ground, "UPDATE runs SET data = 7, asked_at = 1e308", "UPDATE requests SET data = 1")
    )


@FAMILY.attack()
def names_that_are_codes(ground):
    statements = [
        f"UPDATE records SET data = replace(data, '\"alpha\"', '\"a{one}\"')"
        for one in ("\\u001b[2J\\u0007",)
    ]
    return read(
        ground,
        made(
            ground,
            *statements,
            "DELETE FROM scores",
            "DELETE FROM entries",
            "DELETE FROM about WHERE name = 'scores'",
        ),
    )


@FAMILY.attack()
def run_that_is_codes(ground):
    suite = '{"suite": "\\u001b[31m"}'
    statement = "UPDATE runs SET id = id || char(27) || '[2J', asked_at = char(7), data = ?"
    return read(ground, made(ground, (statement, (suite,))))


@FAMILY.attack()
def schema_that_is_codes(ground):
    return read(ground, made(ground, "UPDATE about SET value = char(27) || '[2J9' WHERE name = 'schema'"))


@FAMILY.attack()
def schema_later(ground):
    path = made(ground, "UPDATE about SET value = '99' WHERE name = 'schema'")
    return refused(ground.here("leaderboard", "--store", path), "newer")


@FAMILY.attack()
def schema_written_by_hand(ground):
    path = made(
        ground,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = 'CREATE TABLE records (nonsense' WHERE name = 'records'",
    )
    return read(ground, path)


@FAMILY.attack()
def picture_that_is_a_page(ground):
    page = b"<svg onload=alert(1)><script>alert(1)</script>"
    path = made(ground, ("INSERT INTO crops VALUES ('0', ?)", (page,)))
    ground.here("leaderboard", "--store", path, "--format", "html", "-o", str(ground.folder / "page.html"))
    text = (ground.folder / "page.html").read_text()
    return ("broken", "the page has it") if "<script>alert" in text else read(ground, path)


@FAMILY.attack()
def bytes_turned_over(ground):
    path = made(ground)
    with open(path, "r+b") as file:  # noqa: PTH123
        for at in range(4096, 40_000, 97):
            file.seek(at)
            file.write(b"\xff")
    return read(ground, path)


@FAMILY.attack()
def cut_off(ground):
    path = made(ground)
    os.truncate(path, 5000)
    return read(ground, path)


@FAMILY.attack()
def log_of_another(ground):
    path = made(ground)
    (ground.folder / "foreign.db-wal").write_bytes(os.urandom(100_000))
    return read(ground, path)


@FAMILY.attack()
def journal_that_takes_back(ground):
    path = made(ground)
    (ground.folder / "foreign.db-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + os.urandom(5000))
    return read(ground, path)


@FAMILY.attack()
def pipe(ground):
    os.mkfifo(ground.folder / "pipe.db")
    return refused(ground.apart("leaderboard", "--store", str(ground.folder / "pipe.db")))


@FAMILY.attack()
def pipe_to_import(ground):
    os.mkfifo(ground.folder / "pipe.jsonl")
    store = str(ground.folder / "mine.db")
    done = ground.apart("import", str(ground.folder / "pipe.jsonl"), "--store", store, limit=5)
    # somebody may mean it: it waits for who writes, as every program does, and Ctrl-C ends it
    return ("held", "it waits, as a pipe wants it") if done.status is None else survived(done)


@FAMILY.attack()
def device_without_end(ground):
    return refused(ground.apart("leaderboard", "--store", "/dev/zero"))


@FAMILY.attack()
def folder(ground):
    return refused(ground.here("leaderboard", "--store", str(ground.folder)))


@FAMILY.attack()
def link_in_a_circle(ground):
    (ground.folder / "a.db").symlink_to("a.db")
    return refused(ground.here("leaderboard", "--store", str(ground.folder / "a.db")))


@FAMILY.attack()
def database_of_another_program(ground):
    path = ground.folder / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE passwords (p TEXT)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    end = refused(ground.here("leaderboard", "--store", str(path)))
    ground.here(*small_run(str(path)))
    return end if path.read_bytes() == before else ("weak", "its bytes were changed")


@FAMILY.attack()
def address_with_options(ground):
    path = made(ground)
    return refused(ground.here("leaderboard", "--store", f"sqlite:///file:{path}?mode=memory&vfs=x&uri=true"))


@pytest.mark.slow(30)
def test_stores_of_strangers(command, example_site, tmp_path, record_property):
    def ground(name):
        folder = tmp_path / name
        folder.mkdir()
        return Ground(folder=folder, here=command, arena=Arena(example_site, folder))

    check(FAMILY.seen(ground), record_property)
