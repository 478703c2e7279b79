"""A method harms nobody but itself: not the run, not the others, not the machine."""

from __future__ import annotations

import pytest
from attacks.judging import gained, is_honest, seen, told
from attacks.outcomes import check
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


def asked(name: str, note: object = "") -> list[str]:
    """Return what the command line says, with a path for the attack."""
    [text] = HARM.asked([name])
    return [f"{text},note={note}" if note else text]


def of_goal(goal: str) -> list[str]:
    return [one.name for one in HARM.tricks.values() if one.goal == goal]


@pytest.mark.slow(60)
@pytest.mark.parametrize("name", of_goal("run"))
def test_a_run_goes_on(arena, record_property, name):
    """The attack has a record of its failure, and all others have theirs."""
    options = ("--timeout", "4", "--time-budget", "30s")
    ran = arena.run(
        ["harm_attacks"], ["mean", *asked(name)], *options, images="ramps:count=2,size=16", limit=45
    )
    trick, own, rival = HARM.tricks[name], ran.of(name), ran.rival("mean")
    good = [one for one in rival if one["status"] == "ok"]
    why = f"exit status {ran.status} after {ran.seconds:.0f} s, {len(own)} and {len(good)} records of 2 and 2"
    if ran.status is None or ran.left:
        check([seen("harm", trick, "broken", f"{why}; left: {ran.left}")], record_property)
    elif len(own) < 2 or len(good) < 2 or ran.status not in (0, 1):
        # with status 1 it ended in good order, and goes on when it is called again
        worse = seen("harm", trick, "weak" if ran.status == 1 else "broken", why)
        stated = ran.status == 1 and trick.right == "stated"
        check([gained("harm", trick, why) if stated else worse], record_property)
    else:
        check([seen("harm", trick, "held", f"{why}: {told(own[-1])}")], record_property)


@pytest.mark.slow(20)
def test_a_method_that_ends_the_run_loses_nothing_of_what_was_done(arena, record_property):
    before = len(arena.run(["harm_attacks"], ["mean"], images="ramps:count=2,size=16").records)
    found = []
    for name in of_goal("stated"):
        ran = arena.run(
            ["harm_attacks"], asked(name), "--timeout", "5", images="ramps:count=1,size=16", limit=40
        )
        trick = HARM.tricks[name]
        why = f"exit status {ran.status}, {len(ran.records)} records; {ran.said[-150:]!r}"
        if ran.status is None or ran.left:
            found.append(seen("harm", trick, "broken", f"it hangs, or leaves {ran.left}: {why}"))
        elif len(ran.rival("mean")) < before or (ran.status == 0 and not ran.of(name)):
            found.append(seen("harm", trick, "broken", f"records are lost without a word: {why}"))
        elif ran.of(name):
            found.append(seen("harm", trick, "held", why))
        else:
            found.append(gained("harm", trick, f"the run ended: {why}"))
    check(found, record_property)


@pytest.mark.slow(20)
@pytest.mark.parametrize("names", [of_goal("victim")[:1], of_goal("victim")[1:]], ids=["variable", "links"])
def test_no_folder_of_others_is_removed(arena, record_property, names):
    victims = {name: arena.folder / f"victim-{name}" for name in names}
    for victim in victims.values():
        (victim / "deep").mkdir(parents=True)
        (victim / "deep" / "file").write_text("mine")
    methods = [word for name, victim in victims.items() for word in asked(name, victim)]
    ran = arena.run(["harm_attacks"], methods, "--timeout", "5", images="ramps:count=1,size=16")
    found = []
    for name, victim in victims.items():
        whole = (victim / "deep" / "file").exists()
        outcome = "held" if whole and not ran.left else "broken"
        found.append(
            seen("harm", HARM.tricks[name], outcome, f"the folder is {'whole' if whole else 'gone'}")
        )
    check(found, record_property)


@pytest.mark.slow(20)
def test_nothing_is_left_behind(arena, record_property):
    """No process, and no temporary file but the odd link in the place of the folder itself."""
    found = []
    names = of_goal("tidy") + of_goal("processes")
    ran = arena.run(
        ["harm_attacks"], [*(word for one in names for word in asked(one)), "mean"], "--timeout", "10"
    )
    files = [str(one.name) for one in arena.scratch.iterdir()]
    for name in names:
        left = files if name in of_goal("tidy") else ran.left
        found.append(seen("harm", HARM.tricks[name], "broken" if left else "held", f"left: {left[:3]}"))
    check(found, record_property)


@pytest.mark.slow(20)
def test_the_true_cause_of_an_end_is_told(arena, record_property):
    [name] = of_goal("cause")
    ran = arena.run(["harm_attacks"], asked(name), "--timeout", "12", images="ramps:count=1,size=16")
    [record] = ran.of(name) or [{"status": "nothing", "error": "", "tainted": ""}]
    outcome = "held" if record["status"] == "crashed" and "3" in record["error"] and not ran.left else "weak"
    outcome = "broken" if ran.left else outcome
    check([seen("harm", HARM.tricks[name], outcome, f"{told(record)}; left: {ran.left}")], record_property)


@pytest.mark.slow(20)
@pytest.mark.parametrize("name", of_goal("rivals"))
def test_other_methods_have_their_results(arena, record_property, name):
    rival = arena.folder / "rival.py"
    rival.write_text(RIVAL)
    methods = ["rival-a", *asked(name, rival), "rival-b"]
    ran = arena.run(["harm_attacks", rival], methods, "--timeout", "10", images="ramps:count=2,size=16")
    records = [one for letter in "ab" for one in ran.rival(f"rival-{letter}")]
    bad = [one for one in records if one["status"] == "ok" and not is_honest(one)]
    blamed = [one for one in records if one["status"] not in ("ok", "not-run")]
    trick = HARM.tricks[name]
    if bad:
        result = seen("harm", trick, "broken", f"a wrong result of another method: {told(bad[0])}")
    elif blamed:
        result = seen("harm", trick, "weak", f"another method is blamed: {told(blamed[0])}")
    elif len(records) < 4:
        good = ran.status == 1 and name == "changes-the-code-of-another"
        said = f"exit status {ran.status}, {len(records)} records of 4: {ran.said[-200:]!r}"
        result = seen("harm", trick, "held" if good else "weak", said)
    else:
        result = seen("harm", trick, "held", told(records[-1]))
    check([result], record_property)


@pytest.mark.slow(60)
def test_whatever_a_method_does_to_its_process_the_run_goes_on(arena, record_property):
    names = of_goal("manners")
    ran = arena.run(
        ["harm_attacks"], ["mean", *HARM.asked(names)], "--timeout", "10", "--jobs", "2", limit=300
    )
    found = []
    for name in names:
        records, trick = ran.of(name), HARM.tricks[name]
        good = records and all(is_honest(one) or (one["status"] != "ok" and one["error"]) for one in records)
        why = told(records[0]) if records else "there is no record"
        found.append(seen("harm", trick, "held" if good else "broken", why))
    check(found, record_property)
    assert ran.status in (0, 1) and "Traceback" not in ran.said and not ran.left, (ran.left, ran.said[-3000:])
    assert [one["status"] for one in ran.rival("mean")] == ["ok"]
