"""Times are those of the work: nobody hides it from the clock, or it is marked."""

from __future__ import annotations

import pytest
from attacks.judging import gained, is_exact, is_honest, marks, seen, told
from attacks.outcomes import check
from iterate_attacks import BOOK as ITERATES
from iterate_attacks import ITERATIONS
from iterate_attacks import WORK as STEP
from time_attacks import BOOK as TIME
from time_attacks import MUCH, WORK

#: of the time that an attack works, the part that must be recorded
SHARE = 0.7


def judged(family, trick, records, seconds):
    """Judge an attack on the clock by its record: the worst of them."""
    if not records:
        return seen(family, trick, "weak", "there is no record of it")
    found = [one(family, trick, record, seconds) for record in records for one in [GOALS[trick.goal]]]
    return max(found, key=lambda one: ("held", "detected", "stated", "weak", "broken").index(one.outcome))


def of_wall(family, trick, record, seconds):
    if record["status"] != "ok":
        return seen(family, trick, "held", told(record))
    if record["wall_seconds"] >= SHARE * seconds:
        return seen(family, trick, "held", told(record))
    if not is_honest(record):
        return seen(family, trick, "held", f"what it did was of no use: {told(record)}")
    if marks(record):
        return seen(family, trick, "detected", told(record))
    return gained(family, trick, f"{seconds} s of work: {told(record)}")


def of_processor(family, trick, record, seconds):
    if record["status"] != "ok" or (record["cpu_seconds"] or 0) >= SHARE / 2 * seconds:  # others had the rest
        return seen(family, trick, "held", f"{told(record)}, {record['cpu_seconds']} s of processors")
    others = "child" in trick.name or "daemon" in trick.name  # for the machine, they are somebody else
    if marks(record, of_the_machine=others):
        return seen(family, trick, "detected", told(record))
    return gained(
        family, trick, f"{seconds} s of work, {record['cpu_seconds']:.3f} s of processors: {told(record)}"
    )


def of_cores(family, trick, record, seconds):
    if record["status"] != "ok":
        return seen(family, trick, "held", told(record))
    used = record["cpu_seconds"] / max(1e-9, record["wall_seconds"])
    if marks(record):
        return seen(family, trick, "detected", told(record))
    if used < 1.25:
        return seen(family, trick, "held", f"{used:.2f} processors")
    return gained(family, trick, f"{used:.2f} processors with one thread: {told(record)}")


def of_what_is_left(family, trick, record, seconds):
    text = f"{record['error']} {marks(record)}"
    if any(word in text for word in ("thread", "process", "timer")) or record["status"] != "ok":
        return seen(family, trick, "held", told(record))
    return gained(family, trick, f"nothing is said of what it left: {told(record)}")


def of_memory(family, trick, record, seconds):
    peak = record["peak_memory_bytes"] or 0
    if record["status"] != "ok" or peak > 0.8 * MUCH:
        return seen(family, trick, "held", f"{peak / 1e6:.0f} MB recorded")
    return gained(family, trick, f"{peak / 1e6:.0f} MB recorded of {MUCH / 1e6:.0f}")


def of_answer(family, trick, record, seconds):
    if record["status"] == "not-run" or is_exact(record) or "internal" in (record["error"] or ""):
        return seen(family, trick, "broken", told(record))
    if record["status"] != "ok" and not record["error"]:
        return seen(family, trick, "weak", f"no reason is given: {told(record)}")
    if record["status"] == "ok" and not is_honest(record):
        return seen(family, trick, "broken", told(record))
    return seen(family, trick, "held", told(record))


GOALS = {
    "wall": of_wall,
    "cpu": of_processor,
    "cores": of_cores,
    "left": of_what_is_left,
    "memory": of_memory,
    "answer": of_answer,
}


@pytest.mark.slow(40)
def test_a_one_shot_method_has_its_time(arena, record_property):
    tricks = [one for one in TIME.tricks.values() if one.alone]
    names = TIME.asked([one.name for one in tricks])
    ran = arena.run([TIME.plugin], [*names, "mean"], "--timeout", "20")
    found = [judged("time", one, ran.of(one.name), WORK) for one in tricks]
    if ran.left:
        found = [one for one in found if one.name != "time/daemon-left"]
        found.append(
            seen("time", TIME.tricks["daemon-left"], "broken", f"left behind by the run: {ran.left}")
        )
    check(found, record_property)


@pytest.mark.slow(20)
def test_a_one_shot_method_has_its_time_in_a_process_that_goes_on(arena, record_property):
    tricks = [one for one in TIME.tricks.values() if not one.alone]
    ran = arena.run_one_by_one(TIME, [one.name for one in tricks], ["mean"], "--timeout", "20")
    check([judged("time", one, ran.of(one.name), WORK) for one in tricks], record_property)
    assert not ran.left


RULES = ("--stopping", "fixed", "--stopping", "best-loss")


@pytest.mark.slow(20)
def test_a_method_that_iterates_has_its_time(arena, record_property):
    tricks = [one for one in ITERATES.tricks.values() if one.goal == "wall" and not one.alone]
    ran = arena.run_one_by_one(ITERATES, [one.name for one in tricks], [], *RULES, "--timeout", "20")
    check([_of_fixed(one, ran) for one in tricks], record_property)


@pytest.mark.slow(40)
def test_a_method_that_iterates_says_what_an_iterate_is(arena, record_property):
    """Each fails, or has a process of its own for another reason."""
    tricks = [one for one in ITERATES.tricks.values() if one.goal == "answer" or one.alone]
    names = ITERATES.asked([one.name for one in tricks])
    ran = arena.run([ITERATES.plugin], names, *RULES, "--timeout", "20")
    check([_of_fixed(one, ran) for one in tricks], record_property)


def _of_fixed(trick, ran):
    records = ran.of(trick.name)
    if trick.goal == "wall":
        records = [one for one in records if one["stopping_rule"] == "fixed"]
    return judged("iterates", trick, records, STEP * ITERATIONS)
