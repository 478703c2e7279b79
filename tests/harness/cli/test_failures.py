"""``priorbench failures``: what failed, why, and the end of the traceback."""

from __future__ import annotations

import json

from small_runs import HERE, ONE_IMAGE

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
