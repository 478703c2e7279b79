"""``priorbench failures``: what failed, why, and the end of the traceback."""

from __future__ import annotations

import json
from dataclasses import replace

from asked_things import a_set, choice, request, results, run_of
from small_runs import HERE, ONE_IMAGE

from priorbench.store.database import Store

METHOD = """
print("hello from its file")

from priorbench import DenoiserSpec, hookimpl


def inner():
    return {}["missing"]


class Bad:
    def denoise(self, observation):
        print("about to fail")
        try:
            return inner()
        except KeyError as error:
            raise RuntimeError("no table for this picture") from error


@hookimpl
def priorbench_denoisers():
    yield DenoiserSpec(name="bad", factory="loud_failure:Bad", iterative=False, together=False)
"""


def test_a_crash_has_the_end_of_its_traceback_in_the_record(command, tmp_path):
    (tmp_path / "loud_failure.py").write_text(METHOD)
    run = command("run", *ONE_IMAGE[1:], "--plugin", "loud_failure.py", "--denoiser", "bad:label=worse")
    assert run.returncode == 1, run.stderr
    [found] = json.loads(command("failures", "--format", "json").stdout)
    assert (found["method"], found["status"], found["trials"]) == ("worse", "error", 1)
    assert found["error"] == "RuntimeError: no table for this picture (loud_failure.py:17)"
    assert found["printed"] == [
        "about to fail",
        "  loud_failure.py:15 in denoise: return inner()",
        '  loud_failure.py:8 in inner: return {}["missing"]',
        "KeyError: 'missing' (loud_failure.py:8), which led to",
        '  loud_failure.py:17 in denoise: raise RuntimeError("no table for this picture") from error',
    ]  # neither folders, nor frames of the harness, nor what was printed when the file was loaded
    text = command("failures", "--denoiser", "w*", "--status", "error").stdout
    assert "worse: error, 1 trial: RuntimeError" in text and "  |   loud_failure.py:8 in inner" in text


def test_nothing_that_failed_and_wrong_words(command):
    assert command("run", *ONE_IMAGE[1:], "--denoiser", "mean", *HERE).returncode == 0
    assert command("failures").stdout.strip() == "nothing failed"
    wrong = command("failures", "--status", "eror")
    assert wrong.returncode == 2 and "did you mean 'error'" in wrong.stderr


def test_what_failed_under_two_names_is_found_by_both(command, tmp_path):
    (tmp_path / "named_twice.py").write_text(METHOD.replace("loud_failure", "named_twice"))
    names = ("--denoiser", "bad:label=one", "--denoiser", "bad:label=two")
    assert command("run", *ONE_IMAGE[1:], "--plugin", "named_twice.py", *names).returncode == 1
    for name in ("one", "two", "bad"):
        [found] = json.loads(command("failures", "--denoiser", name, "--format", "json").stdout)
        assert (found["method"], found["trials"]) == ("one, two", 1)


def failed(name, number, error):
    """Return a record of image 0 that failed; `number` makes it another one."""
    [found] = results(name, [None], pixels=str(number), status="error", error=error, image_set="photos")
    return found


def test_reasons_that_differ_in_numbers_are_one_entry_and_sets_have_their_label(priorbench, tmp_path):
    store = Store(str(tmp_path / "failed.db"))
    store.add_run(run_of(1))
    asked = request("bad", image_set=a_set("photos:crop=48", name="photos"), noise=choice("gaussian", "loud"))
    reasons = [f"{count} of 6912 pixels are not finite (bad.py:7)" for count in (913, 601, 77)]
    reasons.append("1 of 6912 pixels are not finite (bad.py:8)")  # raised elsewhere: another failure
    records = [failed("bad", number, reason) for number, reason in enumerate(reasons)]
    store.add(records, answers=[(asked, record.key, run_of(1).id) for record in records])
    store.close()
    status, out, _ = priorbench("failures", "--store", str(tmp_path / "failed.db"), "--format", "json")
    assert status == 0
    first, other = json.loads(out)
    assert first["error"] == "77 to 913 of 6912 pixels are not finite (bad.py:7)"
    assert (first["trials"], other["trials"]) == (3, 1) and other["error"] == reasons[-1]
    assert set(first["where"]) == {"photos:crop=48/0, loud"}
    _, text, _ = priorbench("failures", "--store", str(tmp_path / "failed.db"))
    assert text.splitlines()[:2] == [
        "bad: error, 3 trials: 77 to 913 of 6912 pixels are not finite (bad.py:7)",
        "  photos:crop=48/0, loud",
    ]


def test_what_an_earlier_version_did_is_told_apart_from_what_boards_show(priorbench, tmp_path):
    place = str(tmp_path / "versions.db")
    store = Store(place)
    for number, mended in enumerate((False, False, True)):
        store.add_run(run_of(number + 1))
        for label in ("mended", "bad"):
            how = {} if mended and label == "mended" else {"status": "error", "error": "no table (bad.py:7)"}
            [record] = results(label, [None if how else 30.0], image_set="photos", **how)
            record = replace(record, key=f"{label} {number}", code=f"commit {number}")
            asked = request(label, code=f"commit {number}", image_set=a_set("photos", name="photos"))
            store.add([record], answers=[(asked, record.key, run_of(number + 1).id)])
    store.close()
    status, out, _ = priorbench("failures", "--store", place, "--format", "json")
    told = [(one["method"], one["current"], one["trials"]) for one in json.loads(out)]
    assert (status, told) == (0, [("bad", True, 1), ("bad", False, 2), ("mended", False, 2)])
    _, text, _ = priorbench("failures", "--store", place)
    assert [line for line in text.splitlines() if line[:1] != " "] == [
        "bad: error, 1 trial: no table (bad.py:7)",
        "bad: error, 2 trials of earlier versions: no table (bad.py:7)",
        "mended: error, 2 trials of earlier versions: no table (bad.py:7)",
    ]
    _, out, _ = priorbench("failures", "--store", place, "--format", "json", "--current")
    assert [one["method"] for one in json.loads(out)] == ["bad"]
    _, text, _ = priorbench("failures", "--store", place, "--current", "--denoiser", "mended")
    assert text == "nothing failed\n"
