"""`priorbench check`: one line for each check, all of a failure, and an exit status."""

from __future__ import annotations

import json


def test_a_failure_says_what_was_expected_what_was_seen_and_how_to_mend_it(command):
    done = command("check", "mean", "--only", "licence", "--only", "summary")
    assert done.returncode == 1
    assert "  FAIL  licence            it names its licence\n" in done.stdout
    assert "        expected:  a licence" in done.stdout
    assert "        seen:      licence is empty\n" in done.stdout
    assert "        to mend:   set licence=" in done.stdout
    assert "  ok    summary  " in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 passed, 1 failed, 0 skipped; ")


def test_json_has_every_field(command):
    done = command("check", "gaussian-25", "--format", "json", "--only", "level")
    assert done.returncode == 0, done.stderr
    [result] = json.loads(done.stdout)
    assert (result["kind"], result["name"], result["check"], result["status"]) == (
        "noise model", "gaussian-25", "level", "passed",
    )  # fmt: skip
    assert result["expected"] is None


def test_a_wrong_request_is_one_line_and_status_2(command, tmp_path):
    for name in ("own.yaml", "own.py"):
        (tmp_path / name).touch()
    for words, said in (
        (["meen"], "unknown name 'meen'; did you mean 'mean'?"),
        (["serial"], "executor 'serial': there are no checks for this kind"),
        (["mean:lgo=x"], "denoiser 'mean': unknown parameter 'lgo'; did you mean 'log'?"),
        (["mean", "--only", "shap"], "unknown check 'shap'; did you mean 'shape'?"),
        (["own.yaml"], "'own.yaml' is a file; a suite is checked by: priorbench run own.yaml --dry-run"),
        (["own.py"], "'own.py' is a file; check what it registers: priorbench check NAME --plugin own.py"),
    ):
        done = command("check", *words)
        assert done.returncode == 2
        assert done.stderr.startswith(f"priorbench: {said}")
        assert len(done.stderr.splitlines()) == 1


def test_what_is_skipped_after_a_failure_is_one_line(command, tmp_path):
    (tmp_path / "yields_tuples.py").write_text(
        "from priorbench import DenoiserSpec, hookimpl\n\n\n"
        "class Bad:\n"
        "    def iterate(self, observation):\n"
        "        yield observation.image, 0.5\n\n\n"
        "@hookimpl\n"
        "def priorbench_denoisers():\n"
        "    yield DenoiserSpec(name='bad', factory='yields_tuples:Bad', summary='s', citation='c',"
        " licence='MIT', iterative=True, together=False)\n"
    )
    done = command("check", "bad", "--plugin", "yields_tuples.py")
    assert done.returncode == 1
    [line] = [line for line in done.stdout.splitlines() if "the check 'type' failed" in line]
    assert line.startswith("  skip  ") and "determinism" in line and "shape" in line
    assert "to mend:   yield Iterate(output, loss=...): from priorbench import Iterate" in done.stdout
