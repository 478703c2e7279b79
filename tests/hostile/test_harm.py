"""A method harms nobody but itself: not the run, not the others, not the machine."""

from __future__ import annotations

import pytest
from attacks.judging import gained, is_honest, seen, told
from attacks.outcomes import check, together
from harm_attacks import BOOK as HARM

RIVAL = '''
from priorbench import DenoiserSpec, hookimpl


class Copy:
    """Returns y."""

    def denoise(self, observation):
        return observation.image.clone()


@hookimpl
def priorbench_denoisers():
    for name in ("rival-a", "rival-b"):
        yield DenoiserSpec(name=name, factory="rival:Copy", iterative=False)
'''


def of_goals(*goals: str) -> list[str]:
    return [one.name for one in HARM.tricks.values() if one.goal in goals]


#: it ends only when the run does
FOR_EVER = ["stops-itself-for-ever"]
#: after it nobody goes on
CODE = ["changes-the-code-of-another"]
GROUPS = {
    "parents-and-rivals": [one for one in of_goals("run", "rivals") if one not in (*FOR_EVER, *CODE)],
    "what-is-left": of_goals("victim", "tidy", "processes", "cause"),
    "code": CODE,
}


class Field:
    """A run of attacks beside methods that do nothing wrong, and what it left."""

    def __init__(self, arena, names, *options, limit=200) -> None:
        self.arena, self.victim = arena, arena.folder / "victim"
        (self.victim / "deep").mkdir(parents=True)
        (self.victim / "deep" / "file").write_text("mine")
        rival = arena.folder / "rival.py"
        rival.write_text(RIVAL)
        notes = {"victim": self.victim, "rivals": rival}
        methods = ["rival-a"]
        for name in names:
            [text] = HARM.asked([name])
            note = notes.get(HARM.tricks[name].goal)
            methods.append(f"{text},note={note}" if note else text)
        methods += ["rival-b", "mean"]
        where = {"images": "ramps:count=2,size=16", "limit": limit}
        self.ran = arena.run([HARM.plugin, rival], methods, *options, **where)

    def seen(self, name):
        """Return how an attack ended."""
        trick = HARM.tricks[name]
        outcome, why = GOALS[trick.goal](self, trick)
        return gained("harm", trick, why) if outcome == "gained" else seen("harm", trick, outcome, why)


def of_run(field, trick):
    """The attack has a record of its failure, and all others have theirs."""
    ran, own = field.ran, field.ran.of(trick.name)
    good = [one for one in ran.rival("mean") if one["status"] == "ok"]
    why = f"exit status {ran.status} after {ran.seconds:.0f} s, {len(own)} and {len(good)} records of 2 and 2"
    if ran.status is None or ran.left:
        return "broken", f"{why}; left: {ran.left}"
    if len(own) < 2 or len(good) < 2 or ran.status not in (0, 1):
        # with status 1 it ended in good order, and goes on when it is called again
        worse = "weak" if ran.status == 1 else "broken"
        return ("gained" if ran.status == 1 and trick.right == "stated" else worse), why
    return "held", f"{why}: {told(own[-1])}"


def of_rivals(field, trick):
    """Other methods have their results."""
    ran = field.ran
    records = [one for letter in "ab" for one in ran.rival(f"rival-{letter}")]
    bad = [one for one in records if one["status"] == "ok" and not is_honest(one)]
    blamed = [one for one in records if one["status"] not in ("ok", "not-run")]
    if bad:
        return "broken", f"a wrong result of another method: {told(bad[0])}"
    if blamed:
        return "weak", f"another method is blamed: {told(blamed[0])}"
    if len(records) < 4:
        good = ran.status == 1 and trick.name in CODE
        said = f"exit status {ran.status}, {len(records)} records of 4: {ran.said[-200:]!r}"
        return ("held" if good else "weak"), said
    return "held", told(records[-1])


def of_victim(field, trick):
    """No folder of others is removed."""
    whole = (field.victim / "deep" / "file").exists()
    held = whole and not field.ran.left
    return ("held" if held else "broken"), f"the folder is {'whole' if whole else 'gone'}"


def of_left(field, trick):
    """No process is left, and no temporary file but the odd link in the place of the folder itself."""
    there = [
        one for one in field.arena.scratch.iterdir() if not one.is_symlink() or one.resolve() != field.victim
    ]
    files = [str(one.name) for one in there]
    left = files if trick.goal == "tidy" else field.ran.left
    return ("broken" if left else "held"), f"left: {left[:3]}"


def of_cause(field, trick):
    """The true cause of an end is told."""
    ran = field.ran
    record = (ran.of(trick.name) or [{"status": "nothing", "error": "", "tainted": ""}])[0]
    outcome = "held" if record["status"] == "crashed" and "3" in record["error"] else "weak"
    return ("broken" if ran.left else outcome), f"{told(record)}; left: {ran.left}"


GOALS = {
    "run": of_run,
    "rivals": of_rivals,
    "victim": of_victim,
    "tidy": of_left,
    "processes": of_left,
    "cause": of_cause,
}


@pytest.mark.slow(40)
@pytest.mark.parametrize("group", GROUPS)
def test_a_method_harms_nobody_but_itself(arena, record_property, group):
    def judged(names):
        field = Field(arena.part(names[0] if len(names) == 1 else "all"), names, "--timeout", "12")
        return [field.seen(name) for name in names]

    check(together(GROUPS[group], judged), record_property)


@pytest.mark.slow(30)
def test_a_method_that_stops_for_ever_does_not_stop_the_run(arena, record_property):
    field = Field(arena, FOR_EVER, "--timeout", "4", "--time-budget", "20s")
    check([field.seen(name) for name in FOR_EVER], record_property)


@pytest.mark.slow(20)
def test_a_method_that_ends_the_run_loses_nothing_of_what_was_done(arena, record_property):
    def judged(names):
        own = arena.part(names[0] if len(names) == 1 else "all")
        before = len(own.run([HARM.plugin], ["mean"], images="ramps:count=2,size=16").records)
        assert before == 2
        chosen = ("--timeout", "5")
        ran = own.run([HARM.plugin], HARM.asked(names), *chosen, images="ramps:count=1,size=16")
        return [_lost(ran, HARM.tricks[name], before) for name in names]

    check(together(of_goals("stated"), judged), record_property)


def _lost(ran, trick, before):
    why = f"exit status {ran.status}, {len(ran.records)} records; {ran.said[-150:]!r}"
    if ran.status is None or ran.left:
        return seen("harm", trick, "broken", f"it hangs, or leaves {ran.left}: {why}")
    if len(ran.rival("mean")) < before or (ran.status == 0 and not ran.of(trick.name)):
        return seen("harm", trick, "broken", f"records are lost without a word: {why}")
    if ran.of(trick.name):
        return seen("harm", trick, "held", why)
    return gained("harm", trick, f"the run ended: {why}")


@pytest.mark.slow(40)
def test_whatever_a_method_does_to_its_process_the_run_goes_on(arena, record_property):
    names = [name for name in of_goals("manners") if HARM.tricks[name].alone]
    _goes_on(
        arena.run([HARM.plugin], ["mean", *HARM.asked(names)], "--timeout", "10"), names, record_property
    )


@pytest.mark.slow(20)
def test_what_it_does_to_a_process_that_goes_on_harms_no_run(arena, record_property):
    names = [name for name in of_goals("manners") if not HARM.tricks[name].alone]
    ran = arena.run_one_by_one(HARM, names, ["mean"], "--timeout", "10")
    _goes_on(ran, names, record_property)


def _goes_on(ran, names, record_property):
    found = []
    for name in names:
        records, trick = ran.of(name), HARM.tricks[name]
        good = records and all(is_honest(one) or (one["status"] != "ok" and one["error"]) for one in records)
        why = told(records[0]) if records else "there is no record"
        found.append(seen("harm", trick, "held" if good else "broken", why))
    check(found, record_property)
    assert ran.status in (0, 1) and "Traceback" not in ran.said and not ran.left, (ran.left, ran.said[-3000:])
    assert {one["status"] for one in ran.rival("mean")} == {"ok"}
