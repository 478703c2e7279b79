"""The columns that a ranking reads: the same as the records, also in stores written without them."""

from __future__ import annotations

import numpy as np
import pytest
from sample_records import record

from priorbench.contract.records import Curve
from priorbench.ranking.leaderboard import leaderboard
from priorbench.store.database import Store
from priorbench.store.scores import scores_of


def some_records():
    """Records of all kinds: failed, exact, tainted, trained, of an oracle, of odd names and old versions."""
    common = {"noisy_psnr": 20.0, "mse": 0.01, "environment": "e", "wall_seconds": 0.5, "ssim": 0.9}
    for image in ("1", "2", "bad-\udcff.png"):
        place = {"image": image, "noisy_sha256": f"noise of {image!a}"}
        old = {"parameters": {"k": 0}, "started_at": "2026-01-01T00:00:00+00:00"}
        yield record(f"a-old-{image!a}", label="a", psnr=10.0, **old, **place, **common)
        new = {"tainted": "load 9", "noise_correlation": 0.4, "started_at": "2026-01-02T00:00:00+00:00"}
        yield record(f"a-{image!a}", label="a", psnr=30.1 + len(image), **new, **place, **common)
        yield record(
            f"b-{image!a}",
            label="b",
            psnr=29.7,
            remark="values up to 255",
            trained_on=("x", "y"),
            **place,
            **common,
        )
        yield record(
            f"c-{image!a}",
            label="c",
            psnr=31.0,
            stopping_rule="best",
            oracle=True,
            iterations=7,
            stopped_at=9,
            fired=False,
            fit_failed=True,
            curve=Curve(iteration=(1,), wall_seconds=(0.1,), psnr=(20.0,), residual=(0.1,)),
            **place,
            **common,
        )
        yield record(f"d-{image!a}", label="d", status="crashed", error="signal 9", image=image)
    yield record("e", label="e", **common | {"mse": 0.0}, image="1", noisy_sha256="noise of '1'")


def test_a_leaderboard_of_the_columns_is_that_of_the_records(url):
    written = list(some_records())
    store = Store(url)
    store.add(written)
    found = leaderboard(store.scores())
    assert found == leaderboard(written) == leaderboard(store.records())
    assert len(found[0].rows) == 5
    assert found[0].rows[0].tainted == 3
    assert [row.remarks for row in found[0].rows if row.denoiser in "ab"] == [{}, {"values up to 255": 3}]
    assert [row.noise_correlation for row in found[0].rows if row.denoiser == "a"] == [pytest.approx(0.4)]


@pytest.mark.parametrize("odd", ["a\x00b", "bad-\udcff", "x" * 10_000, "two\nlines"])
def test_a_remark_of_a_strangers_record_can_be_stored(url, odd):
    """A database takes neither a NUL nor half a surrogate pair as text."""
    one = record("a", psnr=30.0, remark=odd)
    store = Store(url)
    store.add([one])
    [text] = store.scores().remark
    assert text.isprintable() and text.encode() and 0 < len(text) < 400
    assert [text] == scores_of([one]).remark.tolist()
    assert next(store.records()).remark == odd


def test_an_empty_store_has_no_scores(url):
    assert len(Store(url).scores().status) == 0
    assert leaderboard(Store(url).scores()) == []


def test_scores_follow_what_is_replaced_and_what_is_not(url):
    store = Store(url)
    store.add([record("a", psnr=1.0, status="error"), record("b", psnr=2.0)])
    store.add([record("a", psnr=9.0), record("b", psnr=9.0)])
    assert store.scores().psnr.tolist() == [1.0, 2.0]
    store.add([record("a", psnr=3.0)], replace=True)
    scores = store.scores()
    assert dict(zip(scores.key, scores.psnr, strict=True)) == {"a": 3.0, "b": 2.0}
    assert dict(zip(scores.key, scores.psnr, strict=True)) == {one.key: one.psnr for one in store.records()}


@pytest.mark.parametrize(
    "damage",
    [
        "DROP TABLE scores",
        "DROP TABLE scores; DROP TABLE entries; DROP TABLE problems; DELETE FROM about WHERE name = 'scores'",
        "UPDATE about SET value = '0' WHERE name = 'scores'; UPDATE scores SET psnr = 1",
        "DELETE FROM scores WHERE number > 3",
        "ALTER TABLE scores DROP COLUMN metrics; UPDATE about SET value = '2' WHERE name = 'scores'",
        "ALTER TABLE scores DROP COLUMN noise_correlation; UPDATE about SET value = '4' WHERE value = '9'",
        "ALTER TABLE scores DROP COLUMN started_at; UPDATE about SET value = '5' WHERE value = '9'",
        "ALTER TABLE scores DROP COLUMN remark; UPDATE about SET value = '6' WHERE value = '9'",
        "ALTER TABLE scores DROP COLUMN fit_failed; UPDATE about SET value = '7' WHERE value = '9'",
        "ALTER TABLE scores DROP COLUMN output; UPDATE about SET value = '8' WHERE value = '9'",
        "UPDATE scores SET fit_failed = 3 WHERE fit_failed = 1",
    ],
)
def test_a_store_without_scores_or_with_others_gets_them(url, damage):
    store = Store(url)
    store.add(list(some_records()))
    wanted = leaderboard(store.scores())
    done = [
        store.write(lambda connection, one=one: connection.exec_driver_sql(one)) for one in damage.split(";")
    ]
    assert done
    store.close()
    assert leaderboard(Store(url).scores()) == wanted


def test_missing_numbers_are_nan_and_none_is_left_out():
    scores = scores_of([record("a", psnr=None), record("b", psnr=1.5, iterations=3)])
    assert np.isnan(scores.psnr[0]) and scores.psnr[1] == 1.5
    assert np.isnan(scores.iterations[0]) and scores.iterations[1] == 3


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-02T01:00:00+01:00", 86400.0),
        ("1970-01-02T00:00:00.500000", 86400.5),
        ("", np.nan),
        ("tomorrow", np.nan),
        ("12:00", np.nan),
    ],
)
def test_when_a_trial_began_is_a_number_or_unknown(text, moment, url):
    records = [record("a", started_at=text)]
    store = Store(url)
    store.add(records)
    for scores in (scores_of(records), store.scores()):
        assert np.isnan(scores.started_at[0]) if np.isnan(moment) else scores.started_at[0] == moment


def test_how_long_a_trial_took_is_what_its_record_tells():
    timed = {"setup_seconds": 1.0, "first_call_seconds": 2.0, "wall_seconds": 3.0}
    limits = {"limits": {"timeout": 60.0}}
    records = [
        record("a", **timed),
        record("b", batch=4, **timed),
        record("c", status="timeout", **limits),
        record("d", status="error"),
        record("e", status="timeout", limits={"timeout": -1e300}),
    ]
    assert scores_of(records).elapsed_seconds.tolist() == [6.0, 15.0, 60.0, 0.0, 0.0]
