"""The store and the files that commands write: nothing is lost without a word, nothing else is touched."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from attacks.files import Family, Ground, refused, small_run
from attacks.outcomes import check
from attacks.runs import Arena
from sample_records import columns_of

from priorbench.store.database import Store

FAMILY = Family(name="writing")


def store(ground: Ground) -> Path:
    path = ground.folder / "a.db"
    made = Store(f"sqlite:///{path}")
    made.add(columns_of({"alpha": [31.0], "beta": [29.0]}))
    made.close()
    return path


def board(ground: Ground, output: Path | str, *more: str):
    return ground.here(
        "leaderboard", "--store", str(store(ground)), "--format", "csv", "-o", str(output), *more
    )


def run_and(ground: Ground, change) -> tuple[int | None, str, int]:
    """Change the store in the middle of a run; return exit status, what was said, records that are there."""
    path = ground.folder / "run" / "s.db"
    path.parent.mkdir()
    words = small_run(str(path), "ramps:count=6", "sleeps:seconds=0.15")
    with (ground.folder / "said").open("w+") as said:
        command, env = [sys.executable, "-m", "priorbench", *words], ground.arena.environment(())
        running = subprocess.Popen(command, cwd=ground.folder, stdout=said, stderr=said, env=env)
        deadline = time.monotonic() + 60
        while (
            "[2/" not in (ground.folder / "said").read_text()
            and time.monotonic() < deadline
            and running.poll() is None
        ):
            time.sleep(0.02)
        change(path)
        try:
            status: int | None = running.wait(60)
        except subprocess.TimeoutExpired:
            running.kill()
            status = running.wait() and None
    text = (ground.folder / "said").read_text()
    there = len(ground.arena.records(ground.arena.environment(()), str(path))) if path.exists() else 0
    return status, text, there


def honest(status: int | None, said: str, there: int) -> tuple[str, str]:
    """Return how a run ended whose store was changed: all is there, or it says that it is not."""
    why = f"exit status {status}, {there} records of 6; {said[-200:]!r}"
    if status is None or "Traceback" in said or (status == 0 and there < 6):
        return "broken", why
    return "held", why


@FAMILY.attack()
def store_removed(ground):
    return honest(*run_and(ground, lambda path: [one.unlink() for one in path.parent.glob("s.db*")]))


@FAMILY.attack()
def store_moved(ground):
    return honest(*run_and(ground, lambda path: path.rename(path.with_name("moved.db"))))


@FAMILY.attack()
def store_replaced(ground):
    def change(path):
        other = path.with_name("other.db")
        Store(f"sqlite:///{other}").close()
        other.replace(path)

    return honest(*run_and(ground, change))


@FAMILY.attack()
def log_of_the_store_removed(ground):
    return honest(*run_and(ground, lambda path: [one.unlink() for one in path.parent.glob("s.db-*")]))


@FAMILY.attack()
def store_cut_off(ground):
    return honest(*run_and(ground, lambda path: os.truncate(path, 0)))


@FAMILY.attack()
def folder_of_the_store_moved(ground):
    return honest(*run_and(ground, lambda path: path.parent.rename(path.parent.with_name("away"))))


@FAMILY.attack()
def folder_that_is_missing(ground):
    return refused(board(ground, ground.folder / "no" / "where.csv"))


@FAMILY.attack()
def output_that_is_a_folder(ground):
    return refused(board(ground, ground.folder))


@FAMILY.attack()
def output_that_is_a_store(ground):
    other = ground.folder / "other.db"
    Store(f"sqlite:///{other}").close()
    end = refused(board(ground, other))
    return end if other.read_bytes().startswith(b"SQLite") else ("broken", "the store is gone")


@FAMILY.attack()
def output_that_is_the_store_through_a_link(ground):
    (ground.folder / "link.csv").symlink_to(ground.folder / "a.db")
    end = refused(board(ground, ground.folder / "link.csv"))
    return (
        end
        if (ground.folder / "a.db").read_bytes().startswith(b"SQLite")
        else ("broken", "the store is gone")
    )


@FAMILY.attack()
def link_that_stays(ground):
    (ground.folder / "real.csv").write_text("old")
    (ground.folder / "link.csv").symlink_to("real.csv")
    done = board(ground, ground.folder / "link.csv")
    good = (ground.folder / "link.csv").is_symlink() and "alpha" in (ground.folder / "real.csv").read_text()
    return ("held" if good and done.returncode == 0 else "broken"), done.stderr


@FAMILY.attack()
def drafts_that_were_planted(ground):
    victim = ground.folder / "victim"
    victim.write_text("mine")
    for number in (os.getpid(), os.getppid(), 1):
        for name in (
            f".out.csv.{number}.part",
            f"out.csv.{number}.part",
            "out.csv.part",
            ".out.csv.part",
            ".priorbench-0.part",
        ):
            if not (ground.folder / name).is_symlink():
                (ground.folder / name).symlink_to(victim)
    done = board(ground, ground.folder / "out.csv")
    good = victim.read_text() == "mine" and "alpha" in (ground.folder / "out.csv").read_text()
    return ("held" if good else "broken"), done.stderr


@FAMILY.attack()
def link_in_a_circle(ground):
    (ground.folder / "self.csv").symlink_to("self.csv")
    return refused(board(ground, ground.folder / "self.csv"))


@FAMILY.attack()
def name_that_is_codes(ground):
    return refused(board(ground, ground.folder / "no\x1b[2J" / "x\x07.csv"))


@FAMILY.attack()
def name_that_is_too_long(ground):
    return refused(board(ground, ground.folder / ("x" * 5000)))


@FAMILY.attack()
def name_with_nought(ground):
    return refused(board(ground, f"{ground.folder}/a\0b.csv"))


@FAMILY.attack()
def pipe_that_nobody_reads(ground):
    os.mkfifo(ground.folder / "pipe")
    path = store(ground)
    done = ground.apart(
        "leaderboard", "--store", str(path), "-o", str(ground.folder / "pipe"), "--format", "csv", limit=4
    )
    kept = (ground.folder / "pipe").is_fifo()  # it waits, as a pipe wants it
    return ("held" if kept and done.status in (None, 0, 2) else "broken"), f"exit status {done.status}"


@FAMILY.attack()
def output_over_the_input(ground):
    path = store(ground)
    lines = ground.folder / "lines.jsonl"
    ground.here("export", "--store", str(path), "-o", str(lines))
    before = lines.read_bytes()
    (ground.folder / "hard.jsonl").hardlink_to(lines)
    ground.here("export", "--store", str(path), "-o", str(ground.folder / "hard.jsonl"))
    return ("held" if lines.read_bytes() == before and before else "broken"), "links share nothing later"


@FAMILY.attack()
def folders_for_workers_that_were_planted(ground):
    """Names like those of a run that is gone: what they point to stays."""
    victim = ground.folder / "victim"
    victim.mkdir()
    (victim / "file").write_text("mine")
    namespace = Path("/proc/self/ns/pid").stat().st_ino
    (ground.arena.scratch / f"priorbench-{namespace}-99999999-{'0' * 32}").symlink_to(victim)
    inside = ground.arena.scratch / f"priorbench-{namespace}-99999998-{'0' * 32}"
    inside.mkdir()
    (inside / "link").symlink_to(victim)
    (ground.arena.scratch / f"priorbench-{namespace}-99999997-..").symlink_to(victim)
    done = ground.arena.run([], ["mean"], images="ramps:count=1,size=16")
    return ("held" if (victim / "file").exists() and done.status == 0 else "broken"), done.said[-100:]


@pytest.mark.slow(60)
def test_stores_and_files_that_are_taken_away(command, example_site, tmp_path, record_property):
    def ground(name):
        folder = tmp_path / name
        folder.mkdir()
        return Ground(folder=folder, here=command, arena=Arena(example_site, folder))

    check(FAMILY.seen(ground), record_property)
