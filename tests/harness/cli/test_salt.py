"""``priorbench run --salt``: noise that nobody can prepare for, of a secret that is kept nowhere."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sqlite3

import pytest
from small_runs import HERE

from priorbench.store.database import Store

SECRET = bytes(range(200, 232))
#: sha256 of the published form, by hand
HASH = hashlib.sha256(b'["salt-v1","' + SECRET.hex().encode() + b'"]').hexdigest()[:16]
WITH_WORKERS = ("run", "-", "--images", "ramps:count=2", "--denoiser", "mean", "--noise", "gaussian-25")
SUITE = (*WITH_WORKERS, *HERE)


@pytest.fixture
def salt(tmp_path):
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "salt").write_bytes(SECRET)
    return str(folder / "salt")


def records(path):
    store = Store(f"sqlite:///{path}", create=False)
    try:
        return list(store.records())
    finally:
        store.close()


def noises(path) -> dict[tuple[str, str], str]:
    return {(one.image, one.salt): one.noisy_sha256 for one in records(path)}


def test_a_salt_makes_other_noise_and_the_same_salt_the_same(command, tmp_path, salt):
    assert command(*SUITE).returncode == 0
    assert command(*SUITE, "--salt", salt).returncode == 0
    assert "2 found in the store" in command(*SUITE, "--salt", salt).stderr
    assert command(*SUITE, "--salt", salt, "--store", "again.db").returncode == 0
    here, again = noises(tmp_path / "priorbench.db"), noises(tmp_path / "again.db")
    assert again.items() <= here.items()
    assert {salt for _, salt in here} == {"", HASH}
    assert len(set(here.values())) == len(here) == 4


def test_nothing_that_a_run_leaves_has_the_secret(command, process, tmp_path, salt):
    """Nor the write-ahead log of the store, which stays as it is as long as somebody reads the store."""
    assert command(*SUITE).returncode == 0
    reader = sqlite3.connect(tmp_path / "priorbench.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM records").fetchone()
    done = process(*WITH_WORKERS, "--salt", salt)
    assert done.returncode == 0, done.stderr
    assert HASH.encode() in (tmp_path / "priorbench.db-wal").read_bytes()
    board = command("leaderboard", "--format", "json", "-o", "board.json")
    exported = command("export", "-o", "records.jsonl")
    page = command("leaderboard", "--format", "html", "-o", "page.html")
    assert [one.returncode for one in (board, exported, page)] == [0, 0, 0]
    told = [done.stdout.encode(), done.stderr.encode()]
    files = [path.read_bytes() for path in tmp_path.glob("*") if path.is_file()]
    reader.close()
    assert len(files) >= 5
    for text in (*told, *files):
        for shape in (SECRET, SECRET.hex().encode(), base64.b64encode(SECRET), SECRET.hex().upper().encode()):
            assert shape not in text
    assert HASH.encode() in (tmp_path / "board.json").read_bytes()
    assert b"--salt FILE" in (tmp_path / "page.html").read_bytes()


def test_boards_of_unlike_salts_are_never_one(command, tmp_path, salt):
    other = tmp_path / "secrets" / "other"
    other.write_bytes(os.urandom(16))
    for more in ((), ("--salt", salt), ("--salt", str(other))):
        assert command(*SUITE, *more).returncode == 0
    boards = json.loads(command("leaderboard", "--format", "json").stdout)
    assert [board["images"] for board in boards] == [2, 2, 2]
    salts = [board["salt"] for board in boards]
    assert salts[0] == ""
    assert HASH in salts[1:]
    assert f"ramps:count=2, gaussian-25, salted {HASH}: 2 images" in command("leaderboard").stdout
    # and a store that was united with another has them apart too
    command("export", "-o", "records.jsonl")
    command("import", "records.jsonl", "--store", "united.db")
    assert json.loads(command("leaderboard", "--format", "json", "--store", "united.db").stdout) == boards


def test_methods_of_unlike_salts_are_not_compared(command, salt):
    assert command(*SUITE).returncode == 0
    salted = [part if part != "mean" else "approach" for part in SUITE]
    assert command(*salted, "--stopping", "fixed", "--salt", salt).returncode == 0
    done = command("compare", "approach", "mean")
    assert done.returncode == 2
    reason = f"the noise differs: approach ran with salt {HASH}, mean without a salt"
    assert reason in done.stderr
    assert "only" not in done.stderr


def test_a_dry_run_shows_the_hash_and_runs_nothing(command, tmp_path, salt):
    done = command(*SUITE, "--salt", salt, "--dry-run")
    assert f"# noise of a salt with the hash {HASH}" in done.stdout
    assert not list(tmp_path.glob("*.db"))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.write_bytes(b"x" * 15), "it has 15 bytes"),
        (lambda path: path.write_bytes(b""), "it has 0 bytes"),
        (lambda path: path.write_bytes(b"x" * 4097), "it has more than 4096 bytes"),
        (lambda path: path.mkdir(), "it is no ordinary file"),
        (lambda path: os.mkfifo(path), "it is no ordinary file"),
        (lambda path: None, "No such file"),
    ],
)
def test_what_is_no_salt_is_one_line_that_says_how_to_make_one(command, tmp_path, make, reason):
    make(tmp_path / "bad")
    done = command(*SUITE, "--salt", "bad")
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert f"salt bad: {reason}" in line
    assert "head -c 32 /dev/urandom > salt" in line
    assert not list(tmp_path.glob("*.db"))


#: a method that draws the noise of images whose names it knows, and subtracts what fits its noisy image
PREPARED = """
import numpy as np
import torch
from priorbench import DenoiserSpec, hookimpl
from priorbench.protocol.seeding import Family, Ingredients, noise_rng
from priorbench.standard.noise_models import Gaussian

NOISE = Family(name="gaussian", parameters={"channels": "independent", "clip": False})

class Prepared:
    def denoise(self, observation):
        y = observation.image.numpy().astype(np.float64)
        best = np.zeros_like(y)
        for name in ("ramp-0", "ramp-1"):
            known = Ingredients(image_set="ramps", image=name, repetition=0, noise=NOISE)
            noise = Gaussian(sigma=observation.sigma).corrupt(np.zeros_like(y), noise_rng(known))
            if np.corrcoef((y - y.mean()).ravel(), noise.ravel())[0, 1] > 0.3:
                best = noise
        return torch.from_numpy((y - 0.97 * best).astype(np.float32))

@hookimpl
def priorbench_denoisers():
    yield DenoiserSpec(name="prepared", factory="prepared:Prepared", iterative=False)
"""


def test_a_method_that_knows_the_noise_is_flagged_and_helpless_with_a_salt(command, tmp_path, salt):
    (tmp_path / "prepared.py").write_text(PREPARED)
    asked = (*SUITE[:4], "--denoiser", "prepared", *SUITE[4:], "--plugin", "prepared.py")
    for more in ((), ("--salt", salt)):
        done = command(*asked, *more)
        assert done.returncode == 0, done.stderr
    plain, salted = json.loads(command("leaderboard", "--format", "json").stdout)
    [best], [now] = ([row for row in board["rows"] if row["name"] == "prepared"] for board in (plain, salted))
    assert best["rank"] == 1
    assert best["gain"] > 25
    assert "too much like the noise" in best["flags"][0]
    assert "prepared (?)" in command("leaderboard").stdout
    assert salted["salt"] == HASH
    assert abs(now["gain"]) < 1
    assert now["flags"] == []
