"""What only a server does: restarts, languages, two clients at one moment; errors without the password."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
import sqlalchemy as sa
from asked_things import document_1, results
from database_server import Server
from sample_records import columns_of, record, trial
from small_runs import HERE

from priorbench.contract.records import SCHEMA, Curve
from priorbench.errors import PriorbenchError
from priorbench.ranking.leaderboard import leaderboard
from priorbench.store import writing
from priorbench.store.database import Store
from priorbench.store.forgetting import forget
from priorbench.store.uniting import Tally, items_of, unite


def some_records():
    """Return records with a failure, a curve and odd names."""
    curve = Curve(iteration=(1, 2), wall_seconds=(0.1, 0.2), psnr=(20.0, None), residual=(0.1, 0.2))
    return [
        *columns_of({"a": [31.0, 30.0, 32.5], "B": [29.0, 29.5, 30.0]}),
        trial("c", "0", 33.0, key="c-0", curve=curve, metrics={"m": 1.5}),
        trial("c", "caf\udce9.png", None, key="C 1", status="crashed", error="a\0b", mse=None),
    ]


def at_once(*works: Callable[[], object]) -> list[object]:
    """Do some things at the same moment, and return what they return."""
    barrier, found = threading.Barrier(len(works)), [None] * len(works)

    def do(number: int) -> None:
        barrier.wait()
        try:
            found[number] = works[number]()
        except Exception as error:
            found[number] = error

    threads = [threading.Thread(target=do, args=(number,)) for number in range(len(works))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return found


def test_boards_are_those_of_sqlite_and_everything_comes_over(server: Server, tmp_path):
    url = server.new_database()
    here, there = Store(f"sqlite:///{tmp_path}/a.db"), Store(url)
    for store in (here, there):
        store.add(some_records())
    board = leaderboard(here.scores())
    assert leaderboard(there.scores()) == board
    reading = Store(url, create=False)
    assert leaderboard(reading.scores()) == board
    assert reading.scores().key.tolist() == here.scores().key.tolist(), "not in the order of a language"
    assert list(reading.records()) == list(here.records())
    back, tally = Store(f"sqlite:///{tmp_path}/b.db"), Tally()
    unite(back, items_of(reading, tally), tally)
    assert (tally.added, tally.conflicts, tally.refused) == (8, [], [])
    assert leaderboard(back.scores()) == board


def test_another_result_is_kept_beside_and_requests_are_forgotten(server: Server, tmp_path):
    there, other, tally = Store(server.new_database()), Store(f"sqlite:///{tmp_path}/c.db"), Tally()
    there.add(columns_of({"x": [31.0]}))
    other.add([trial("x", "0", 99.0)])
    unite(there, items_of(other, tally), tally)
    assert [(one.values["psnr"], one.other["psnr"]) for one in tally.conflicts] == [(31.0, 99.0)]
    assert len(there.disputed()) == 1
    asked = there.asked()
    marks = asked.key == tally.conflicts[0].values["key"]
    assert forget(there, asked, marks).records == 1
    assert there.disputed() == frozenset()


def test_a_store_of_schema_1_is_brought_to_the_present(server: Server):
    """Read in parts and written in the same transaction."""
    url = server.new_database()
    old = Store(url)
    old.add(results("dip", [30.0, 32.0]))
    documents = {one.key: json.dumps(document_1(one, "a")) for one in old.records()}

    def age(connection: sa.Connection) -> None:
        for table in ("about", "answers", "requests", "runs", "scores"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
        for key, text in documents.items():
            connection.execute(sa.text("UPDATE records SET data = :d WHERE key = :k"), {"d": text, "k": key})

    old.write(age)
    old.close()
    store = Store(url)
    assert store.renewed == 2 and {one.schema for one in store.records()} == {SCHEMA}
    [board] = leaderboard(store.scores())
    assert [(row.name, row.psnr) for row in board.rows] == [("a", 31.0)]


def test_many_clients_open_an_empty_database_and_store_the_same_at_once(new_url):
    """Before, the tables of the second were 'already there', and some waited for each other for ever."""
    for _ in range(3):
        url = new_url()
        opened = at_once(*[partial(Store, url)] * 5)
        assert [type(store) for store in opened] == [Store] * 5, opened
        rows = some_records()
        orders = [rows, rows[::-1], rows[3:] + rows[:3], rows, rows[::-1]]
        stored = at_once(*(partial(store.add, order) for store, order in zip(opened, orders, strict=True)))
        assert stored == [None] * 5
        assert len(opened[0]) == len(opened[0].scores().status) == 8
        for store in opened:
            store.close()


def test_of_two_merges_at_once_none_overlooks_the_other(new_url, tmp_path):
    """Before, both found no record under the key, and the result of the second was lost without a word."""
    url, sources, targets = new_url(), [], []
    for number, psnr in enumerate((30.0, 31.0, 32.0, 33.0)):
        sources.append(Store(f"sqlite:///{tmp_path}/source-{number}.db"))
        sources[-1].add([replace(record(f"key-{one}"), psnr=psnr) for one in range(20)])
        targets.append(Store(url))
    tallies = [Tally() for _ in sources]
    at_once(
        *(
            partial(unite, target, list(items_of(source, tally)), tally)
            for source, target, tally in zip(sources, targets, tallies, strict=True)
        )
    )
    assert [sum(tally.added for tally in tallies), sum(len(tally.conflicts) for tally in tallies)] == [20, 60]
    assert len(list(targets[0].rivals())) == 60


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_a_restart_loses_nothing_and_stores_nothing_twice(server: Server, how: str):
    store = Store(server.new_database())
    store.add([record("before")])
    server.stop(how)
    timer = threading.Timer(0.7, server.start)
    timer.start()
    store.add([record("during")])
    assert store.statuses(["before", "during"]) == {"before": "ok", "during": "ok"}
    timer.join()
    server.control("-m", how, "restart")
    assert len(store) == 2
    store.check_kept()


def test_a_connection_that_breaks_in_a_transaction_is_made_anew(server: Server):
    store, times = Store(server.new_database()), []

    def work(connection: sa.Connection) -> None:
        times.append(1)
        connection.exec_driver_sql("INSERT INTO about VALUES ('x', 'y')")
        if len(times) < 3:
            connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    store.write(work)
    assert len(times) == 3
    assert store.read(lambda one: one.exec_driver_sql("SELECT count(*) FROM about").scalar_one()) == 3


def test_a_server_that_stays_away_is_one_line_and_the_trial_is_in_a_file(
    server: Server, tmp_path, monkeypatch
):
    monkeypatch.setattr(writing, "_SERVER_PAUSES", (0.05, 0.1))
    monkeypatch.chdir(tmp_path)
    url = server.new_database().replace("tester@", "tester:geheim@")
    store = Store(url)
    server.stop()
    try:
        with pytest.raises(PriorbenchError, match=r"cannot write to the store .*Connection refused") as told:
            store.add([record("a")])
        with pytest.raises(PriorbenchError, match=r"cannot read the store .*Connection refused"):
            len(store)
    finally:
        server.start()
    assert "geheim" not in str(told.value) and len(str(told.value).splitlines()) == 1
    [file] = tmp_path.glob("priorbench-rescued-*.jsonl")
    assert str(file) in str(told.value)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("tester:geheim@", "nobody:geheim@"), r'role "nobody" does not exist'),
        (("/store", "/other"), r"database \"other\S+ does not exist"),
        (("127.0.0.1:", "tester:geheim@127.0.0.1:x"), "is no URL: write sqlite:///FILE or postgresql://"),
        (("postgresql://", "mysql://"), "neither sqlite:///FILE nor postgresql://USER@HOST/DATABASE"),
    ],
)
def test_what_cannot_be_opened_is_one_line_without_the_password(server: Server, change, reason):
    url = server.new_database().replace("tester@", "tester:geheim@")
    for create in (True, False):
        with pytest.raises(PriorbenchError, match=reason) as told:
            Store(url.replace(*change), create=create)
        assert "geheim" not in str(told.value) and "\n" not in str(told.value)


def test_a_database_that_cannot_hold_every_text_is_refused(server: Server):
    url = server.new_database("ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc")
    with pytest.raises(PriorbenchError, match=r"encoding LATIN1, .*make one with ENCODING 'UTF8'"):
        Store(url)
    plain = Store(server.new_database("ENCODING 'SQL_ASCII' LOCALE 'C' LOCALE_PROVIDER libc"))
    plain.add([record("a", remark="größer"), record("b", image="bad-\udcff.png")])
    assert [one.image for one in plain.records()][1] == "bad-\udcff.png"
    assert plain.scores().remark.tolist() == ["größer", None]


def test_an_empty_database_and_one_of_others_is_not_read_and_may_be_shared(server: Server):
    url = server.new_database()
    with pytest.raises(PriorbenchError, match="is empty: run a suite first"):
        Store(url, create=False)
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE theirs (x int)")
    engine.dispose()
    with pytest.raises(PriorbenchError, match="not one of priorbench"):
        Store(url, create=False)
    assert len(Store(url)) == 0


def test_a_reader_may_not_write_and_needs_no_right_to_do_so(server: Server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # for what is rescued
    url = server.new_database()
    store = Store(url)
    store.add([record("a", psnr=1.0)])
    store.write(
        lambda one: one.exec_driver_sql(
            "DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public"
            " TO guest"
        )
    )
    guest = url.replace("tester@", "guest@")
    assert [one.key for one in Store(guest, create=False).records()] == ["a"]
    with pytest.raises(PriorbenchError, match="read-only transaction"):
        Store(url, create=False).write(lambda one: one.exec_driver_sql("DELETE FROM records"))
    with pytest.raises(PriorbenchError, match=r"permission denied.*; ask its owner") as told:
        Store(guest).add([record("b")])
    assert "\n" not in str(told.value)
    store.write(lambda one: one.exec_driver_sql("DROP OWNED BY guest; DROP ROLE guest"))


def test_a_reader_sees_one_moment_while_others_write(server: Server):
    url = server.new_database()
    store = Store(url)
    store.add([record(f"{number:05}") for number in range(2500)])
    records = Store(url, create=False).records(curves=False)
    next(records)
    store.add([record("later")])
    assert len(list(records)) == 2499


def test_one_statement_takes_as_many_keys_as_anybody_has(url):
    store = Store(url)
    store.add([record("a")])
    assert store.statuses([*map(str, range(300_000)), "a"]) == {"a": "ok"}


def test_stores_know_whether_they_are_in_one_place(server: Server):
    one, two = server.new_database(), server.new_database()
    assert Store(one).same_place(Store(one.replace("127.0.0.1", "localhost")))
    assert not Store(one).same_place(Store(two))


def test_every_command_takes_the_url_of_a_server(server: Server, command, tmp_path):
    store = ("--store", server.new_database())
    suite = ("run", "-", "--images", "ramps:count=2", "--noise", "gaussian-25", *HERE)
    methods = ("--denoiser", "mean", "--denoiser", "approach:iterations=4", "--stopping", "fixed")
    local = ("--store", "local.db")

    def done(*words: str):
        found = command(*words)
        assert found.returncode == 0, (words, found.stderr)
        return found

    done(*suite, *methods, *store)
    assert "nothing to do" in done(*suite, *methods, *store).stderr
    (tmp_path / "records.jsonl").write_text(done("export", *store).stdout)
    assert len((tmp_path / "records.jsonl").read_text().splitlines()) == 4
    done("import", "records.jsonl", *local)
    assert done("leaderboard", "--format", "json", *local).stdout == (
        done("leaderboard", "--format", "json", *store).stdout
    )
    done("compare", "mean", "approach:iterations=4@fixed", *store)
    done("rules", *store)
    done("targets", *store)
    done("runs", *store)
    done("merge", "local.db", *store)
    other = ("--store", server.new_database())
    done("merge", store[1], *other)
    done("rename", "mean", "middle", *other)
    done("forget", "middle", *other)
    assert "middle" not in done("leaderboard", *other).stdout
