"""The tables of a store.

`records` are facts under their keys. `requests` say what was asked for, by name; `answers` say which record
answers which request, and which of the `runs` asked. `rivals` are other results that a merge found under the
key of a record.

A record is JSON, in SQLite packed (`priorbench.store.rows.packing`), so that each row is whole by itself.
`scores` repeats in columns what a ranking reads of each record, because reading a hundred thousand JSON texts
takes longer than ranking them. What many records have in common (a
method with its conditions, a noisy image) stands once in `entries` and `problems`, under a hash of its text.
`scores`, `entries` and `problems` can always be made again from `records`.

`claims` say what runs are at work on now; see `priorbench.store.sharing.claims`.
"""

from __future__ import annotations

import sqlalchemy as sa

#: version of these tables and of what is in them. That of a record is `priorbench.contract.records.SCHEMA`:
#: up to 2 both were one number
FORM = 3

META = sa.MetaData()

#: columns that queries select or group by; everything else is in `data`
RECORDS = sa.Table(
    "records",
    META,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("key", sa.String(64), nullable=False, unique=True),
    sa.Column("status", sa.String(32), nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("curve", sa.LargeBinary),
)
ENVIRONMENTS = sa.Table(
    "environments",
    META,
    sa.Column("fingerprint", sa.String(64), primary_key=True),
    sa.Column("data", sa.Text, nullable=False),
)
#: digest of an image's pixels -> its middle, a PNG file
CROPS = sa.Table(
    "crops",
    META,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("png", sa.LargeBinary, nullable=False),
)
RUNS = sa.Table(
    "runs",
    META,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("asked_at", sa.String(64), nullable=False),
    sa.Column("data", sa.Text, nullable=False),
)
REQUESTS = sa.Table(
    "requests",
    META,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("data", sa.Text, nullable=False),
)
ANSWERS = sa.Table(
    "answers",
    META,
    sa.Column("request", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("run", sa.String(32), primary_key=True),
    sqlite_with_rowid=False,
)
RIVALS = sa.Table(
    "rivals",
    META,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("digest", sa.String(32), primary_key=True),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("curve", sa.LargeBinary),
)
ABOUT = sa.Table(
    "about",
    META,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
SCORES = sa.Table(
    "scores",
    META,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("key", sa.String(64), nullable=False, unique=True),
    sa.Column("entry", sa.BigInteger, nullable=False),
    sa.Column("problem", sa.BigInteger, nullable=False),
    sa.Column("status", sa.String(32), nullable=False),
    sa.Column("exact", sa.Integer, nullable=False),
    sa.Column("tainted", sa.Integer, nullable=False),
    sa.Column("metrics", sa.Text),
    sa.Column("remark", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("psnr", sa.Double),
    sa.Column("ssim", sa.Double),
    sa.Column("oracle_psnr", sa.Double),
    sa.Column("wall_seconds", sa.Double),
    sa.Column("peak_memory_bytes", sa.BigInteger),
    sa.Column("iterations", sa.BigInteger),
    sa.Column("stopped_at", sa.BigInteger),
    sa.Column("fired", sa.Integer),
    sa.Column("fit_failed", sa.Integer),
    sa.Column("noise_correlation", sa.Double),
    sa.Column("started_at", sa.Double),
    sa.Column("output", sa.BigInteger),
    sa.Column("elapsed_seconds", sa.Double),
)
ENTRIES = sa.Table(
    "entries",
    META,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("data", sa.Text, nullable=False),
)
PROBLEMS = sa.Table(
    "problems",
    META,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("data", sa.Text, nullable=False),
)
#: key of a record -> the run that makes it, and until when nobody else does, in seconds since 1970.
#: `owner` names the process; `remade`: it is made no more, and took the place of a record that had failed
CLAIMS = sa.Table(
    "claims",
    META,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("run", sa.String(32), nullable=False),
    sa.Column("owner", sa.String(256), nullable=False),
    sa.Column("until", sa.Double, nullable=False),
    sa.Column("remade", sa.Integer, nullable=False),
)
