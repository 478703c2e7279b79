"""Experiments on Buskulic, Queau & Fadili 2023: their verdicts, and that they can be otherwise."""

from __future__ import annotations

import functools
import importlib.metadata

import pytest
from concluding import changed, computed, verdict_on, verdicts

import priorbench_buskulic2023
from priorbench.experiments import Results
from priorbench.reproduction.drawing import can_draw, draw
from priorbench.reproduction.verdicts import Verdict
from priorbench_buskulic2023.also import Also
from priorbench_buskulic2023.grids import LENGTHS, MEASUREMENTS, Figure1a, Figure1b
from priorbench_buskulic2023.systems import Systems
from priorbench_two_layer.wide_dip.experiments.boundary import half_width
from priorbench_two_layer.wide_dip.experiments.cell import grid

EXPERIMENTS = {"fig1a": Figure1a(), "fig1b": Figure1b(), "also": Also(), "systems": Systems()}
HOLDS, FAILS = Verdict.HOLDS, Verdict.FAILS
QUADRATIC = "at least quadratically with n"


@functools.cache
def found(name: str):
    experiment = EXPERIMENTS[name]
    return experiment, experiment.sizes[0], computed(experiment, experiment.sizes[0])


def model(panel: str, boundary, *, feasible=None) -> Results:
    """Return a grid in which runs converge from the width boundary(m, n) on, and scan results to it."""
    experiment = EXPERIMENTS[f"fig{panel}"]
    values = {}
    for one in experiment.work(experiment.sizes[0]):
        of = dict(one.parameters)
        if one.name.startswith("half"):
            half = float(boundary(of["m"], of["n"]))
            values[one.name] = tuple({"half": half, "half_stable": half} for _ in one.seeds)
            continue
        wide = float(of["k"] > boundary(of["m"], of["n"]))
        reachable = float(of["k"] > feasible(of["m"], of["n"])) if feasible else wide
        agree = 10 if wide == reachable else 0
        values[one.name] = (
            {**of, "success": wide, "success_stable": reachable, "feasible": reachable, "unstable": 1.0,
             "clear": 10, "agree": agree if feasible is None else 10},
        )  # fmt: skip
    return Results(values=values)


def judged(panel: str, results: Results) -> dict[str, Verdict]:
    experiment = EXPERIMENTS[f"fig{panel}"]
    return verdicts(experiment.conclude(experiment.sizes[0], results))


def test_a_boundary_that_grows_with_n_would_be_seen():
    """k = 10^-4 n^2 at m = 10: the paper's claim would hold, and the control fail."""
    seen = judged("1a", model("1a", lambda m, n: 1e-4 * n**2))
    assert verdict_on(seen, QUADRATIC) is HOLDS
    assert verdict_on(seen, "does not move with n") is FAILS
    assert verdict_on(seen, "nearly all runs") is HOLDS
    flat = judged("1a", model("1a", lambda m, n: 100))
    assert verdict_on(flat, QUADRATIC) is FAILS
    assert verdict_on(flat, "does not move with n") is HOLDS
    assert verdict_on(flat, "step 1 fails") is FAILS


def test_failures_of_step_1_are_told_from_those_of_the_range():
    results = model("1a", lambda m, n: 100 if n < 2900 else 500, feasible=lambda m, n: 100)
    assert verdict_on(judged("1a", results), "step 1 fails") is HOLDS
    narrow = judged("1a", model("1a", lambda m, n: 800))
    assert verdict_on(narrow, "nearly all runs") is FAILS
    assert verdict_on(narrow, "n > k") is FAILS


def test_a_boundary_of_another_power_of_m_would_be_seen():
    linear = judged("1b", model("1b", lambda m, n: 10 * m if m < 60 else 2000))
    assert set(linear.values()) == {HOLDS}
    square = judged("1b", model("1b", lambda m, n: m**2))
    assert verdict_on(square, "linearly with m") is FAILS
    assert verdict_on(square, "about k = 10 m") is FAILS
    assert verdict_on(judged("1b", model("1b", lambda m, n: 10 * m)), "m = n = 60") is FAILS


def test_outcomes_against_the_programme_would_be_seen():
    experiment, results = EXPERIMENTS["fig1b"], model("1b", lambda m, n: 10 * m)

    def contradicted(values):
        for of in grid("1b", cells=10)[:30]:
            values[f"m={of['m']} n={of['n']} k={of['k']}"][0]["agree"] = 0

    after = changed(experiment, experiment.sizes[0], results, contradicted)
    assert verdict_on(after, "programme's margin") is FAILS


@pytest.mark.slow(45)
@pytest.mark.parametrize("name", ["also", "systems"])
def test_the_verdicts_beside_the_figure(name, tmp_path):
    experiment, size, results = found(name)
    conclusion = experiment.conclude(size, results)
    assert set(verdicts(conclusion).values()) == {HOLDS}
    if conclusion.figure is not None and can_draw():
        assert draw(conclusion.figure, tmp_path, name) == (f"{name}.png", f"{name}.svg")


@pytest.mark.slow(25)
def test_the_verdicts_of_the_quick_map_over_n(tmp_path):
    experiment, size, results = found("fig1a")
    conclusion = experiment.conclude(size, results)
    for statement, verdict in verdicts(conclusion).items():
        assert verdict is (FAILS if QUADRATIC in statement else HOLDS), statement
    if can_draw():
        assert draw(conclusion.figure, tmp_path, "1a") == ("1a.png", "1a.svg")


@pytest.mark.slow(25)
def test_the_measured_widths_grow_linearly_with_m():
    """The scans as they are run, and the cells of a model: the whole map takes a minute."""
    experiment, values = EXPERIMENTS["fig1b"], dict(model("1b", lambda m, n: 10 * m).values)
    for one in experiment.work(experiment.sizes[0]):
        if one.name.startswith("half"):
            values[one.name] = tuple(half_width(seed=seed, **one.parameters) for seed in one.seeds)
    seen = judged("1b", Results(values=values))
    assert verdict_on(seen, "linearly with m") is HOLDS
    assert verdict_on(seen, "about k = 10 m") is HOLDS


def d_matters(values):
    values["d"][0]["difference"] = 1e-3


def conditions_the_other_way_round(values):
    values["kappa 1"], values["kappa 100"] = values["kappa 100"], values["kappa 1"]


def a_signal_that_is_found(values):
    for one in values["signal"]:
        one["kernel"] = 0.1


def noise_that_stays(values):
    values["flow"][0]["late"] = 1.2


def another_activation(values):
    for one in values["softplus 19"]:
        one["feasible"] = 1.0


@pytest.mark.slow(1)  # the results are there: tests of a file stay together
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (d_matters, "d has no effect"),
        (conditions_the_other_way_round, "worse conditioned"),
        (a_signal_that_is_found, "In ker A"),
        (noise_that_stays, "From eq. 6's time"),
        (another_activation, "softplus"),
    ],
)
def test_every_verdict_can_be_otherwise(change, words):
    experiment, size, results = found("also")
    assert verdict_on(changed(experiment, size, results, change), words) is FAILS


def test_the_rows_are_those_of_the_checklist():
    rows = [row.number for one in (Figure1a, Figure1b, Also, Systems) for row in one.rows]
    assert rows == ["37", "39", "38", *(f"B{i}" for i in range(1, 11)), "35", "36", "40", "41", "42"]
    assert len(LENGTHS) >= 3 <= len(MEASUREMENTS)
    names = [spec.name for spec in priorbench_buskulic2023.priorbench_experiments()]
    assert names == [f"buskulic2023-{name}" for name in EXPERIMENTS]


def test_it_is_an_entry_point():
    points = importlib.metadata.entry_points(group="priorbench")
    assert "priorbench_buskulic2023" in {point.value for point in points}
