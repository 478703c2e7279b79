"""ES-WMV and ES-EMV against the paper's formulas, computed the long way, and the authors' code."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from denoising_support import observe, photograph
from rule_driving import Followed, by_formula, follow, recorded

from priorbench.toolkit.rules import BLOCK
from priorbench_deep_decoder.model import DeepDecoder
from priorbench_dip.model import DeepImagePrior
from priorbench_stopping.exponential import ExponentialMovingVariance
from priorbench_stopping.windowed import WindowedMovingVariance, WindowVariance, chosen_entries
from priorbench_two_layer.denoisers import TwoLayerLinear

#: window, patience, first judged iteration
SETTINGS = [(10, 20, 0), (30, 60, 0), (7, 500, 0), (20, 40, 120), (2, 5, 0)]


def patient(values: dict[int, float], patience: int, budget: int) -> Followed:
    """Stop as the paper says, given the values of the iterations that are judged."""
    best, kept, waited = np.inf, None, 0
    for iteration, value in values.items():
        if value < best:
            best, kept, waited = value, iteration, 0
        else:
            waited += 1
        if waited >= patience:
            return Followed(kept=kept, stopped=iteration, fired=True)
    return Followed(kept=kept or budget, stopped=budget, fired=False)


def windowed(outputs: list[torch.Tensor], window: int, patience: int, first: int = 0) -> Followed:
    """Transcribe ES-WMV: the mean and the variance of every window, from all its outputs."""
    rows = np.stack([output.double().numpy().ravel() for output in outputs])
    values = {}
    for end in range(max(window, first), len(rows) + 1):
        last = rows[end - window : end]
        values[end] = float(np.mean((last - last.mean(axis=0)) ** 2))
    return patient(values, patience, len(rows))


def exponential(outputs: list[torch.Tensor], alpha: float, patience: int, first: int) -> Followed:
    """Transcribe ES-EMV."""
    rows = [output.double().numpy().ravel() for output in outputs]
    average, variance, values = rows[0], 0.0, {}
    for iteration, row in enumerate(rows[1:], 2):
        difference = row - average
        average = np.clip(average + alpha * difference, 0, 1)
        variance = (1 - alpha) * (variance + alpha * np.linalg.norm(difference) ** 2)
        if iteration >= first:
            values[iteration] = variance
    return patient(values, patience, len(rows))


@pytest.fixture(scope="module")
def fits() -> dict[str, list[torch.Tensor]]:
    observation = observe(photograph(3, 32, 32))
    methods = {
        "deep decoder": DeepDecoder(channels=16, engine="plain"),
        "dip": DeepImagePrior(channels=8, scales=3, engine="plain"),
        "two-layer, linear": TwoLayerLinear(),
    }
    return {name: recorded(method, observation, 300) for name, method in methods.items()}


def shaking(seed: int, count: int = 400, shape: tuple[int, ...] = (3, 12, 12)) -> list[torch.Tensor]:
    rng = np.random.default_rng(seed)
    picture, noise = rng.random(shape), 0.2 * rng.standard_normal(shape)
    amplitude = 0.05 * np.exp(-np.arange(count) / 40) + 0.004 + 1e-5 * np.arange(count)
    return [
        torch.from_numpy(picture + noise * t / count + amplitude[t] * rng.standard_normal(shape)).float()
        for t in range(count)
    ]


def constant_after(count: int, still: int) -> list[torch.Tensor]:
    outputs = shaking(3, still, (1, 6, 6))
    return outputs + [outputs[-1].clone() for _ in range(count - still)]


def with_ties() -> list[torch.Tensor]:
    """Return outputs in few binary digits, with a period: windows of 8 and 16 tie exactly."""
    rng = np.random.default_rng(0)
    period = [torch.from_numpy(rng.integers(0, 64, (1, 4, 4)) / 64).float() for _ in range(8)]
    still = [2 * one for one in period]
    return [*(still * 3), *(period * 12)]


@pytest.mark.parametrize(("window", "patience", "first"), SETTINGS)
def test_wmv_stops_where_all_windows_computed_anew_say_on_real_fits(fits, window, patience, first):
    for name, outputs in fits.items():
        rule = WindowedMovingVariance(window=window, patience=patience, min_iterations=first)
        assert follow(rule, outputs) == windowed(outputs, window, patience, first), name


@pytest.mark.parametrize(("alpha", "patience", "first"), [(0.1, 30, 102), (0.3, 20, 2), (0.05, 500, 50)])
def test_emv_stops_where_the_formulas_say_on_real_fits(fits, alpha, patience, first):
    for name, outputs in fits.items():
        rule = ExponentialMovingVariance(alpha=alpha, patience=patience, min_iterations=first)
        assert follow(rule, outputs) == exponential(outputs, alpha, patience, first), name


@pytest.mark.parametrize("seed", range(4))
def test_both_stop_where_the_formulas_say_on_made_outputs(seed):
    outputs = shaking(seed)
    for window, patience, first in SETTINGS:
        rule = WindowedMovingVariance(window=window, patience=patience, min_iterations=first)
        assert follow(rule, outputs) == windowed(outputs, window, patience, first)
    rule = ExponentialMovingVariance(patience=40, min_iterations=20)
    assert follow(rule, outputs) == exponential(outputs, 0.1, 40, 20)


def test_a_picture_of_several_blocks_has_the_variance_of_its_window():
    outputs = shaking(5, 9, (1, 191, 353))  # two blocks, and a part of a third
    assert 2 * BLOCK < outputs[0].numel() < 3 * BLOCK
    variance = WindowVariance(4, outputs[0].numel())
    rows = np.stack([output.double().numpy().ravel() for output in outputs])
    for end, output in enumerate(outputs, 1):
        value, last = variance.add(output.numpy().ravel()), rows[max(0, end - 4) : end]
        exact = None if end < 4 else pytest.approx(np.mean((last - last.mean(axis=0)) ** 2), rel=1e-9)
        assert value == exact


@pytest.mark.parametrize(("window", "patience"), [(8, 30), (16, 30), (8, 3)])
def test_of_equal_variances_the_first_counts(window, patience):
    outputs = with_ties()
    found = follow(WindowedMovingVariance(window=window, patience=patience), outputs)
    assert found == windowed(outputs, window, patience)
    assert found.fired


def test_of_outputs_that_no_longer_move_the_first_window_counts():
    outputs = constant_after(300, 120)
    found = follow(WindowedMovingVariance(window=20, patience=50), outputs)
    assert found == Followed(kept=139, stopped=189, fired=True) == windowed(outputs, 20, 50)
    same = follow(WindowedMovingVariance(window=20, patience=50), constant_after(300, 1))
    assert same == Followed(kept=20, stopped=70, fired=True)


def test_patience_that_ends_with_the_budget_fires_and_one_iteration_later_does_not():
    outputs = constant_after(300, 120)[:189]
    assert follow(WindowedMovingVariance(window=20, patience=50), outputs).fired
    assert follow(WindowedMovingVariance(window=20, patience=51), outputs) == Followed(
        kept=139, stopped=189, fired=False
    )
    best = exponential(shaking(0), 0.1, 10**6, 20).kept
    for patience, fires in ((400 - best, True), (401 - best, False)):
        found = follow(ExponentialMovingVariance(patience=patience, min_iterations=20), shaking(0))
        assert found == Followed(kept=best, stopped=400, fired=fires)


def test_a_budget_too_short_to_judge_gives_its_last_iterate():
    outputs = shaking(0, 99)
    for rule in (WindowedMovingVariance(), ExponentialMovingVariance()):
        assert follow(rule, outputs) == Followed(kept=99, stopped=99, fired=False)


def test_outputs_that_are_no_numbers_for_a_while_leave_no_trace_in_the_window():
    outputs = shaking(1)
    for at in (60, 61, 75):
        outputs[at] = torch.full_like(outputs[at], float("nan") if at == 61 else float("inf"))
    with np.errstate(invalid="ignore"):
        expected = windowed(outputs, 20, 300)
    assert follow(WindowedMovingVariance(window=20, patience=300), outputs) == expected
    assert expected.kept > 100


def test_both_keep_and_stop_at_what_the_authors_code_gives_for_these_outputs():
    # the classes of ES_WMV.ipynb and ES_EMV.ipynb (github.com/sun-umn/Early_Stopping_for_DIP, 877d994), with
    # their own constants, keep 811 and 704 of these outputs, counted from 0, and stop at 1811 and 1704
    outputs = list(by_formula(2000))
    assert follow(WindowedMovingVariance(), outputs) == Followed(kept=812, stopped=1812, fired=True)
    assert follow(ExponentialMovingVariance(), outputs) == Followed(kept=705, stopped=1705, fired=True)


def test_a_minimum_before_the_first_judged_iteration_is_passed_over():
    outputs = constant_after(60, 20) + shaking(5, 300, (1, 6, 6))
    early = follow(WindowedMovingVariance(window=20, patience=30), outputs)
    assert early.kept == 39
    assert early.fired
    late = follow(WindowedMovingVariance(window=20, patience=1000, min_iterations=90), outputs)
    assert late == windowed(outputs, 20, 1000, 90)
    assert late.kept > 90


def test_a_random_choice_of_entries_finds_nearly_the_same_iterate():
    outputs = shaking(2, 300, (3, 64, 64))
    whole = follow(WindowedMovingVariance(window=20, patience=60), outputs)
    part = follow(WindowedMovingVariance(window=20, patience=60, pixels=2048), outputs)
    values = WindowVariance(20, 3 * 64 * 64)
    found = [values.add(output.numpy().ravel()) for output in outputs]
    assert abs(part.kept - whole.kept) <= 20
    assert found[part.kept - 1] < 1.02 * found[whole.kept - 1]


def test_the_choice_of_entries_is_one_for_each_size_and_needs_the_stated_memory():
    chosen = chosen_entries(3 * 512 * 512, 65536)
    assert np.array_equal(chosen, chosen_entries(3 * 512 * 512, 65536))
    assert len(np.unique(chosen)) == len(chosen) == 65536
    assert chosen_entries(65536, 65536) is None
    variance = WindowVariance(100, len(chosen))
    held = sum(one.nbytes for one in vars(variance).values() if isinstance(one, np.ndarray))
    assert held < 26.3e6 + 4 * 8 * 65536


def test_the_running_variance_keeps_its_digits_as_outputs_converge():
    rng = np.random.default_rng(0)
    limit, away = rng.random(500), rng.standard_normal(500)
    rows = [(limit + 0.9**t * away).astype(np.float32) for t in range(150)]
    variance = WindowVariance(10, 500)
    for t, row in enumerate(rows):
        value = variance.add(row)
        if t >= 9:
            last = np.stack(rows[t - 9 : t + 1]).astype(np.float64)
            assert value == pytest.approx(np.mean((last - last.mean(axis=0)) ** 2), rel=1e-8, abs=1e-30)


@pytest.mark.parametrize(
    ("rule", "parameters"),
    [
        (WindowedMovingVariance, {"window": 1}),
        (WindowedMovingVariance, {"patience": 0}),
        (WindowedMovingVariance, {"pixels": 0}),
        (ExponentialMovingVariance, {"alpha": 1.0}),
        (ExponentialMovingVariance, {"min_iterations": -1}),
    ],
)
def test_parameters_that_mean_nothing_are_refused_by_name(rule, parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        rule(**parameters)
