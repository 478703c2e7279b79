"""The fits of a trial: companions first, the shared one afterwards; refusals before all of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_runs import records

PLUGIN = str(Path(__file__).parents[2] / "support" / "companion_rules.py")
RULES = ("fixed", "left-half", "left-half:refit=true,label=refit", "twin", "oracle")


def ran(command, *words: str, executor: str = "serial", status: int = 0) -> dict[str, dict]:
    """Return the records of a run on one image, by the label of their rule (and the noise)."""
    store = ("--store", f"{executor}{abs(hash(words))}.db")
    given = ("run", "-", "--images", "ramps:count=1", "--plugin", PLUGIN, "--threads", "1")
    done = command(*given, "--executor", executor, *words, *store)
    assert done.returncode == status, done.stderr
    found = {}
    for record in records(command, *store):
        shown = record["asked"][0]["stopping"] if "asked" in record else record["stopping_rule"]
        found[f"{shown} {record['noise']} {sorted(record['stopping_parameters'].items())}"] = record
    return found


def of(found: dict[str, dict], rule: str, **parameters) -> dict:
    """Return the one record of a rule with these parameters."""
    chosen = [
        record
        for record in found.values()
        if record["stopping_rule"] == rule
        and all(record["stopping_parameters"].get(name) == value for name, value in parameters.items())
    ]
    assert len(chosen) == 1, chosen
    return chosen[0]


def words(*rules: str, noise: str = "gaussian-25", denoiser: str = "descent") -> list[str]:
    return [
        *("--noise", noise, "--denoiser", denoiser),
        *(word for rule in rules for word in ("--stopping", rule)),
    ]


@pytest.fixture
def found(command) -> dict[str, dict]:
    return ran(command, *words(*RULES))


def test_all_rules_have_a_result(found) -> None:
    assert {record["status"] for record in found.values()} == {"ok"}


def test_a_companion_does_not_change_the_fit_that_all_share(command, found) -> None:
    alone = of(ran(command, *words("fixed")), "fixed")
    shared = of(found, "fixed")
    assert alone["output_sha256"] == shared["output_sha256"]
    assert alone["curve"]["psnr"] == shared["curve"]["psnr"]
    assert alone["key"] == shared["key"]


def test_what_is_kept_of_a_companion_is_the_result(found) -> None:
    held = of(found, "left-half", refit=False)
    assert (held["iterations"], held["stopped_at"], held["fired"]) == (5, 8, False)
    again = of(found, "left-half", refit=True)
    assert (again["iterations"], again["stopped_at"], again["fired"]) == (5, 5, True)
    assert held["psnr"] < again["psnr"]  # its right half is black
    assert held["fit_failed"]
    assert not of(found, "fixed")["fit_failed"]


def test_what_is_kept_of_a_companion_is_not_the_best_of_the_shared_fit(found) -> None:
    best = max(found.values(), key=lambda record: record["oracle_psnr"])
    assert all(record["oracle_psnr"] == best["oracle_psnr"] for record in found.values())
    assert best["oracle_psnr"] == of(found, "oracle")["psnr"]


def test_a_twin_has_other_data_and_the_same_method(found) -> None:
    twin = of(found, "twin")
    assert (twin["iterations"], twin["fired"]) == (4, True)


@pytest.mark.slow(20)
def test_companions_in_another_process_are_those_in_this_one(command, found) -> None:
    there = ran(command, *words(*RULES), executor="local")
    names = (
        "iterations",
        "stopped_at",
        "fired",
        "output_sha256",
        "oracle_psnr",
        "training_loss",
        "fit_failed",
    )
    assert {record["key"]: [record[name] for name in names] for record in there.values()} == {
        record["key"]: [record[name] for name in names] for record in found.values()
    }


def test_rules_that_ask_for_the_same_companion_share_it_and_pay_for_it_in_full(command, tmp_path) -> None:
    log = tmp_path / "fits.log"
    held = [
        f"left-half:at={at},refit={refit},label={at}{refit}" for at in (3, 5) for refit in ("true", "false")
    ]
    found = ran(command, *words("fixed", "twin", *held, denoiser=f"descent:pause=0.01,log={log}"))
    # besides the warm-up: the left half, the twin, and the fit that all share
    assert len(log.read_text().splitlines()) == 1 + 3
    for at in (3, 5):
        assert of(found, "left-half", at=at, refit=False)["iterations"] == at
        assert of(found, "left-half", at=at, refit=False)["wall_seconds"] >= (at + 3) * 0.01
        assert of(found, "left-half", at=at, refit=True)["wall_seconds"] >= (2 * at + 3) * 0.01


def test_companions_are_paid_for(command) -> None:
    found = ran(command, *words(*RULES, denoiser="descent:pause=0.01"))
    seconds = {record["key"]: record["wall_seconds"] for record in found.values()}
    step = 0.01
    whole = seconds[of(found, "fixed")["key"]]  # 20 steps; as long as others are at work, a step takes longer
    assert whole >= 20 * step
    assert 8 * step <= seconds[of(found, "left-half", refit=False)["key"]] < whole
    assert (8 + 5) * step <= seconds[of(found, "left-half", refit=True)["key"]] < 33 / 20 * whole
    # side by side until iteration 4, though the twin was run to its end before
    assert 8 * step <= seconds[of(found, "twin")["key"]] < whole


def test_a_rule_without_what_it_needs_is_refused_before_the_run(command) -> None:
    found = ran(command, *words("fixed", "left-half", "twin", noise="gaussian-25-clipped"))
    assert of(found, "fixed")["status"] == of(found, "left-half")["status"] == "ok"
    twin = of(found, "twin")
    assert twin["status"] == "refused"
    assert twin["error"] == (
        "the rule needs white Gaussian noise of known deviation, not clipped, which it does not have here"
    )
    found = ran(command, *words("left-half", denoiser="descent-unmasked"))
    assert of(found, "left-half")["status"] == "refused"
    assert "can leave pixels out of its loss" in of(found, "left-half")["error"]
    assert of(found, "left-half")["setup_seconds"] is None  # nothing was run


def test_what_will_be_refused_is_told_before_the_run(command) -> None:
    more = ("--denoiser", "descent-unmasked", "--noise", "gaussian-25")
    given = words("fixed", "left-half", "twin", noise="gaussian-25-clipped")
    done = command("run", "-", "--images", "ramps:count=1", "--plugin", PLUGIN, "--dry-run", *given, *more)
    assert done.returncode == 0
    lines = [line for line in done.stderr.splitlines() if "will be refused" in line]
    mask = "a method that can leave pixels out of its loss"
    noise = "white Gaussian noise of known deviation, not clipped"
    expected = (
        ("'left-half' of descent-unmasked", "gaussian-25-clipped", mask),
        ("'twin'", "gaussian-25-clipped", noise),
        ("'left-half' of descent-unmasked", "gaussian-25", mask),
    )
    assert lines == [
        f"priorbench: stopping rule {rule} will be refused for {where}: "
        f"the rule needs {what}, which it does not have here"
        for rule, where, what in expected
    ]


def test_a_companion_that_fails_ends_only_its_rule(command) -> None:
    found = ran(command, *words("fixed", "left-half", denoiser="descent:fails=true"), status=1)
    assert of(found, "fixed")["status"] == "ok"
    failed = of(found, "left-half")
    assert failed["status"] == "error"
    assert "no masks, please" in failed["error"]


def test_a_rule_that_fails_ends_alone_and_the_method_has_no_part_in_it(command) -> None:
    found = ran(command, *words("fixed", "breaks", "oracle"), status=1)
    assert of(found, "fixed")["status"] == of(found, "oracle")["status"] == "ok"
    failed = of(found, "breaks")
    assert failed["status"] == "error"
    assert failed["error"].startswith("the stopping rule failed: ZeroDivisionError: a fault of the rule")


def test_a_companion_that_leaves_something_running_is_no_companion(command) -> None:
    found = ran(command, *words("fixed", "left-half", denoiser="descent:leaves=true"), status=1)
    assert {record["status"] for record in found.values()} == {"error"}  # the fixed fit would be timed beside
    assert of(found, "fixed")["error"].startswith("left 2 threads")  # the warm-up's, too


def test_the_last_iterate_of_a_companion_that_ends_by_itself_is_nobodys_result(command) -> None:
    # the twin's rule waits for more iterates than there are; what it has is of y + 1
    found = ran(command, *words("fixed", "twin:at=30", denoiser="descent:length=12,iterations=40"))
    twin, fixed = of(found, "twin"), of(found, "fixed")
    assert twin["output_sha256"] == fixed["output_sha256"]
    assert (twin["iterations"], twin["fired"]) == (12, False)
    assert fixed["curve"]["iteration"][-1] == 12


def test_without_noise_no_fit_is_called_failed(command) -> None:
    found = ran(command, *words("fixed", noise="gaussian:sigma=0"))
    fixed = of(found, "fixed")
    assert (fixed["noise_energy"], fixed["fit_failed"]) == (0, None)


def test_a_companion_that_is_none_ends_only_its_rule(command) -> None:
    found = ran(command, *words("fixed", "wrong-mask"), status=1)
    assert of(found, "fixed")["status"] == "ok"
    assert "has a mask that is none of shape" in of(found, "wrong-mask")["error"]


def test_a_rule_that_stops_now_has_a_fit_of_its_own_and_the_same_result(command, found) -> None:
    own = ran(command, *words(*RULES), "--stop-now")
    assert len(own) == len(RULES)
    for record in found.values():
        parameters = record["stopping_parameters"]
        same = of(own, record["stopping_rule"], **parameters)
        names = ("iterations", "stopped_at", "output_sha256")
        assert [same[name] for name in names] == [record[name] for name in names]
        if record["oracle"]:
            assert same["key"] == record["key"]  # it could not stop without seeing the clean image
        else:
            assert same["stopping_parameters"]["stop_now"] is True
            assert same["curve"] is None
            assert same["oracle_psnr"] is None


def test_the_noise_and_the_loss_are_in_the_records(found) -> None:
    fixed = of(found, "fixed")
    assert fixed["noise_energy"] == pytest.approx((25 / 255) ** 2, rel=0.2)
    curve = fixed["curve"]
    assert len(curve["loss"]) == len(curve["psnr"])
    # the loss of step t is the squared residual after step t - 1
    assert curve["loss"][1] == pytest.approx(curve["residual"][0] ** 2, rel=1e-4)
    assert fixed["training_loss"] == pytest.approx(curve["loss"][-1], rel=0.5)


def test_a_rule_that_says_what_it_reports_is_not_crossed(command) -> None:
    rules = ("fixed", "fixed:average=raw,label=last", "oracle:average=last-3")
    done = command(
        *("run", "-", "--images", "ramps:count=1", "--plugin", PLUGIN, "--dry-run", "--averaging", "ema-0.9"),
        *words(*rules),
    )
    assert done.returncode == 0, done.stderr
    lines = [line.strip() for line in done.stdout.partition("stopping:")[2].splitlines()]
    assert [line for line in lines if line.startswith(("label:", "average:"))] == [
        *("label: fixed+ema-0.9", "average: ema-0.9", "label: last"),
        *("label: oracle+last-3", "average: last-3"),
    ]


def test_averages_are_crossed_with_rules(command) -> None:
    found = ran(command, *words("fixed", "oracle"), "--averaging", "raw", "--averaging", "last-3")
    assert len(found) == 4
    raw, mean = of(found, "fixed", average=None), of(found, "fixed", average="last-3")
    assert raw["output_sha256"] != mean["output_sha256"]
    assert raw["curve"]["psnr"] != mean["curve"]["psnr"]
    assert mean["oracle_psnr"] == of(found, "oracle", average="last-3")["psnr"]
    assert raw["oracle_psnr"] == of(found, "oracle", average=None)["psnr"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--averaging", "mean"], "--averaging 'mean': average is 'mean': write raw, ema-0.99"),
        (["--averaging", "raw", "--averaging", "raw"], "--averaging 'raw': it is given twice"),
        (["--stopping", "fixed:average=ema-1"], "average is 'ema-1': the weight of the past is below 1"),
        (["--stopping", "fixed:stop_now=3"], "stop_now is 3: write true or false"),
    ],
)
def test_what_is_no_average_is_refused_before_the_run(command, given, told) -> None:
    done = command(
        "run",
        "-",
        "--images",
        "ramps:count=1",
        "--noise",
        "gaussian-25",
        "--plugin",
        PLUGIN,
        "--denoiser",
        "descent",
        *given,
    )
    assert done.returncode == 2
    assert told in done.stderr


@pytest.mark.slow(20)
def test_fits_at_once_have_the_rules_companions_and_averages_of_fits_alone(command) -> None:
    rules = [word for rule in RULES for word in ("--stopping", rule)]
    given = (
        *("run", "-", "--images", "ramps:count=3", "--noise", "gaussian-25", "--threads", "1"),
        *("--plugin", PLUGIN, "--denoiser", "descent", "--averaging", "raw", "--averaging", "last-3", *rules),
    )
    found = {}
    for name, more in (("alone", ()), ("together", ("--batch", "3"))):
        done = command(*given, *more, "--store", f"{name}.db")
        assert done.returncode == 0, done.stderr
        found[name] = {record["key"]: record for record in records(command, "--store", f"{name}.db")}
    assert len(found["alone"]) == 3 * len(RULES) * 2
    names = ("iterations", "stopped_at", "fired", "output_sha256", "oracle_psnr", "fit_failed")
    for key, record in found["alone"].items():
        same = found["together"][key]
        assert same["batch"] == 3
        assert [same[name] for name in names] == [record[name] for name in names]
