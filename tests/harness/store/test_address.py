"""Where a store is: any name of a file, no secret in a message, no database in memory."""

from __future__ import annotations

import pytest
from sample_records import record

from priorbench.errors import PriorbenchError
from priorbench.store.address import address_of, shown
from priorbench.store.database import Store


@pytest.mark.parametrize("prefix", ["", "sqlite:///"])
@pytest.mark.parametrize(
    "name", ["50%41.db", "what?.db", "a#b.db", "a b.db", "zażółć.db", "bad-\udcff.db", "a&b=c.db"]
)
def test_any_name_of_a_file_is_a_store(tmp_path, prefix, name):
    store = Store(f"{prefix}{tmp_path}/{name}")
    store.add([record("a")])
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    again = Store(f"{prefix}{tmp_path}/{name}", create=False)
    assert [found.key for found in again.records()] == ["a"]


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", ":memory:"])
def test_a_store_in_memory_is_refused(url):
    with pytest.raises(PriorbenchError, match=r"in memory and lost at the end: name a file"):
        Store(url)


def test_options_of_sqlite_are_refused():
    with pytest.raises(PriorbenchError, match=r"takes no options, leave out '\?mode=ro'"):
        Store("sqlite:///a.db?mode=ro")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@localhost/x?sslpassword=hunter2",
        "nosuch://me:hunter2@localhost/x",
        "postgresql://me:hunter2@localhost:port/x",
        "postgresql://me:hun/hunter2@localhost/x",
        "postgresql+nosuch://localhost/x?password=hunter2",
    ],
)
def test_no_message_shows_a_secret(command, url):
    for arguments in (["export", "--store", url], ["compare", url, "b"], ["compare", url, url]):
        done = command(*arguments)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
        assert "hunter2" not in done.stderr + done.stdout


def test_what_a_driver_says_is_shown_without_the_secrets():
    address = address_of("postgresql://me:p%40ss@localhost/x?sslpassword=k3y")
    assert address.shown == "postgresql://me:***@localhost/x?***"
    said = address.reason(ValueError("cannot use p@ss, p%40ss or k3y\nat all"))
    assert said == "cannot use ***, *** or ***"
    assert "p@ss" not in repr(address) and "k3y" not in repr(address)


def test_names_that_are_no_url_are_shown_as_they_are():
    assert [shown(name) for name in ("bm3d@fixed", "runs/a?b.db", "sqlite:///a%.db")] == [
        "bm3d@fixed",
        "runs/a?b.db",
        "sqlite:///a%.db",
    ]
