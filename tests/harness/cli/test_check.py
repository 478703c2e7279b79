"""`priorbench check`: one line for each check, all of a failure, and an exit status."""

from __future__ import annotations

import json
from pathlib import Path


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


#: method of `common_slips` -> the check that it fails, what that has seen, and the remedy
SLIPS = {
    "returns": ("runs", "'iterate' returned a Tensor; it has iterate", "yield, not return: "),
    "nothing": ("runs", "'iterate' returned None; it has iterate", "yield, not return: "),
    "yields": ("type", "it returned generator", "what yields is called 'iterate'"),
    "misnames": (
        "runs",
        "no attribute 'img' (common_slips.py:",
        "'img' is nothing that Observation has: did you mean 'image'? Allowed: device, generator, image, ",
    ),
    "assumes": ("runs", "no attribute 'sigma'", "observation.noise is None where nobody knows the noise: "),
    "converts": ("runs", "no attribute 'astype'", "it is a torch.Tensor: .cpu().numpy() makes an array"),
    "imports": ("runs", "No module named 'cv2_that", "pip install cv2_that_is_not_there; "),
    "lost": (
        "imports",
        "No module named 'cv2_that",
        "pip install cv2_that_is_not_there; so that others are told: add "
        'requires=("cv2_that_is_not_there",) to the spec',
    ),
    "misspelt": (
        "imports",
        "No module named 'comon_slips'",
        "no module 'comon_slips'; did you mean 'common_slips'? The module of a plugin file is the file's "
        "name without .py",
    ),
    "astray": (
        "imports",
        "has no attribute 'Retruns'",
        "'common_slips' has no 'Retruns'; did you mean 'Returns'?",
    ),
}


def test_a_common_slip_gets_its_remedy(command):
    only = [word for check in ("imports", "parameters", "runs", "type") for word in ("--only", check)]
    plugin = Path(__file__).parents[2] / "support" / "common_slips.py"
    done = command("check", "common_slips", "--plugin", str(plugin), "--format", "json", *only)
    found = {(each["name"], each["check"]): each for each in json.loads(done.stdout)}
    for name, (check, seen, mend) in SLIPS.items():
        each = found[name, check]
        assert each["status"] == "failed", name
        assert seen in each["seen"], name
        assert each["mend"].startswith(mend), name
    assert found["lost", "parameters"]["status"] == "skipped"


def test_a_package_that_is_required_and_missing_is_to_be_installed(command):
    plugin = Path(__file__).parents[2] / "support" / "common_lack.py"
    done = command("check", "lost-metric", "--plugin", str(plugin), "--only", "imports")
    assert "metric 'lost-metric' cannot be used: needs the package no-such or nor-such: pip" in done.stdout
    assert "to mend:   install it, or correct 'requires' in the spec\n" in done.stdout
