"""Claims: one run holds a key, until it gives it back, dies, or is stopped for too long."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from sample_records import record

from priorbench.errors import PriorbenchError
from priorbench.machine.settings import import_path
from priorbench.store.database import Store
from priorbench.store.sharing import claims as module
from priorbench.store.sharing import owner
from priorbench.store.sharing.claims import LEASE, Claims, lease_seconds
from priorbench.store.sharing.owner import is_gone, own_name
from priorbench.store.tables import CLAIMS

#: holds two keys, says so, and waits to be killed
HOLDER = """
import sys, time
from priorbench.store.database import Store
from priorbench.store.sharing.claims import Claims
claims = Claims(Store(sys.argv[1]), "other", lease=float(sys.argv[2]))
claims.take([["a", "b"]])
print("holds", flush=True)
time.sleep(1000)
"""


@pytest.fixture
def holder(url):
    """Start processes that hold 'a' and 'b'; they are killed in the end."""
    started = []

    def start(lease: float) -> subprocess.Popen:
        arguments = [sys.executable, "-c", HOLDER, url, str(lease)]
        environment = {**os.environ, "PYTHONPATH": import_path()}
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, env=environment)
        started.append(process)
        assert process.stdout.readline() == b"holds\n"
        return process

    yield start
    for one in started:
        one.kill()
        one.wait()
        one.stdout.close()


def rows(store: Store) -> set[tuple[str, str, int]]:
    """Return key, run and mark of what is claimed."""
    found = store.read(lambda one: one.execute(CLAIMS.select()).all())
    return {(row.key, row.run, row.remade) for row in found}


def stop_beating(claims: Claims) -> None:
    """Do to claims what it does to a process to be stopped."""
    claims._ended.set()
    claims._thread.join()


def test_a_group_is_claimed_as_a_whole_or_not_at_all(url):
    store = Store(url)
    with Claims(store, "one") as one, Claims(store, "two") as two:
        assert one.take([["a", "b"], ["c"]]).held == frozenset()
        found = two.take([["b", "d"], ["e"]])
        assert found.held == {"b"}
        assert rows(store) == {("a", "one", 0), ("b", "one", 0), ("c", "one", 0), ("e", "two", 0)}
        assert one.take([["d"]]).held == frozenset(), "nobody holds what is put aside with another key"
    assert rows(store) == set()


def test_of_many_runs_that_claim_at_once_each_key_has_one(url):
    stores = [Store(url) for _ in range(4)]
    everybody = [Claims(store, f"run-{number}") for number, store in enumerate(stores)]
    groups = [[f"{number}-a", f"{number}-b"] for number in range(40)]
    got: list[list[str]] = [[] for _ in everybody]

    def work(number: int) -> None:
        for group in groups[number * 7 :] + groups[: number * 7]:
            if not everybody[number].take([group]).held:
                got[number] += group

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(everybody))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(key for keys in got for key in keys) == sorted(key for group in groups for key in group)
    for claims in everybody:
        claims.close()


def test_what_has_a_record_is_told_and_held_by_nobody(url):
    store = Store(url)
    with Claims(store, "one") as one, Claims(store, "two") as two:
        one.take([["a"], ["b"]])
        store.add([record("a", status="error", error="no")])
        found = two.take([["a"], ["b"]])
        assert (found.there, found.held) == ({"a"}, {"b"})
        assert two.held(["a", "b"]) == {"b"}


def test_what_is_made_again_is_held_and_made_again_once(url):
    """Before, each of two runs with --retry-failed ran what had failed."""
    store = Store(url)
    store.add([record("a", status="error", error="no")])
    with Claims(store, "one") as one, Claims(store, "two") as two:
        one.take([["a"]], ["a"])
        assert two.held(["a"], ["a"]) == {"a"}
        assert two.take([["a"]], ["a"]).held == {"a"}
        one.release(["a"], remade=True)
        one.take([["other"]])  # tells it
        assert two.take([["a"]], ["a"]).remade == {"a"}
        with Claims(store, "later") as later:
            found = later.take([["a"]], ["a"])
            assert (found.remade, found.held) == (frozenset(), frozenset()), "a later run may try again"


def test_what_is_given_back_is_free_with_whatever_is_told_next(url):
    store = Store(url)
    with Claims(store, "one") as one, Claims(store, "two") as two:
        one.take([["a"], ["b"]])
        one.release(["a"])
        one.take([["c"]])
        assert two.take([["a"], ["b"]]).held == {"b"}


def test_a_live_run_keeps_what_it_holds(url, holder):
    holder(3.0)
    with Claims(Store(url), "one", lease=3.0) as one:
        for _ in range(8):
            assert one.take([["a"], ["b"]]).held == {"a", "b"}
            time.sleep(0.6)


def test_what_a_dead_process_of_this_machine_held_is_free_at_once(url, holder):
    process = holder(3600.0)
    with Claims(Store(url), "one") as one:
        assert one.take([["a"]]).held == {"a"}
        process.kill()
        process.wait()
        assert one.take([["a"], ["b"]]).held == frozenset()


def test_what_a_run_of_another_machine_held_is_free_when_its_lease_has_ended(url, holder, monkeypatch):
    process = holder(2.0)
    monkeypatch.setattr(module, "is_gone", lambda name: False)
    with Claims(Store(url), "one", lease=2.0) as one:
        process.kill()
        began = time.monotonic()
        assert one.take([["a"]]).held == {"a"}
        while one.take([["a"]]).held:
            assert time.monotonic() - began < 20
            time.sleep(0.1)
        assert time.monotonic() - began > 1


def test_a_run_that_was_stopped_for_too_long_notices(url, holder):
    """SIGSTOP: others take what it held; it is told, and what is left is claimed anew."""
    store = Store(url)
    with Claims(store, "one", lease=2.0) as one:
        one.take([["x"], ["y"]])
        assert one.are_sure()
        stop_beating(one)
        time.sleep(2.2)
        assert not one.are_sure()
        with Claims(store, "two", lease=2.0) as two:
            assert two.take([["x"]]).held == frozenset()
            one._renew()
            assert one.lost == {"x"} and one.are_sure()
            assert one.take([["x"], ["y"]]).held == {"x"}


def test_after_a_stop_of_the_whole_machine_nobody_takes_what_others_could_not_renew(url):
    """A laptop that slept: whoever wakes first is not to think that all others are dead."""
    store = Store(url)
    one, two = Claims(store, "one", lease=4.0), Claims(store, "two", lease=4.0)
    one.take([["x"]])
    for claims in (one, two):
        stop_beating(claims)
    time.sleep(4.2)
    assert two.take([["x"]]).held == {"x"}
    one._renew()
    assert not one.lost
    time.sleep(2.2)
    two._ticked = module._seconds()
    assert two.take([["x"]]).held == {"x"}, "it was renewed"
    for claims in (one, two):
        claims.close()


def test_after_a_restart_of_the_server_everybody_gets_the_time_to_renew(server):
    url = server.new_database()
    store = Store(url)
    with Claims(store, "one", lease=4.0) as one, Claims(store, "two", lease=4.0) as two:
        one.take([["x"]])
        stop_beating(one)
        server.stop()
        time.sleep(4.2)
        server.start()
        assert two.take([["x"]]).held == {"x"}


def test_a_stopped_process_loses_what_it_holds_and_goes_on_with_the_rest(url, holder):
    process = holder(3.0)
    with Claims(Store(url), "one", lease=3.0) as one:
        process.send_signal(signal.SIGSTOP)
        time.sleep(3.9)
        assert one.take([["a"]]).held == frozenset()
        process.send_signal(signal.SIGCONT)
        time.sleep(2.0)
        assert one.take([["b"]]).held == {"b"}
        assert one.take([["a"]]).held == frozenset()


def test_processes_are_told_apart_by_when_they_were_started(monkeypatch):
    name = own_name()
    assert name and not is_gone(name) and len(name) <= 256
    machine, process, born = name.rsplit(" ", 2)
    assert is_gone(f"{machine} {process} {int(born) + 1}")
    assert is_gone(f"{machine} 4194305 1")
    assert not is_gone(f"another {process} 1") and not is_gone("")
    monkeypatch.setattr(owner, "_machine", lambda: "")
    assert own_name() == "" and not is_gone("") and not is_gone(name)


def test_a_store_without_the_table_is_read_and_gets_it(url):
    store = Store(url)
    store.add([record("a")])
    store.write(lambda one: one.exec_driver_sql("DROP TABLE claims"))
    store.close()
    assert len(Store(url, create=False)) == 1
    with Claims(Store(url), "one") as one:
        assert one.take([["b"]]).held == frozenset()


@pytest.mark.parametrize("text", ["x", "0", "-1", "nan", "1e9"])
def test_a_lease_is_a_number_of_seconds(monkeypatch, text):
    assert lease_seconds() == LEASE
    monkeypatch.setenv("PRIORBENCH_LEASE", "2.5")
    assert lease_seconds() == 2.5
    monkeypatch.setenv("PRIORBENCH_LEASE", text)
    with pytest.raises(PriorbenchError, match=f"PRIORBENCH_LEASE={text}: .* from 0.5 to 86400 seconds"):
        lease_seconds()
