"""An answer is that of the trial, and of nobody else; what is odd is a failure with its reason."""

from __future__ import annotations

import pytest
from answer_attacks import BOOK as ANSWER
from attacks.judging import is_exact, is_honest, marks, seen, told
from attacks.outcomes import check, together
from output_attacks import BOOK as OUTPUT

#: letters of an error that is one line
LONGEST = 700


def judged(family, trick, records, *, planned):
    """Judge an attack on its own record: it fails with a reason, or has the score of what came back."""
    if any(map(is_exact, records)):
        return seen(family, trick, "broken", f"it forged a score: {told(next(filter(is_exact, records)))}")
    if len(records) < planned:
        return seen(
            family, trick, "broken", f"{len(records)} records of {planned} trials: the others vanished"
        )
    for record in records:
        if record["status"] == "ok" and not is_honest(record):
            outcome = "detected" if marks(record) else "broken"
            return seen(family, trick, outcome, f"a score that is not that of y: {told(record)}")
        if record["status"] == "refused":
            return seen(family, trick, "weak", f"a failure passes for a refusal: {told(record)}")
        if record["status"] != "ok":
            error = record["error"] or ""
            if not error.isprintable() or not error or len(error) > LONGEST:
                return seen(family, trick, "weak", f"its reason is not one readable line: {error[:80]!r}")
    return seen(family, trick, "held", told(records[-1]))


@pytest.mark.slow(60)
@pytest.mark.parametrize("goal", ["", "raises"])
def test_a_method_cannot_write_its_record(arena, record_property, goal):
    tricks = [
        one for one in ANSWER.tricks.values() if one.goal == goal or (not goal and one.goal == "digest")
    ]
    names = ANSWER.asked([one.name for one in tricks])
    ran = arena.run([ANSWER.plugin], ["mean", *names], "--timeout", "15", "--jobs", "2", limit=300)
    found = [judged("answer", one, ran.of(one.name), planned=one.turns) for one in tricks]
    digests = {one["output_sha256"] for name in ("nothing", "digest-replaced") for one in ran.of(name)}
    if len(digests) > 1:
        found = [one for one in found if one.name != "answer/digest-replaced"]
        trick = ANSWER.tricks["digest-replaced"]
        found.append(seen("answer", trick, "broken", "the digest of the output is not that of the output"))
    check(found, record_property)
    assert ran.status in (0, 1) and "Traceback" not in ran.said and not ran.left, (ran.left, ran.said[-3000:])


@pytest.mark.slow(20)
def test_a_method_cannot_write_the_record_of_another(arena, record_property):
    def in_a_run(names):
        own = arena.part(names[0] if len(names) == 1 else "all")
        methods, chosen = ["mean", *ANSWER.asked(names)], ("--timeout", "15")
        rival = own.run([ANSWER.plugin], methods, *chosen, images="ramps:count=4,size=16").rival("mean")
        bad = [one for one in rival if one["status"] != "ok" or not 25 < (one["psnr"] or 0) < 60]
        held = not bad and len(rival) == 4
        why = told(rival[-1]) if held else f"the rival: {[told(one) for one in bad]}"
        tricks = [ANSWER.tricks[name] for name in names]
        return [seen("answer", one, "held" if held else "broken", why) for one in tricks]

    names = [one.name for one in ANSWER.tricks.values() if one.goal == "rival"]
    check(together(names, in_a_run), record_property)


#: refused in a worker, which is then replaced; the others in this run's own process, which takes less time
IN_A_WORKER = (
    "sparse",
    "meta",
    "nested",
    "complex",
    "one-nan",
    "huge-size",
    "nought",
    "bad-shape",
    "y-emptied",
)


@pytest.mark.slow(30)
@pytest.mark.parametrize("where", ["local", "serial"])
def test_an_output_is_taken_for_what_it_is_or_refused_with_the_reason(arena, record_property, where):
    tricks = list(OUTPUT.tricks.values())
    tricks = [
        one for one in tricks if (one.goal != "refused" or one.name in IN_A_WORKER) == (where == "local")
    ]
    names = [one.name for one in tricks]
    if where == "local":
        ran = arena.run_one_by_one(OUTPUT, names, ["mean"], "--timeout", "15", limit=300)
    else:
        methods = ["mean", *OUTPUT.asked(names)]
        ran = arena.run([OUTPUT.plugin], methods, "--executor", "serial", limit=300)
    found = []
    for trick in tricks:
        records = ran.of(trick.name)
        result = judged("output", trick, records, planned=1) if trick.goal != "poor" else None
        if records and (result is None or result.outcome == "held"):
            result = _as_planned(trick, records[0])
        found.append(result)
    check(found, record_property)
    assert ran.status in (0, 1) and "Traceback" not in ran.said, ran.said[-3000:]


def _as_planned(trick, record):
    if record["status"] not in ("ok", "invalid-output"):
        return seen("output", trick, "weak", f"its reason is not that the output is none: {told(record)}")
    good = record["status"] == "ok"
    wanted = {"same": good, "same or refused": True, "refused": not good, "poor": good}[trick.goal]
    if trick.goal == "poor" and good and not 0 <= record["psnr"] < 20:
        wanted = False
    return seen("output", trick, "held" if wanted else "broken", told(record))
