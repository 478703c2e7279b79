"""Requests, runs and answers for tests, and stores of schema 1."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sample_records import trial

from priorbench.contract.choice import Choice
from priorbench.contract.records import Record, to_json
from priorbench.contract.requests import AskedSet, Request, Run
from priorbench.store.asked import Answer, asked_of
from priorbench.store.scores import Scores, scores_of


def choice(name: str, label: str | None = None, /, **parameters) -> Choice:
    """Return a choice, called like what is registered unless there is a label."""
    return Choice(name=name, label=label or name, parameters=parameters)


def a_set(label: str = "s", **changes) -> AskedSet:
    """Return an image set, registered under its label unless `changes` say otherwise."""
    return AskedSet(**{"label": label, "name": label} | changes)


def request(label: str = "a", **changes) -> Request:
    """Return a request for a method that is registered as its label, with the parameter k = 1."""
    values = {
        "suite": "suite",
        "denoiser": choice(label, k=1),
        "stopping": None,
        "image_set": a_set(),
        "noise": choice("n"),
        "code": "code",
    }
    return Request(**values | changes)


def run_of(day: int) -> Run:
    """Return the run of a day in January."""
    return Run(id=f"{day:016x}", asked_at=f"2026-01-{day:02}T00:00:00.000000+00:00", suite="suite")


@dataclass(frozen=True, kw_only=True)
class Told:
    """What some runs asked for, and the records of it, each once."""

    records: tuple[Record, ...]
    answers: tuple[Answer, ...]
    runs: tuple[Run, ...]

    def scores(self) -> Scores:
        """Return what a ranking reads of it."""
        return scores_of(self.records, asked_of(self.answers, self.runs))


def told(*questions: tuple[int, Request, Iterable[Record]]) -> Told:
    """Return what was asked on some days: of each question the day, the request, and what answers it."""
    asked = [(day, one, tuple(records)) for day, one, records in questions]
    records = {record.key: record for _, _, found in asked for record in found}
    answers = [(one, record.key, run_of(day).id) for day, one, found in asked for record in found]
    runs = {day: run_of(day) for day, _, _ in asked}
    return Told(records=tuple(records.values()), answers=tuple(answers), runs=tuple(runs.values()))


def results(name: str, values: Sequence[float], *, pixels: str = "", **changes) -> list[Record]:
    """Return records of image 0, 1, ... by their PSNR; `pixels` is put before the digest of each image."""
    return [
        trial(
            name,
            str(number),
            psnr,
            key=f"{name} {pixels}{number}",
            image_sha256=f"{pixels}{number}",
            noisy_sha256=f"noise of {pixels}{number}",
            **changes,
        )
        for number, psnr in enumerate(values)
    ]


#: as they were, to the letter, in stores of schema 1
_TABLES_1 = """
CREATE TABLE records (
    number INTEGER NOT NULL, "key" VARCHAR(64) NOT NULL, status VARCHAR(32) NOT NULL, data TEXT NOT NULL,
    curve BLOB, PRIMARY KEY (number), UNIQUE ("key")
);
CREATE TABLE environments (fingerprint VARCHAR(64) NOT NULL, data TEXT NOT NULL, PRIMARY KEY (fingerprint));
CREATE TABLE about (name VARCHAR(64) NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name));
INSERT INTO about VALUES ('schema', '1');
"""
#: of `scores`, which repeated what a ranking reads; entries and problems were found by their hash
_SCORES_1 = """
CREATE TABLE scores (
    number INTEGER NOT NULL, "key" VARCHAR(64) NOT NULL, entry BIGINT NOT NULL, problem BIGINT NOT NULL,
    status VARCHAR(32) NOT NULL, exact INTEGER NOT NULL, tainted INTEGER NOT NULL, metrics TEXT,
    psnr DOUBLE, ssim DOUBLE, oracle_psnr DOUBLE, wall_seconds DOUBLE, peak_memory_bytes BIGINT,
    iterations BIGINT, PRIMARY KEY (number), UNIQUE ("key")
);
CREATE TABLE entries (id BIGINT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (id));
CREATE TABLE problems (id BIGINT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (id));
INSERT INTO about VALUES ('scores', '3');
INSERT INTO scores (key, entry, problem, status, exact, tainted, psnr)
    SELECT key, 1, 2, status, 0, 0, 99.0 FROM records;
INSERT INTO entries VALUES (1, '["a",null,false,[],"cpu",1,"0123","e"]');
INSERT INTO problems VALUES (2, '[1,"s","n","0","0",0,"noise of 0",20.0,"identity"]');
"""


def document_1(record: Record, label: str) -> dict:
    """Return the JSON form that a record had in schema 1, where it carried its label and no code."""
    values = to_json(record) | {"schema": 1, "label": label}
    return {name: value for name, value in values.items() if name not in ("code", "batch", "crops", "curve")}


def write_store_1(file: Path, documents: Iterable[dict], *, scores: bool = False) -> None:
    """Write a store as schema 1 had it; with `scores`, also tables of scores, whose numbers are wrong."""
    with sqlite3.connect(file) as connection:
        connection.executescript(_TABLES_1)
        for data in documents:
            row = (data["key"], data["status"], json.dumps(data))
            connection.execute("INSERT INTO records (key, status, data) VALUES (?, ?, ?)", row)
        connection.execute("""INSERT INTO environments VALUES ('e', '{"processor": "x"}')""")
        if scores:
            connection.executescript(_SCORES_1)
    connection.close()
